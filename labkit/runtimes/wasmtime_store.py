"""A Wasmtime store: what instances live in, with its limits, and the way errors come out of it."""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import wasmtime
from wasmtime import TrapCode

from labkit.errors import Frame, GuestTrap, LimitExceeded, LinkError, OutOfBounds, TrapKind, Unsupported
from labkit.limits import Limits
from labkit.modules.types import Export, FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Module
from labkit.runtimes.store import Store
from labkit.runtimes.wasmtime_externs import WasmtimeGlobal, WasmtimeMemory, WasmtimeTable, bind_function, host_function

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime

__all__ = ["WasmtimeStore", "backtrace"]

_KINDS = {
    TrapCode.UNREACHABLE: TrapKind.UNREACHABLE,
    TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.INTEGER_DIVIDE_BY_ZERO,
    TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.INVALID_CONVERSION,
    TrapCode.MEMORY_OUT_OF_BOUNDS: TrapKind.MEMORY_OUT_OF_BOUNDS,
    TrapCode.TABLE_OUT_OF_BOUNDS: TrapKind.TABLE_OUT_OF_BOUNDS,
    TrapCode.INDIRECT_CALL_TO_NULL: TrapKind.UNDEFINED_ELEMENT,
    TrapCode.BAD_SIGNATURE: TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    TrapCode.STACK_OVERFLOW: TrapKind.STACK_OVERFLOW,
    TrapCode.OUT_OF_FUEL: TrapKind.OUT_OF_FUEL,
    TrapCode.INTERRUPT: TrapKind.DEADLINE,
}

# A phrase of the runtime's where something is used up, and what to do about it.
_EXHAUSTED = {
    "exceeds memory limits": "Ask for less memory, or raise Limits(memory=…).",
    "forcing trap when growing": "Ask for less memory, or raise Limits(memory=…).",
    "resource limit exceeded": "Close this store, and make further instances in a new one.",
    "mmap failed": "Ask for less memory, or close other instances.",
    "out of memory": "Ask for less memory, or close other instances.",
}
#: As many slots as a module may declare for a table; a guest could otherwise grow one until the process is killed.
_MOST_SLOTS = 10_000_000
_NO_OFFSET = 2 ** (8 * ctypes.sizeof(ctypes.c_size_t)) - 1  # of a frame that has none


class WasmtimeStore(Store):
    """A Wasmtime store with its limits, and the way errors come out of it."""

    runtime: WasmtimeRuntime

    def __init__(self, runtime: WasmtimeRuntime, limits: Limits) -> None:
        super().__init__(runtime, limits)
        self.metered = limits.fuel_units is not None
        self.native = wasmtime.Store(runtime.engine(fuel=self.metered))
        #: What the native store points to and Python must keep alive: callbacks.
        self.keep: list[Any] = []
        self._deadline = float("inf")
        if limits.fuel_units is not None:
            self.native.set_fuel(limits.fuel_units)
        self.native.set_limits(memory_size=-1 if limits.memory_bytes is None else limits.memory_bytes, table_elements=_MOST_SLOTS)
        if runtime.interruptible:
            private.watch_epochs(self)

    def on_epoch(self) -> None:
        """Stop the guest past its deadline; Python delivers a keyboard interrupt here by itself."""
        if time.monotonic() > self._deadline:
            raise GuestTrap(TrapKind.DEADLINE, runtime=self.runtime.name)

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Give each outermost call of a function the time that the limits allow."""
        seconds = self.limits.time_seconds
        if seconds is None:
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
        if isinstance(failure, wasmtime.Trap):
            code = failure.trap_code
            kind = _KINDS.get(code, TrapKind.OTHER) if code else TrapKind.OTHER
            detail = failure.message.rsplit("wasm trap:", 1)[-1].strip()
            raise GuestTrap(kind, runtime=self.runtime.name, detail=detail, backtrace=backtrace(failure)) from None
        if isinstance(failure, wasmtime.WasmtimeError):
            words = " ".join(str(failure).split())
            for phrase, remedy in _EXHAUSTED.items():
                if phrase in words:
                    raise LimitExceeded(f"{self.runtime.name}: {words}.", remedy=remedy) from None
            if "disabled for this engine" in words:
                raise Unsupported(f"{self.runtime.name}: {words}.", remedy="Build the module without that feature.") from None
            if frames := backtrace(failure):  # what the runtime does for a guest that runs, such as WASI, has failed
                detail = re.sub(r"error while executing at wasm backtrace:.* Caused by: ", "", words)
                raise GuestTrap(TrapKind.OTHER, runtime=self.runtime.name, detail=detail, backtrace=frames) from None
            raise LinkError(f"{self.runtime.name} cannot link the module: {words}.", remedy="Compare module.imports with what you pass.") from None
        raise failure

    def _instantiate(self, module: Module, externs: list[Extern]) -> Any:
        native = module.native
        if self.metered:
            if module.wasm is None:
                raise Unsupported("A deserialized module was compiled without fuel.", remedy="Compile it from its bytes to limit its fuel.")
            if "fuel" not in module.variants:
                module.variants["fuel"] = self.runtime.compile_native(module.wasm, fuel=True)
            native = module.variants["fuel"]
        instantiate = self.timed(lambda: wasmtime.Instance(self.native, native, [extern.native for extern in externs]))
        try:
            return instantiate()
        except BaseException as error:
            failure = error
        self.raise_failure(failure)  # out here, so that a host's exception does not get this one as its context

    def _export(self, native_instance: Any, export: Export) -> Extern:
        if private.PRIVATE:
            native = private.find_export(self.native, native_instance, export.name)
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
        self.native.close()
        self.keep.clear()


def backtrace(failure: BaseException) -> tuple[Frame, ...]:
    """Where in the guest a trap or an error came from, innermost first."""
    if isinstance(failure, wasmtime.Trap):
        frames = failure.frames
    elif isinstance(failure, wasmtime.WasmtimeError) and private.PRIVATE:
        frames = private.error_frames(failure)
    else:
        return ()
    offsets = [frame.module_offset for frame in frames]
    return tuple(Frame(frame.func_index, frame.func_name, None if offset == _NO_OFFSET else offset) for frame, offset in zip(frames, offsets))
