"""Core modules in a worker: programs for WASI preview 1, and functions that are called with numbers."""

from __future__ import annotations

import os
import time
from typing import Any

from labkit.errors import GuestTrap, LabkitError, LimitExceeded, TrapKind
from labkit.limits import Limits
from labkit.modules.types import FuncType
from labkit.runtimes.externs import Function
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.interface import Runtime
from labkit.sandbox.request import Request
from labkit.sandbox.wasi import Exited

__all__ = ["CoreModules"]

_INITIALIZE = "_initialize"


class CoreModules:
    """How a worker loads, compiles and runs core modules.

    Parameters
    ----------
    runtime : Runtime
    program : object
        What gives a program its imports on that runtime, such as `labkit.sandbox.wasi_wasmtime.WasmtimeProgram`.
    """

    def __init__(self, runtime: Runtime, program: Any) -> None:
        self.runtime = runtime
        self.program = program

    def load(self, descriptor: int) -> Module:
        """Load what was compiled before; raise ArtifactError where it is damaged."""
        try:
            # From its start: other workers were given the same open file.
            return self.runtime.deserialize(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        finally:
            os.close(descriptor)

    def expect(self, module: Module, limits: Limits) -> None:
        """Make ahead what a run of the module will need."""
        self.program.expect(module, limits)

    def compile(self, wasm: bytes, request: Request) -> Module:
        """Compile a module for what is asked of it."""
        return self.runtime.compile(self.program.adapt(wasm, request.memory_bytes))

    def artifact(self, module: Module) -> bytes:
        """What `load` will load."""
        return module.serialize()

    def run(self, module: Module, request: Request, limits: Limits) -> dict[str, Any]:
        """Run the program, or call the function, and give the answer."""
        begin = time.perf_counter()
        try:
            function = self._function(module, request, limits)
            begin = time.perf_counter()
            values = _call(function, *request.args)
        except Exited as exited:
            return {"exit_code": exited.code, "wall_seconds": time.perf_counter() - begin}
        finally:
            self.program.finish()
        wall_seconds = time.perf_counter() - begin
        if request.export is None:
            return {"exit_code": 0, "wall_seconds": wall_seconds}
        return {"values": () if values is None else values if isinstance(values, tuple) else (values,), "wall_seconds": wall_seconds}

    def _function(self, module: Module, request: Request, limits: Limits) -> Function:
        """Instantiate, and find what to call. A library for WASI, a reactor, is initialised before anything of it is called."""
        if request.export is None:
            return self.program.bind(module, limits, request.grants).func("_start")  # type: ignore[no-any-return]
        instance: Instance = self.program.bind(module, limits, request.grants) if module.imports else module.instantiate(limits=limits)
        if request.export != _INITIALIZE and any(item.name == _INITIALIZE and item.type == FuncType((), ()) for item in module.exports):
            _call(instance.func(_INITIALIZE))
        return instance.func(request.export)


def _call(function: Function, *args: int | float | str) -> Any:
    """Call into the guest. What labkit refuses from now on is a failure of what the runtime does for the guest, brought about by the guest."""
    try:
        return function(*args)
    except (GuestTrap, LimitExceeded):
        raise
    except LabkitError as error:
        raise GuestTrap(TrapKind.OTHER, runtime=function.store.runtime.name, detail=error.message) from None
