"""WASI preview 1 on Wasmtime: a program's imports, filled in with what it was granted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import wasmtime

from labkit.errors import LinkError
from labkit.limits import Limits
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.memory import Memory
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime
from labkit.runtimes.wasmtime_store import WasmtimeStore
from labkit.sandbox.grants import Grants
from labkit.sandbox.preview1 import NAMESPACE, check_signatures
from labkit.sandbox.wasi import Replacements

__all__ = ["WasmtimeProgram", "grant", "own_streams"]


@dataclass(frozen=True)
class _Link:
    """A store, with what Wasmtime has of a program's imports, and what the program will find there."""

    store: WasmtimeStore
    found: dict[str, Any]
    config: wasmtime.WasiConfig


class WasmtimeProgram:
    """A program on Wasmtime, ready to start."""

    #: Whether binding a program starts threads, which only a process that is confined already may do.
    starts_threads = False

    def __init__(self, runtime: WasmtimeRuntime) -> None:
        self.runtime = runtime
        # Made before a program is known, while the worker waits.
        self._linkers = {False: self._linker(fuel=False)}
        self._expected: tuple[Module, Limits, _Link] | None = None

    def _linker(self, *, fuel: bool) -> wasmtime.Linker:
        linker = wasmtime.Linker(self.runtime.engine(fuel=fuel))
        linker.define_wasi()
        return linker

    def expect_folders(self) -> None:
        """Wasmtime needs nothing for them."""

    def expect(self, module: Module, limits: Limits) -> None:
        """Make, while the worker waits, what the program's start needs whatever it will be granted."""
        self._expected = (module, limits, self._link(module, limits))

    def _link(self, module: Module, limits: Limits) -> _Link:
        store = self.runtime._store_for(module, limits)
        assert isinstance(store, WasmtimeStore)
        linker = self._linkers.get(store.metered) or self._linker(fuel=store.metered)
        found = {}
        for item in module.imports:
            with suppress(KeyError, wasmtime.WasmtimeError):
                found[item.name] = linker.get(store.native, NAMESPACE, item.name)
        return _Link(store, found, own_streams())

    def finish(self) -> None:
        """What a program writes is written at once: nothing is left to do."""

    def adapt(self, wasm: bytes, _memory_bytes: int) -> bytes:
        """Wasmtime limits memories itself and lets functions be replaced as they are linked: the module stays as it is."""
        return wasm

    def bind(self, module: Module, limits: Limits, grants: Grants) -> Instance:
        """Instantiate the program, or the library, with what it was granted.

        Raises
        ------
        LinkError
            If it imports what WASI preview 1 does not have.
        """
        expected, self._expected = self._expected, None
        link = expected[2] if expected and expected[:2] == (module, limits) else self._link(module, limits)
        store = link.store
        grant(link.config, grants)
        store.native.set_wasi(link.config)
        replacements = Replacements(grants)
        check_signatures(module.imports)

        @cache
        def memory() -> Memory | None:
            export = instance.exports.get("memory")
            return export if isinstance(export, Memory) else None

        replaced = replacements.functions(memory)
        externs = [self._extern(link, item.name, item.type, replaced) for item in module.imports]
        instance = Instance(module, store, store._instantiate(module, externs), owns_store=True)
        return instance

    def _extern(self, link: _Link, name: str, type: Any, replaced: dict[str, Any]) -> Extern:
        if name in replaced:
            return link.store._func(replaced[name], type, name)
        if name not in link.found:
            raise LinkError(f"The module imports {NAMESPACE}.{name}, which WASI preview 1 does not have.", remedy="Build it for wasm32-wasip1.")
        return Function(_uncalled, _uncalled, name=name, type=type, store=link.store, native=link.found[name])


def _uncalled(*_: object) -> NoReturn:
    raise AssertionError("only the guest calls WASI")


def own_streams() -> wasmtime.WasiConfig:
    """Begin a configuration: the guest's streams are this process's own."""
    config = wasmtime.WasiConfig()
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    return config


def grant(config: wasmtime.WasiConfig, grants: Grants) -> None:
    """Add what was granted to a configuration."""
    config.argv = list(grants.argv)
    config.env = [list(pair) for pair in grants.env]
    for folder in grants.folders:
        config.preopen_dir(folder.host, folder.guest, folder.writable)
