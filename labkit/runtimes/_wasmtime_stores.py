"""Stores and instances of Wasmtime's through the private C bindings, and the pool that they can be taken from.

The public binding spends more time on a store and an instance than the engine does. Here a store is two pointers; the
binding's own object is made from them where something asks for it.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._extern import get_extern_ptr, wrap_extern

from labkit.display import format_bytes
from labkit.errors import LimitExceeded

__all__ = [
    "InstanceSlot",
    "Linked",
    "adopt",
    "close_store",
    "context_of",
    "export_get",
    "find_export",
    "instantiate",
    "instantiate_linked",
    "limit_store",
    "pre_instantiate",
    "select_pool",
    "store_maker",
    "wrap_extern",
]

_pointer, _size, _int64, _byref = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, ctypes.byref


def _bare(name: str, result: Any) -> Any:
    """Take a C function without declared types: its arguments come as C values, which makes the call cheaper."""
    function = ffi.dll[name]
    function.restype = result
    return function


_new = _bare("wasmtime_store_new", ctypes.POINTER(ffi.wasmtime_store_t))
_limit = _bare("wasmtime_store_limiter", None)
_instance_new = _bare("wasmtime_instance_new", _pointer)
#: Instantiate what was linked beforehand: linked, context, instance, trap; an error, or nothing.
pre_instantiate = _bare("wasmtime_instance_pre_instantiate", _pointer)
#: Find an export: context, instance, name, its length, extern.
export_get = _bare("wasmtime_instance_export_get", ctypes.c_bool)
#: Give the context of a store, with which it is used.
context_of = _bare("wasmtime_store_context", ctypes.POINTER(ffi.wasmtime_context_t))
#: Free a store and all that lives in it.
close_store = _bare("wasmtime_store_delete", None)

# The most slots that a table of a pool has.
_POOLED_SLOTS = 100_000
# What a place in the pool keeps of its memory between two instances: so little is set to zero sooner than it is given back.
_RESIDENT_BYTES = 64 * 2**10
# Addresses that a place in the pool takes, none of them backed by memory: 4 GiB, a guard behind them, and the table.
_SLOT_BYTES = 2**32 + 2**25 + 2**21
# Converted once.
_ANY_NUMBER = _int64.from_param(-1)


class InstanceSlot(ctypes.Structure):
    """Where an instance is put, or what stopped it."""

    _fields_ = [("instance", ffi.wasmtime_instance_t), ("trap", ctypes.c_void_p)]


_TRAP = InstanceSlot.trap.offset


def store_maker(engine: wasmtime.Engine, table_slots: int | None) -> Callable[[], Any]:
    """Give what makes a store of an engine, a pointer to it; where they are given, its tables have so many slots at most."""
    new = partial(_new, engine.ptr(), None, None)
    if table_slots is None:
        return new
    limit, slots, any_number = _limit, _int64.from_param(table_slots), _ANY_NUMBER

    def make() -> Any:
        pointer = new()
        limit(pointer, any_number, slots, any_number, any_number, any_number)
        return pointer

    return make


def limit_store(pointer: Any, memory_bytes: int | None, table_slots: int) -> None:
    """Limit how large the memories and tables of a store may grow."""
    _limit(pointer, _ANY_NUMBER if memory_bytes is None else _int64(memory_bytes), _int64(table_slots), _ANY_NUMBER, _ANY_NUMBER, _ANY_NUMBER)


class _Adopted(wasmtime.Store):
    """The binding's own store, made of one that labkit made and frees."""

    def __init__(self, pointer: Any, context: Any, engine: wasmtime.Engine) -> None:
        self._set_ptr(pointer)
        self._Store__context = context
        self.engine = engine

    def _delete(self, _pointer: Any) -> None:
        self._Store__context = None


def adopt(pointer: Any, context: Any, engine: wasmtime.Engine) -> wasmtime.Store:
    """Make the binding's own object of a store; close it no later than the store."""
    return _Adopted(pointer, context, engine)


def instantiate(context: Any, module: wasmtime.Module, imports: Sequence[Any], slot: InstanceSlot) -> int | None:
    """Instantiate a module with the binding's own externs; what stops it is an error, or a trap in the slot."""
    externs = (ffi.wasmtime_extern_t * len(imports))(*map(get_extern_ptr, imports))
    error: int | None = _instance_new(context, module.ptr(), externs, _size(len(imports)), _byref(slot), _byref(slot, _TRAP))
    return error


class Linked:
    """A module that imports nothing, linked once for all its instances.

    Attributes
    ----------
    native : wasmtime.InstancePre
    pointer : pointer
        To what `native` owns.
    """

    __slots__ = ("native", "pointer")

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self.native = wasmtime.Linker(engine).instantiate_pre(module)
        self.pointer = self.native.ptr()


def instantiate_linked(context: Any, linked: Linked, slot: InstanceSlot) -> int | None:
    """Instantiate a module that was linked beforehand; what stops it is an error, or a trap in the slot."""
    error: int | None = pre_instantiate(linked.pointer, context, _byref(slot), _byref(slot, _TRAP))
    return error


def find_export(context: Any, slot: InstanceSlot, name: str) -> Any:
    """Find one export by name, without walking all of them; the C structure that tells where it is."""
    item, encoded = ffi.wasmtime_extern_t(), name.encode()
    export_get(context, _byref(slot), encoded, _size(len(encoded)), _byref(item))
    return item


def select_pool(config: wasmtime.Config, instances: int) -> None:
    """Have instances, their memories and tables taken from room reserved beforehand, for so many at a time.

    Raises
    ------
    LimitExceeded
        If the system does not give that much address space: the engine would end the process.
    """
    try:
        mmap.mmap(-1, instances * _SLOT_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0), prot=0).close()
    except (OSError, OverflowError, ValueError):
        raise LimitExceeded(
            f"This system does not reserve the addresses of a pool of {instances:,} instances, {format_bytes(_SLOT_BYTES)} each.",
            remedy="Ask for fewer pooled_instances, or for none.",
        ) from None
    pool = _pool_function("config_new", _pointer)()
    for name, kind, value in [
        ("total_core_instances", ctypes.c_uint32, instances),
        ("total_memories", ctypes.c_uint32, instances),
        ("total_tables", ctypes.c_uint32, instances),
        ("table_elements", _size, _POOLED_SLOTS),
        ("linear_memory_keep_resident", _size, _RESIDENT_BYTES),
        ("table_keep_resident", _size, _RESIDENT_BYTES),
    ]:
        _pool_function(f"config_{name}_set", None, _pointer, kind)(pool, value)
    _pool_function("strategy_set", None, _pointer, _pointer)(config.ptr(), pool)
    _pool_function("config_delete", None, _pointer)(pool)


def _pool_function(name: str, result: Any, *arguments: Any) -> Any:
    function = ffi.dll[f"wasmtime_pooling_allocation_{name}"]
    function.restype, function.argtypes = result, arguments
    return function
