"""Wasmtime behind labkit's interface, with its Cranelift and its Winch compiler."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import wasmtime

from labkit.errors import ArtifactError, CompileError, Unsupported
from labkit.limits import Limits
from labkit.modules.types import FuncType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes import _wasmtime_stores as stores
from labkit.runtimes import artifacts
from labkit.runtimes._wasmtime_fresh import bind_fresh
from labkit.runtimes.artifact_files import CheckedFile
from labkit.runtimes.instance import Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.store import Store
from labkit.runtimes.ticker import tick
from labkit.runtimes.values import is_numeric
from labkit.runtimes.wasmtime_failures import fail
from labkit.runtimes.wasmtime_store import MOST_SLOTS, WasmtimeStore

__all__ = ["WasmtimeRuntime", "WasmtimeStore"]


class WasmtimeRuntime(Runtime):
    """Wasmtime in this process.

    Parameters
    ----------
    winch : bool
        Compile with Winch, the baseline compiler, in place of Cranelift.
    interruptible : bool
        Compile with epoch checks, so that interrupting the kernel and ``Limits(time=…)`` stop a guest.
    pooled_instances : int
        Room for how many instances is reserved beforehand; 0 takes room for each as it is made.
    """

    version = private.VERSION
    release_year = 2026 if version.startswith("50.") else None

    def __init__(self, *, winch: bool = False, interruptible: bool = True, pooled_instances: int = 0) -> None:
        self.name = "wasmtime-winch" if winch else "wasmtime"
        self.interruptible = interruptible and private.PRIVATE
        self.enforces = frozenset({"memory", "fuel", "time"} if self.interruptible else {"memory", "fuel"})
        if pooled_instances and not private.PRIVATE:
            raise Unsupported(
                f"A pool of instances takes the private bindings of wasmtime {private.CHECKED_VERSION}.", remedy="Leave pooled_instances out."
            )
        self.pooled_instances = pooled_instances
        self._winch = winch
        self._engines: dict[bool, wasmtime.Engine] = {}
        #: What makes the pointer of a new store, of the engine with fuel and of the one without.
        self.store_makers = _StoreMakers(self)

    @cached_property
    def fingerprint(self) -> str:
        """Engine, version, configuration and machine."""
        return f"{self.name} {self.version} epochs={self.interruptible} {artifacts.machine()}"

    def engine(self, *, fuel: bool) -> wasmtime.Engine:
        """Get the engine of one configuration, made at its first use: code with fuel and without does not mix."""
        if fuel not in self._engines:
            config = wasmtime.Config()
            config.epoch_interruption = self.interruptible
            config.consume_fuel = fuel
            if self._winch:
                private.select_winch(config)
            if self.pooled_instances:
                stores.select_pool(config, self.pooled_instances)
            self._engines[fuel] = wasmtime.Engine(config)
            if self.interruptible:
                tick(self._engines[fuel])
        return self._engines[fuel]

    def _compile(self, wasm: bytes) -> Any:
        return self.compile_native(wasm, fuel=False)

    def compile_native(self, wasm: bytes, *, fuel: bool) -> wasmtime.Module:
        """Compile for the engine with fuel, or without."""
        try:
            return wasmtime.Module(self.engine(fuel=fuel), wasm)
        except wasmtime.WasmtimeError as error:
            raise self._compile_error(error, wasm) from None

    def _validate(self, wasm: bytes) -> None:
        try:
            wasmtime.Module.validate(self.engine(fuel=False), wasm)
        except wasmtime.WasmtimeError as error:
            raise self._compile_error(error, wasm) from None

    def _compile_error(self, error: wasmtime.WasmtimeError, wasm: bytes) -> CompileError:
        remedy = "Correct the module; the offset is where to look."
        if self._winch:
            try:
                wasmtime.Module.validate(wasmtime.Engine(), wasm)
                remedy = 'Winch lacks a feature that it uses: take "wasmtime".'
            except wasmtime.WasmtimeError:
                pass
        return CompileError(f"{self.name} refuses the module: {' '.join(str(error).split())}.", remedy=remedy)

    def _serialize(self, native: Any) -> bytes:
        return bytes(native.serialize())

    def _deserialize(self, payload: bytes) -> Any:
        return self._refusing(wasmtime.Module.deserialize, payload)

    def _deserialize_file(self, checked: CheckedFile) -> Any:
        # Mapped from the sealed copy, which nothing can change or cut short under the code that runs from it.
        return self._refusing(wasmtime.Module.deserialize_file, checked.path) if checked.path else self._deserialize(checked.payload())

    def _refusing(self, deserialize: Callable[[wasmtime.Engine, Any], wasmtime.Module], source: bytes | str) -> wasmtime.Module:
        try:
            return deserialize(self.engine(fuel=False), source)
        except wasmtime.WasmtimeError as error:
            raise ArtifactError(f"{self.name} refuses the artifact: {error}.", remedy="Compile the module again.") from None

    def _store(self, limits: Limits) -> Store:
        return WasmtimeStore(self, limits)

    def code(self, module: Module, *, fuel: bool) -> wasmtime.Module:
        """The module as it is compiled for stores with fuel, or without."""
        if not fuel:
            return module.native  # type: ignore[no-any-return]
        if module.wasm is None:
            raise Unsupported("A deserialized module was compiled without fuel.", remedy="Compile it from its bytes to limit its fuel.")
        if "fuel" not in module.variants:
            module.variants["fuel"] = self.compile_native(module.wasm, fuel=True)
        return module.variants["fuel"]  # type: ignore[no-any-return]

    def linked(self, module: Module, *, fuel: bool) -> stores.Linked:
        """A module that imports nothing, linked once for all its instances."""
        name = "linked with fuel" if fuel else "linked"
        if (linked := module.variants.get(name)) is None:
            linked = module.variants[name] = stores.Linked(self.engine(fuel=fuel), self.code(module, fuel=fuel))
        return linked

    def _bind_fresh(self, module: Module, type: FuncType, name: str) -> Callable[..., Any] | None:
        if not private.PRIVATE or self.interruptible or module.imports or not is_numeric(type):
            return None
        linked = self.linked(module, fuel=False)
        return bind_fresh(self.store_makers[False], linked, type, name, partial(fail, runtime=self.name))


class _StoreMakers(dict[bool, Callable[[], Any]]):
    """Makes the pointers of new stores, by whether they have fuel; each maker is made at its first use, and its engine with it."""

    def __init__(self, runtime: WasmtimeRuntime) -> None:
        self._runtime = runtime

    def __missing__(self, fuel: bool) -> Callable[[], Any]:
        # The tables of a pool have bounds of their own.
        slots = None if self._runtime.pooled_instances else MOST_SLOTS
        self[fuel] = stores.store_maker(self._runtime.engine(fuel=fuel), slots)
        return self[fuel]
