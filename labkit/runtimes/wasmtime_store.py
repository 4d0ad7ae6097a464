"""A Wasmtime store: what instances live in, with its limits, and the way errors come out of it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import wasmtime

from labkit.errors import GuestTrap, OutOfBounds, TrapKind, Unsupported
from labkit.modules.types import Export, FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes import _wasmtime_stores as stores
from labkit.runtimes._wasmtime_ffi import PRIVATE
from labkit.runtimes._wasmtime_stores import close_store, context_of
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Module
from labkit.runtimes.store import Store
from labkit.runtimes.wasmtime_externs import WasmtimeGlobal, WasmtimeMemory, WasmtimeTable, bind_function, host_function
from labkit.runtimes.wasmtime_failures import backtrace, raise_failure

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime

__all__ = ["MOST_SLOTS", "WasmtimeStore"]

#: As many slots as a module may declare for a table; a guest could otherwise grow one until the process is killed.
MOST_SLOTS = 10_000_000


class WasmtimeStore(Store):
    """A Wasmtime store with its limits, and the way errors come out of it."""

    __slots__ = ("_native", "context", "keep", "metered", "pointer")

    runtime: WasmtimeRuntime
    _deadline = float("inf")

    def _open(self) -> None:
        runtime, limits = self.runtime, self.limits
        self._native: wasmtime.Store | None = None
        self.metered = metered = limits.fuel_units is not None
        #: What the native store points to and Python must keep alive: callbacks.
        self.keep: list[Any] = []
        if PRIVATE:
            self.pointer = pointer = runtime.store_makers[metered]()
            self.context = context_of(pointer)
            if limits.memory_bytes is not None:
                stores.limit_store(pointer, limits.memory_bytes, MOST_SLOTS)
        else:
            self.native.set_limits(memory_size=-1 if limits.memory_bytes is None else limits.memory_bytes, table_elements=MOST_SLOTS)
        if limits.fuel_units is not None:
            self.native.set_fuel(limits.fuel_units)
        if runtime.interruptible:
            private.watch_epochs(self)

    @property
    def native(self) -> wasmtime.Store:
        """The binding's own object."""
        if self._native is None:
            engine = self.runtime.engine(fuel=self.metered)
            self._native = stores.adopt(self.pointer, self.context, engine) if PRIVATE else wasmtime.Store(engine)
        return self._native

    def on_epoch(self) -> None:
        """Stop the guest past its deadline; Python delivers a keyboard interrupt here by itself."""
        if time.monotonic() > self._deadline:
            raise GuestTrap(TrapKind.DEADLINE, runtime=self.runtime.name)

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Give each outermost call of a function the time that the limits allow."""
        if (seconds := self.limits.time_seconds) is None:
            return call

        def timed_call(*arguments: Any) -> Any:
            if self.host_depth:
                return call(*arguments)
            self._deadline = time.monotonic() + seconds
            try:
                return call(*arguments)
            finally:
                self._deadline = float("inf")

        return timed_call

    @property
    def fuel(self) -> int:
        """Units of fuel left."""
        self.check()
        return self.native.get_fuel() if self.metered else super().fuel

    def fail(self, error: int | None, trap: ctypes.c_void_p) -> NoReturn:
        """Raise what stopped a call: what a host function raised, or the guest's trap."""
        self.raise_failure(private.take_failure(error, trap))

    def raise_failure(self, failure: BaseException) -> NoReturn:
        """Turn the binding's exception into labkit's; what a host function raised comes out as it was."""
        pending, self.pending = self.pending, None
        if pending is not None:
            if isinstance(pending, GuestTrap) and pending.kind is TrapKind.DEADLINE and not pending.backtrace:
                raise GuestTrap(TrapKind.DEADLINE, runtime=self.runtime.name, backtrace=backtrace(failure)) from None
            raise pending
        raise_failure(failure, self.runtime.name)

    def _instantiate(self, module: Module, externs: list[Extern]) -> Any:
        if not PRIVATE:
            return self._instantiate_public(self.runtime.code(module, fuel=self.metered), externs)
        slot = stores.InstanceSlot()
        if externs:
            code = self.runtime.code(module, fuel=self.metered)
            error = self.timed(stores.instantiate)(self.context, code, [extern.native for extern in externs], slot)
        else:
            instantiate = stores.instantiate_linked if self.limits.time_seconds is None else self.timed(stores.instantiate_linked)
            error = instantiate(self.context, self.runtime.linked(module, fuel=self.metered), slot)
        if error or slot.trap:
            self.fail(error, ctypes.c_void_p(slot.trap))
        return slot

    def _instantiate_public(self, native: wasmtime.Module, externs: list[Extern]) -> Any:
        instantiate = self.timed(lambda: wasmtime.Instance(self.native, native, [extern.native for extern in externs]))
        try:
            return instantiate()
        except BaseException as error:
            failure = error
        self.raise_failure(failure)  # out here, so that a host's exception does not get this one as its context

    def _export(self, native_instance: Any, export: Export) -> Extern:
        if PRIVATE:
            found = stores.find_export(self.context, native_instance, export.name)
            native: Any = wasmtime.Func._from_raw(found.of.func) if isinstance(export.type, FuncType) else stores.wrap_extern(found)
        else:
            native = native_instance.exports(self.native)[export.name]
        if isinstance(export.type, FuncType):
            call, call_bits = bind_function(self, native, export.type, export.name)
            return Function(self.timed(call), self.timed(call_bits), name=export.name, type=export.type, store=self, native=native)
        if isinstance(export.type, MemoryType) and not export.type.shared:
            return WasmtimeMemory(self, export.type, native)
        if isinstance(export.type, GlobalType):
            return WasmtimeGlobal(self, export.type, native)
        if isinstance(export.type, TableType):
            return WasmtimeTable(self, export.type, native)
        raise Unsupported(
            f"The export {export.name!r} is a {export.kind} {export.type}, which labkit cannot carry.", remedy="Use it inside the guest."
        )

    def _func(self, call: Callable[..., Any], type: FuncType, name: str) -> Function:
        native = host_function(self, call, type, name)
        guest_call, call_bits = bind_function(self, native, type, name)
        return Function(guest_call, call_bits, name=name, type=type, store=self, native=native)

    def _memory(self, type: MemoryType) -> WasmtimeMemory:
        limits = wasmtime.Limits(type.minimum_pages, type.maximum_pages)
        return WasmtimeMemory(self, type, self._make(wasmtime.Memory, wasmtime.MemoryType(limits)))

    def _global(self, type: GlobalType, value: Any) -> WasmtimeGlobal:
        native_type = wasmtime.GlobalType(getattr(wasmtime.ValType, type.content)(), type.mutable)
        return WasmtimeGlobal(self, type, self._make(wasmtime.Global, native_type, getattr(value, "native", value)))

    def _table(self, type: TableType) -> WasmtimeTable:
        limits = wasmtime.Limits(type.minimum, type.maximum)
        native_type = wasmtime.TableType(getattr(wasmtime.ValType, type.element)(), limits)
        return WasmtimeTable(self, type, self._make(wasmtime.Table, native_type, None))

    def _make(self, kind: Any, *arguments: Any) -> Any:
        try:
            return kind(self.native, *arguments)
        except wasmtime.WasmtimeError as error:
            raise OutOfBounds(f"{self.runtime.name} cannot make it: {error}.", remedy="Ask for less.") from None

    def _close(self) -> None:
        if self._native is not None:
            self._native.close()
        if PRIVATE:
            close_store(self.pointer)
        self.keep.clear()
