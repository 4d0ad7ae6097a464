"""Wasmtime's functions, memories, globals and tables behind labkit's."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import wasmtime

from labkit.errors import ArgumentError, OutOfBounds, Unsupported
from labkit.modules.types import FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes import _wasmtime_calls as calls
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.externs import Function, FunctionReference, Global, Table
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import FORMAT, REFERENCES, bits_of, check_bits, check_results, check_value, explain, explain_bits, is_numeric

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = ["WasmtimeGlobal", "WasmtimeMemory", "WasmtimeTable", "bind_function", "host_function"]


def bind_function(store: WasmtimeStore, func: wasmtime.Func, type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function, to be called with Python's values, and with bits: the fast way where only numbers cross."""
    if is_numeric(type) and private.PRIVATE:
        return calls.bind(store, func, type, name)
    if any(value not in FORMAT and value not in REFERENCES for value in (*type.params, *type.results)):
        return (refuse := _refusal(name, type)), refuse
    enter = calls.bind_checked(store, func, type) if private.PRIVATE else _bind_public(store, func, type)

    def call(*arguments: Any, **named: Any) -> Any:
        store.check()
        if named or len(arguments) != len(type.params):
            explain(type.params, arguments, name, named)
        converted = [to_native(store, kind, value, f"Argument {i} of {name}") for i, (kind, value) in enumerate(zip(type.params, arguments), 1)]
        store.check()  # converting an argument may run Python code
        results = tuple(from_native(store, value) for value in enter(converted))
        return results if len(results) > 1 else results[0] if results else None

    def call_bits(*arguments: int, **named: Any) -> tuple[int, ...]:
        if not is_numeric(type):
            raise Unsupported(f"{name} takes or returns references, which have no bits.", remedy="Call it as it is.")
        store.check()
        if named or len(arguments) != len(type.params):
            explain_bits(type.params, arguments, name, named)
        converted = [check_bits(kind, value, f"Argument {i} of {name}") for i, (kind, value) in enumerate(zip(type.params, arguments), 1)]
        store.check()
        return tuple(bits_of(kind, value) for kind, value in zip(type.results, enter(converted)))

    return call, call_bits


def _bind_public(store: WasmtimeStore, func: wasmtime.Func, type: FuncType) -> Callable[[Sequence[Any]], list[Any]]:
    """Call through the binding's public API, which keeps what host functions raise in one place for the whole process."""

    def enter(arguments: Sequence[Any]) -> list[Any]:
        try:
            results = func(store.native, *arguments)
        except BaseException as error:
            failure = error
        else:
            return list(results) if len(type.results) > 1 else [results] if type.results else []
        store.raise_failure(failure)  # out here, so that a host's exception does not get this one as its context

    return enter


def _refusal(name: str, type: FuncType) -> Callable[..., Any]:
    def refuse(*arguments: object) -> None:
        raise Unsupported(f"{name} has the type {type}, which cannot cross between Python and the guest.", remedy="Call it from a guest.")

    return refuse


def to_native(store: WasmtimeStore, type: str, value: Any, what: str) -> Any:
    """Convert a Python value to what the binding takes."""
    if type in FORMAT:
        return check_value(type, value, what)
    if type == "externref" or value is None:
        return wasmtime.Val.externref(value) if type == "externref" else wasmtime.Val.funcref(None)
    if not isinstance(value, (Function, FunctionReference)):
        raise ArgumentError(f"{what} must be a function of a guest's, not a {value.__class__.__name__}.", remedy="Pass an export, or store.func(…).")
    if value.store is not store:
        raise ArgumentError(f"{what} is a function of another store.", remedy="Instantiate both modules in one store.")
    return value.native


def from_native(store: WasmtimeStore, value: Any) -> Any:
    """Convert what the binding returned to a Python value."""
    if isinstance(value, wasmtime.Val):
        value = value.value
    return FunctionReference(value, store) if isinstance(value, wasmtime.Func) else value


def host_function(store: WasmtimeStore, call: Callable[..., Any], type: FuncType, name: str) -> wasmtime.Func:
    """Make a function that guests can call, from a Python one."""
    if is_numeric(type) and private.PRIVATE:
        return calls.host_function(store, call, type, name)
    store_of = ref(store)

    def convert_and_call(*arguments: Any) -> list[Any]:
        store: Any = store_of()
        returned = check_results(type.results, call(*(from_native(store, value) for value in arguments)), name)
        return [to_native(store, kind, value, f"The result of the host function {name}") for kind, value in zip(type.results, returned)]

    if private.PRIVATE:
        return calls.host_function_checked(store, convert_and_call, type)

    def on_call(*arguments: Any) -> Any:
        store: Any = store_of()
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            results = convert_and_call(*arguments)
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
            return int(self.native.grow(self._context, pages))
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
        self.native.set_value(self.store.native, to_native(self.store, self.type.content, value, "The global's value"))

    @property
    def bits(self) -> int:
        """The value's bits, as an unsigned int."""
        self.store.check()
        if self.type.content not in FORMAT:
            raise Unsupported(f"A global of type {self.type.content} has no bits to show.", remedy="Read its value.")
        if private.PRIVATE:
            return private.global_bits(self.store.native, self.native, self.type.content)
        return bits_of(self.type.content, self._get())


class WasmtimeTable(Table):
    """A table of Wasmtime's."""

    store: WasmtimeStore

    def __init__(self, store: WasmtimeStore, type: TableType, native: wasmtime.Table) -> None:
        self.store, self.type, self.native = store, type, native

    @property
    def size(self) -> int:
        """Number of slots."""
        self.store.check()
        return int(self.native.size(self.store.native))

    def _check_element(self) -> None:
        """Refuse the tables whose type the binding cannot read: it would end the process."""
        self.store.check()
        if self.type.element not in REFERENCES:
            raise Unsupported(f"A table of {self.type.element} cannot be used from Python.", remedy="Use it in the guest.")

    def _slot(self, index: int) -> int:
        self._check_element()
        if not isinstance(index, int) or not 0 <= index < self.size:
            raise OutOfBounds(f"The table has {self.size} slots and none at {index!r}.", remedy="Count slots from 0, or grow() the table.")
        return index

    def get(self, index: int) -> Any:
        """Read a slot."""
        return from_native(self.store, self.native.get(self.store.native, self._slot(index)))

    def set(self, index: int, value: Any) -> None:
        """Write a slot."""
        slot = self._slot(index)
        self.native.set(self.store.native, slot, to_native(self.store, self.type.element, value, "The slot's value"))

    def grow(self, slots: int, value: Any = None) -> int:
        """Add slots."""
        self._check_element()
        if not isinstance(slots, int) or slots < 0:
            raise ArgumentError(f"A table grows by a whole number of slots, not {slots!r}.", remedy="Pass 0 or more.")
        filling = to_native(self.store, self.type.element, value, "The slots' value")
        try:
            return int(self.native.grow(self.store.native, min(slots, 2**63), filling))
        except wasmtime.WasmtimeError:
            raise OutOfBounds(f"The table has {self.size} slots and cannot grow by {slots}.", remedy="Raise its maximum.") from None
