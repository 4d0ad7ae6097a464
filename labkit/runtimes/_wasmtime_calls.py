"""Calls between Python and a Wasmtime guest, both ways, through the private C bindings and with nothing left in them to spare."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import wasmtime
from wasmtime import _ffi as ffi

from labkit.modules.types import FuncType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.bound_call import Slots, bind_call
from labkit.runtimes.values import FORMAT, PACK_ERRORS, check_results

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = ["bind", "bind_checked", "host_function", "host_function_checked", "layout"]

_VALUE_BYTES = ctypes.sizeof(ffi.wasmtime_val_raw_t)


def layout(types: Sequence[str], formats: dict[str, str]) -> struct.Struct:
    """Lay values out as an array of wasmtime_val_raw_t."""
    return struct.Struct("<" + "".join(f"{formats[name]}{_VALUE_BYTES - struct.calcsize(formats[name])}x" for name in types))


_SLOTS = Slots(
    _VALUE_BYTES,
    0,
    """try:
            error = enter(context, target, slots, count, trap_slot)
            if error or trap:
                fail(error, trap)
        except BaseException:
            trap.value = store.pending = None
            raise""",
)


def bind(store: WasmtimeStore, func: wasmtime.Func, type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function of numbers once: to be called with Python's numbers, and with bits."""
    count = max(len(type.params), len(type.results), 1)
    values, trap = ctypes.create_string_buffer(count * _VALUE_BYTES), ctypes.c_void_p()
    return bind_call(
        _SLOTS,
        store,
        type,
        name,
        values,
        values,
        trap=trap,
        func=func,  # keeps alive the C structure at `target`
        # What never changes is converted for C once, which halves the price of a call through ctypes.
        context=store.context,
        target=_for_c(ctypes.addressof(func._func)),
        slots=_for_c(ctypes.addressof(values)),
        count=_for_c(count),
        trap_slot=_for_c(ctypes.addressof(trap)),
        enter=private.call_prepared,
        fail=store.fail,
    )


def _for_c(value: Any) -> Any:
    """Convert a pointer, or a number as wide as one, to an argument of a C function, once for every call."""
    return ctypes.c_void_p.from_param(value)


def bind_checked(store: WasmtimeStore, func: wasmtime.Func, type: FuncType) -> Callable[[Sequence[Any]], list[Any]]:
    """Bind a function that takes or returns references: it takes and returns the binding's own values."""
    kinds = private.functype(type)
    params, result_count = kinds.params, len(type.results)

    def call(arguments: Sequence[Any]) -> list[Any]:
        slots, results, trap = (ffi.wasmtime_val_t * len(params))(), (ffi.wasmtime_val_t * result_count)(), ctypes.c_void_p()
        written = 0
        try:
            for kind, value in zip(params, arguments):
                slots[written] = wasmtime.Val._convert_to_raw(store.native, kind, value)
                written += 1
            error = private.call_checked(store.native._context(), ctypes.byref(func._func), slots, written, results, result_count, ctypes.byref(trap))
        finally:
            for slot in slots[:written]:
                ffi.wasmtime_val_unroot(ctypes.byref(slot))
        if error or trap:
            store.fail(error, trap)
        return [wasmtime.Val._from_raw(store.native, value).value for value in results]

    return call


def host_function(store: WasmtimeStore, call: Callable[..., Any], type: FuncType, name: str) -> wasmtime.Func:
    """Make a function of numbers that guests can call, from a Python one."""
    unpack = layout(type.params, FORMAT).unpack_from
    pack, count = layout(type.results, FORMAT).pack_into, len(type.results)
    argument_bytes, result_bytes = len(type.params) * _VALUE_BYTES, count * _VALUE_BYTES
    buffer, store_of = private.buffer, _weakly(store)

    def on_call(_env: Any, _caller: Any, slots: Any, _slot_count: int) -> int:
        store = store_of()
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            result = call(*unpack(buffer(slots, argument_bytes)))
            if count == 1:
                try:
                    pack(buffer(slots, result_bytes), 0, result)
                except PACK_ERRORS:
                    pack(buffer(slots, result_bytes), 0, *check_results(type.results, result, name))
            else:
                pack(buffer(slots, result_bytes), 0, *check_results(type.results, result, name))
            return 0
        finally:
            store.host_depth = depth

    callback = private.host_callback("size_t(void *, void *, char *, size_t)", on_call, _on_error(store_of))
    store.keep.append(callback)
    return private.new_unchecked(store.native, type, callback)


def host_function_checked(store: WasmtimeStore, call: Callable[..., Sequence[Any]], type: FuncType) -> wasmtime.Func:
    """Make a function that takes or returns references: ``call`` takes and returns the binding's own values."""
    kinds, store_of = private.functype(type).results, _weakly(store)

    def on_call(_env: Any, _caller: Any, slots: Any, slot_count: int, results: Any, _result_count: int) -> int:
        store = store_of()
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            arguments = private.values_at(slots)
            values = [wasmtime.Val._from_raw(store.native, arguments[i], owned=False).value for i in range(slot_count)]
            returned = private.values_at(results)
            for i, (kind, value) in enumerate(zip(kinds, call(*values))):
                returned[i] = wasmtime.Val._convert_to_raw(store.native, kind, value)
            return 0
        finally:
            store.host_depth = depth

    callback = private.host_callback("size_t(void *, void *, void *, size_t, void *, size_t)", on_call, _on_error(store_of))
    store.keep.append(callback)
    return private.new_checked(store.native, type, callback)


def _weakly(store: WasmtimeStore) -> Callable[[], Any]:
    """Refer to the store that will keep a callback, without keeping the store: a guest runs only while its store lives."""
    return ref(store)


def _on_error(store_of: Callable[[], Any]) -> Callable[..., int]:
    """Hand what a host function raised to whoever called the guest, and stop the guest."""

    def on_error(_type: Any, exception: BaseException, _traceback: Any) -> int:
        store_of().pending = exception
        return private.new_trap()

    return on_error
