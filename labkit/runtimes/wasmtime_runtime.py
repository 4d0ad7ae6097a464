"""Wasmtime behind labkit's interface, with its Cranelift and its Winch compiler."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import wasmtime

from labkit.errors import ArtifactError, CompileError
from labkit.limits import Limits
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes import artifacts
from labkit.runtimes.interface import Runtime
from labkit.runtimes.store import Store
from labkit.runtimes.ticker import tick
from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = ["WasmtimeRuntime", "WasmtimeStore"]


class WasmtimeRuntime(Runtime):
    """Wasmtime in this process.

    Parameters
    ----------
    winch : bool
        Compile with Winch, the baseline compiler, in place of Cranelift.
    interruptible : bool
        Compile with epoch checks, so that interrupting the kernel and ``Limits(time=…)`` stop a guest.
    """

    version = private.VERSION
    release_year = 2026 if version.startswith("50.") else None

    def __init__(self, *, winch: bool = False, interruptible: bool = True) -> None:
        self.name = "wasmtime-winch" if winch else "wasmtime"
        self.interruptible = interruptible and private.PRIVATE
        self.enforces = frozenset({"memory", "fuel", "time"} if self.interruptible else {"memory", "fuel"})
        self._winch = winch
        self._engines: dict[bool, wasmtime.Engine] = {}

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
        try:
            return wasmtime.Module.deserialize(self.engine(fuel=False), payload)
        except wasmtime.WasmtimeError as error:
            raise ArtifactError(f"{self.name} refuses the artifact: {error}.", remedy="Compile the module again.") from None

    def _store(self, limits: Limits) -> Store:
        return WasmtimeStore(self, limits)
