"""WASI preview 1 on Wasmtime: a program's imports, filled in with what it was granted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import wasmtime

from labkit.errors import LinkError
from labkit.limits import Limits
from labkit.modules.types import Export, FuncType
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Module
from labkit.runtimes.memory import Memory
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime
from labkit.runtimes.wasmtime_store import WasmtimeStore
from labkit.sandbox.grants import Grants
from labkit.sandbox.wasi import NAMESPACE, Replacements

__all__ = ["WasmtimeProgram"]

_START = FuncType((), ())


class WasmtimeProgram:
    """A program on Wasmtime, ready to start."""

    def __init__(self, runtime: WasmtimeRuntime) -> None:
        self.runtime = runtime
        # Made before a program is known, while the worker waits.
        self._linkers = {False: self._linker(fuel=False)}

    def _linker(self, *, fuel: bool) -> wasmtime.Linker:
        linker = wasmtime.Linker(self.runtime.engine(fuel=fuel))
        linker.define_wasi()
        return linker

    def expect_folders(self) -> None:
        """Wasmtime needs nothing for them."""

    def adapt(self, wasm: bytes, _memory_bytes: int) -> bytes:
        """Wasmtime limits memories itself and lets functions be replaced as they are linked: the module stays as it is."""
        return wasm

    def bind(self, module: Module, limits: Limits, grants: Grants) -> Function:
        """Instantiate the program with what it was granted, and give its ``_start``.

        Raises
        ------
        LinkError
            If it imports what WASI preview 1 does not have.
        """
        store = self.runtime._store_for(module, limits)
        assert isinstance(store, WasmtimeStore)
        store.native.set_wasi(_configuration(grants))
        linker = self._linkers.get(store.metered) or self._linker(fuel=store.metered)
        replacements = Replacements(grants)
        replacements.check(module.imports)
        memory: list[Memory] = []
        replaced = replacements.functions(lambda: memory[0] if memory else None)
        externs = [self._extern(linker, store, item.name, item.type, replaced) for item in module.imports]
        instance = store._instantiate(module, externs)
        for export in module.exports:
            if export.name == "memory" and export.kind == "memory":
                memory.append(store._export(instance, export))  # type: ignore[arg-type]
        start = store._export(instance, Export("_start", _START, 0))
        assert isinstance(start, Function)
        return start

    def _extern(self, linker: wasmtime.Linker, store: WasmtimeStore, name: str, type: Any, replaced: dict[str, Any]) -> Extern:
        if name in replaced:
            return store._func(replaced[name], type, name)
        try:
            native = linker.get(store.native, NAMESPACE, name)
        except (KeyError, wasmtime.WasmtimeError):
            raise LinkError(
                f"The module imports {NAMESPACE}.{name}, which WASI preview 1 does not have.", remedy="Build it for wasm32-wasip1."
            ) from None
        return Function(_uncalled, _uncalled, name=name, type=type, store=store, native=native)


def _uncalled(*_: object) -> NoReturn:
    raise AssertionError("only the guest calls WASI")


def _configuration(grants: Grants) -> wasmtime.WasiConfig:
    config = wasmtime.WasiConfig()
    config.argv = list(grants.argv)
    config.env = _pairs(grants.env)
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    for folder in grants.folders:
        config.preopen_dir(folder.host, folder.guest, folder.writable)
    return config


def _pairs(env: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [list(pair) for pair in env]
