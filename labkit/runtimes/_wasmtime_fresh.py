"""Calls each of which gets an instance of its own, through the private C bindings: what a request costs where none sees another's memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from wasmtime import _ffi as ffi

from labkit.modules.types import FuncType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes import _wasmtime_stores as stores
from labkit.runtimes._wasmtime_calls import layout
from labkit.runtimes.values import FORMAT, PACK_ERRORS, explain

__all__ = ["bind_fresh"]


@cache
def _frame_type(count: int) -> Any:
    """Lay out all that one call writes: the instance, a trap, the function, arguments or results."""

    class Frame(ctypes.Structure):
        _fields_ = [
            ("instance", ffi.wasmtime_instance_t),
            ("trap", ctypes.c_void_p),
            ("function", ffi.wasmtime_extern_t),
            ("values", ffi.wasmtime_val_raw_t * count),
        ]

    return Frame


def _frame(count: int) -> tuple[Any, ...]:
    """Make a frame, with pointers to its parts for C: the instance, the trap, the export, the function in it, the values."""
    kind = _frame_type(count)
    frame, export_at = kind(), kind.function.offset
    places = (kind.instance.offset, kind.trap.offset, export_at, export_at + ffi.wasmtime_extern_t.of.offset, kind.values.offset)
    return (frame, memoryview(frame.values).cast("B"), *(ctypes.byref(frame, place) for place in places))


def bind_fresh(
    make_store: Callable[[], Any], linked: stores.Linked, type: FuncType, name: str, fail: Callable[[int | None, ctypes.c_void_p], NoReturn]
) -> Callable[..., Any]:
    """Bind a function of numbers so that each call makes a store and an instance in it, and frees both.

    Parameters
    ----------
    make_store : callable
        Gives the pointer of a new store.
    linked : Linked
        A module that imports nothing.
    type : FuncType
    name : str
        The exported function's.
    fail : callable
        Raises what stopped a call.
    """
    params, results, encoded = type.params, type.results, name.encode()
    count = max(len(params), len(results), 1)
    name_size, slot_count = ctypes.c_size_t(len(encoded)), ctypes.c_size_t(count)
    pack, unpack = layout(params, FORMAT).pack_into, layout(results, FORMAT).unpack_from
    context_of, pre_instantiate, export_get, close_store = stores.context_of, stores.pre_instantiate, stores.export_get, stores.close_store
    enter, linked_pointer, one = private.call_prepared, linked.pointer, len(results) == 1
    # Frames that no call uses: a call takes one and puts it back, so that calls within calls and in other threads have their own.
    idle: list[tuple[Any, ...]] = []

    def call(*arguments: Any, **named: Any) -> Any:
        frame, buffer, instance, trap, export_slot, function, values = taken = idle.pop() if idle else _frame(count)
        try:
            pack(buffer, 0, *arguments)
            if named:
                raise TypeError
        except PACK_ERRORS:
            explain(params, arguments, name, named)
        store = make_store()
        try:
            context = context_of(store)
            error = pre_instantiate(linked_pointer, context, instance, trap)
            if error or frame.trap:
                fail(error, ctypes.c_void_p(frame.trap))
            export_get(context, instance, encoded, name_size, export_slot)
            error = enter(context, function, values, slot_count, trap)
            if error or frame.trap:
                fail(error, ctypes.c_void_p(frame.trap))
            returned = unpack(buffer)
        finally:
            close_store(store)
        idle.append(taken)
        return returned[0] if one else returned or None

    # Keeps alive what `linked_pointer` points to.
    call.linked = linked  # type: ignore[attr-defined]
    return call
