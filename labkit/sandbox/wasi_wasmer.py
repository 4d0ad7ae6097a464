"""WASI preview 1 on Wasmer: a program's imports, filled in with what it was granted, and Wasmer's own mistakes mended."""

from __future__ import annotations

from typing import Any

from labkit.errors import LinkError, Unsupported
from labkit.runtimes.externs import Extern
from labkit.runtimes.instance import Module
from labkit.runtimes.wasmer_binding import is_panic, universal_engine, wasmer
from labkit.runtimes.wasmer_runtime import WasmerRuntime, WasmerStore
from labkit.sandbox.grants import Grants
from labkit.sandbox.memories import limit_memories
from labkit.sandbox.preview1 import NAMESPACE
from labkit.sandbox.wasmer_files import open_for_reading, slot_offsets
from labkit.sandbox.wasmer_program import WasmerProgramBase, wasmers_own

__all__ = ["WasmerProgram"]

# WASI's number for the error.
_NOT_SUPPORTED = 58


class WasmerProgram(WasmerProgramBase):
    """A program on Wasmer, ready to start."""

    starts_threads = False

    def __init__(self, runtime: WasmerRuntime) -> None:
        self.runtime = runtime
        # What files are needed for is done while they can still be read: the compiler's package, and where the library opens files.
        universal_engine(runtime.compiler)
        slot_offsets(wasmer.wasmer.__file__)

    def expect_folders(self) -> None:
        """Get ready for folders that may only be read."""
        open_for_reading(wasmer.wasmer.__file__)

    def finish(self) -> None:
        """What a program writes is written at once: nothing is left to do."""

    def adapt(self, wasm: bytes, memory_bytes: int) -> bytes:
        """Write the limit into the module: Wasmer has none of its own."""
        return limit_memories(wasm, memory_bytes)

    def _externs(self, module: Module, store: WasmerStore, grants: Grants, replaced: dict[str, Any]) -> list[Extern]:
        offered = self._offered(store, grants)
        return [self._extern(offered, store, item.name, item.type, replaced) for item in module.imports]

    def _offered(self, store: WasmerStore, grants: Grants) -> dict[str, Any]:
        """Make Wasmer's own functions of WASI."""
        try:
            state = wasmer.wasi.StateBuilder(grants.argv[0])
            state.arguments(list(grants.argv[1:]))
            state.environments(dict(grants.env))
            for folder in grants.folders:
                state.map_directory(folder.guest, folder.host)
            offered: dict[str, Any] = state.finalize().generate_imports(store.engine.native, wasmer.wasi.Version.SNAPSHOT1)[NAMESPACE]
            return offered
        except BaseException as failure:
            if isinstance(failure, (RuntimeError, ValueError)) or is_panic(failure):
                raise Unsupported(f"{self.runtime.name} cannot grant that: {failure}.", remedy='Use "wasmtime" for this.') from None
            raise

    def _extern(self, offered: dict[str, Any], store: WasmerStore, name: str, type: Any, replaced: dict[str, Any]) -> Extern:
        if name in replaced:
            return store._func(replaced[name], type, name)
        if name == "sock_accept" and name not in offered:
            return store._func(_refuse, type, name)
        if name not in offered:
            raise LinkError(f"The module imports {NAMESPACE}.{name}, which WASI preview 1 lacks.", remedy="Build it for wasm32-wasip1.")
        return wasmers_own(name, type, store, store.hold(offered[name]))


def _refuse(*_: object) -> int:
    """What preview 1 got after this Wasmer was made: a guest has no socket to accept on, and is told that there are none."""
    return _NOT_SUPPORTED
