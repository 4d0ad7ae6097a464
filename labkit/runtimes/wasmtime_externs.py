"""Wasmtime's functions, memories, globals and tables behind labkit's."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import wasmtime

from labkit.errors import ArgumentError, OutOfBounds, Unsupported
from labkit.modules.types import FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.externs import Function, FunctionReference, Global, Table
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import BITS_FORMAT, FORMAT, REFERENCES, check_results, explain, is_numeric

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_runtime import WasmtimeStore

__all__ = ["WasmtimeGlobal", "WasmtimeMemory", "WasmtimeTable", "bind_function", "host_function"]


def bind_function(store: WasmtimeStore, func: wasmtime.Func, type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function: the fast way where only numbers cross, the binding's own way where references do."""
    if is_numeric(type) and private.PRIVATE:
        return private.bind(store, func, type, name)
    for value in (*type.params, *type.results):
        if value not in FORMAT and value not in REFERENCES:
            return (refuse := _refusal(name, type)), refuse

    def call(*arguments: Any) -> Any:
        store.check()
        if len(arguments) != len(type.params):
            explain(type.params, arguments, name)
        converted = [to_native(store, kind, value, name) for kind, value in zip(type.params, arguments)]
        try:
            results = func(store.native, *converted)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as failure:
            store.raise_failure(failure)
        if len(type.results) > 1:
            return tuple(from_native(store, value) for value in results)
        return from_native(store, results)

    def call_bits(*arguments: int) -> tuple[int, ...]:
        if not is_numeric(type):
            raise Unsupported(f"{name} takes or returns references, which have no bits.", remedy="Call it as it is.")
        numbers = [_recode(BITS_FORMAT[kind], FORMAT[kind], value) for kind, value in zip(type.params, arguments)]
        results = call(*numbers, *arguments[len(numbers) :])
        values = results if len(type.results) > 1 else () if not type.results else (results,)
        return tuple(_recode(FORMAT[kind], BITS_FORMAT[kind], value) for kind, value in zip(type.results, values))

    return call, call_bits


def _refusal(name: str, type: FuncType) -> Callable[..., Any]:
    def refuse(*arguments: object) -> None:
        raise Unsupported(f"{name} has the type {type}, which cannot cross between Python and the guest.", remedy="Call it from a guest.")

    return refuse


def _recode(given: str, wanted: str, value: Any) -> Any:
    return struct.unpack("<" + wanted, struct.pack("<" + given, value))[0]


def to_native(store: WasmtimeStore, type: str, value: Any, name: str) -> Any:
    """Convert a Python value to what the binding takes."""
    if type in FORMAT:
        return check_results([type], value, name)[0]
    if type == "externref" or value is None:
        return wasmtime.Val.externref(value) if type == "externref" else wasmtime.Val.funcref(None)
    if not isinstance(value, (Function, FunctionReference)):
        raise ArgumentError(f"{name} wants a function of a guest's, not a {value.__class__.__name__}.", remedy="Pass an export, or store.func(…).")
    if value.store is not store:
        raise ArgumentError(f"{name} got a function of another store.", remedy="Instantiate both modules in one store.")
    return value.native


def from_native(store: WasmtimeStore, value: Any) -> Any:
    """Convert what the binding returned to a Python value."""
    if isinstance(value, wasmtime.Val):
        value = value.value
    return FunctionReference(value, store) if isinstance(value, wasmtime.Func) else value


def host_function(store: WasmtimeStore, call: Callable[..., Any], type: FuncType, name: str) -> wasmtime.Func:
    """Make a function that guests can call, from a Python one."""
    if is_numeric(type) and private.PRIVATE:
        return private.host_function(store, call, type, name)

    def on_call(*arguments: Any) -> Any:
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            returned = call(*(from_native(store, value) for value in arguments))
            results = [to_native(store, kind, value, name) for kind, value in zip(type.results, check_results(type.results, returned, name))]
            return None if not results else results[0] if len(results) == 1 else results
        except BaseException as exception:
            store.pending = exception
            raise
        finally:
            store.host_depth = depth

    return wasmtime.Func(store.native, private.functype(type), on_call)


class WasmtimeMemory(Memory):
    """A linear memory of Wasmtime's."""

    def __init__(self, store: WasmtimeStore, type: MemoryType, native: wasmtime.Memory) -> None:
        self.store, self.type, self.native = store, type, native
        self._context = store.native

    def _buffer(self) -> memoryview:
        size = self.native.data_len(self._context)
        if size == 0:
            return memoryview(b"")
        address = ctypes.addressof(self.native.data_ptr(self._context).contents)
        return memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")

    def _grow(self, pages: int) -> int:
        try:
            return self.native.grow(self._context, pages)
        except wasmtime.WasmtimeError:
            return -1


class WasmtimeGlobal(Global):
    """A global of Wasmtime's."""

    store: WasmtimeStore

    def __init__(self, store: WasmtimeStore, type: GlobalType, native: wasmtime.Global) -> None:
        self.store, self.type, self.native = store, type, native

    def _get(self) -> Any:
        return from_native(self.store, self.native.value(self.store.native))

    def _set(self, value: Any) -> None:
        self.native.set_value(self.store.native, to_native(self.store, self.type.content, value, "The global"))

    @property
    def bits(self) -> int:
        """The value's bits, as an unsigned int."""
        self.store.check()
        if self.type.content not in FORMAT:
            raise Unsupported(f"A global of type {self.type.content} has no bits to show.", remedy="Read its value.")
        if private.PRIVATE:
            return private.global_bits(self.store.native, self.native, self.type.content)
        return int(_recode(FORMAT[self.type.content], BITS_FORMAT[self.type.content], self._get()))


class WasmtimeTable(Table):
    """A table of Wasmtime's."""

    store: WasmtimeStore

    def __init__(self, store: WasmtimeStore, type: TableType, native: wasmtime.Table) -> None:
        self.store, self.type, self.native = store, type, native

    @property
    def size(self) -> int:
        """Number of slots."""
        self.store.check()
        return self.native.size(self.store.native)

    def _slot(self, index: int) -> int:
        if self.type.element not in REFERENCES:
            raise Unsupported(f"A table of {self.type.element} cannot be read from Python.", remedy="Read it in the guest.")
        if not isinstance(index, int) or not 0 <= index < self.size:
            raise OutOfBounds(f"The table has {self.size} slots and none at {index!r}.", remedy="Count slots from 0, or grow() the table.")
        return index

    def get(self, index: int) -> Any:
        """Read a slot."""
        return from_native(self.store, self.native.get(self.store.native, self._slot(index)))

    def set(self, index: int, value: Any) -> None:
        """Write a slot."""
        slot = self._slot(index)
        self.native.set(self.store.native, slot, to_native(self.store, self.type.element, value, "The table"))

    def grow(self, slots: int, value: Any = None) -> int:
        """Add slots."""
        if not isinstance(slots, int) or slots < 0:
            raise ArgumentError(f"A table grows by a whole number of slots, not {slots!r}.", remedy="Pass 0 or more.")
        try:
            return self.native.grow(self.store.native, min(slots, 2**63), to_native(self.store, self.type.element, value, "The table"))
        except wasmtime.WasmtimeError:
            raise OutOfBounds(f"The table has {self.size} slots and cannot grow by {slots}.", remedy="Raise its maximum.") from None
