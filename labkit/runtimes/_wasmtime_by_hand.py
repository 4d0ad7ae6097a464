"""Wasmtime's C functions as one would bind them by hand with ctypes, types declared and errors checked: what labkit is measured against."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import wasmtime
from wasmtime import _ffi as ffi

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = ["hand_bound", "hand_bound_one", "hand_called", "hand_made"]


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = ffi.dll[name]
    function.restype, function.argtypes = result, arguments
    return function


# What a function's pointers point to is kept alive by an attribute of its own, `kept`.
_pointer, _size = ctypes.c_void_p, ctypes.c_size_t
_store_new = _function("wasmtime_store_new", _pointer, _pointer, _pointer, _pointer)
_store_context = _function("wasmtime_store_context", _pointer, _pointer)
_store_delete = _function("wasmtime_store_delete", None, _pointer)
_instance_new = _function("wasmtime_instance_new", _pointer, _pointer, _pointer, _pointer, _size, _pointer, _pointer)
_export_get = _function("wasmtime_instance_export_get", ctypes.c_bool, _pointer, _pointer, ctypes.c_char_p, _size, _pointer)
_call_unchecked = _function("wasmtime_func_call_unchecked", _pointer, _pointer, _pointer, _pointer, _size, _pointer)


def hand_bound(store: WasmtimeStore, func: wasmtime.Func) -> Callable[[int, int], int]:
    """Bind an (i32, i32) -> i32."""
    values = (ffi.wasmtime_val_raw_t * 2)()
    trap = ctypes.c_void_p()
    context = ctypes.cast(store.native._context(), ctypes.c_void_p).value
    target, slots, trap_slot = ctypes.addressof(func._func), ctypes.addressof(values), ctypes.addressof(trap)
    enter = _call_unchecked
    first, second = values

    def call(left: int, right: int) -> int:
        first.i32 = left
        second.i32 = right
        if enter(context, target, slots, 2, trap_slot) or trap:
            raise RuntimeError("the guest trapped")
        return first.i32

    call.kept = store, func  # type: ignore[attr-defined]
    return call


def hand_bound_one(store: WasmtimeStore, func: wasmtime.Func) -> Callable[[int], int]:
    """Bind an (i32) -> i32."""
    value = ffi.wasmtime_val_raw_t()
    trap = ctypes.c_void_p()
    context = ctypes.cast(store.native._context(), ctypes.c_void_p).value
    target, slot, trap_slot = ctypes.addressof(func._func), ctypes.addressof(value), ctypes.addressof(trap)
    enter = _call_unchecked

    def call(number: int) -> int:
        value.i32 = number
        if enter(context, target, slot, 1, trap_slot) or trap:
            raise RuntimeError("the guest trapped")
        return value.i32

    call.kept = store, func  # type: ignore[attr-defined]
    return call


def hand_made(engine: wasmtime.Engine, module: wasmtime.Module) -> Callable[[], None]:
    """Make a store and an instance of a module without imports, and free both."""
    instance, trap = ffi.wasmtime_instance_t(), ctypes.c_void_p()
    engine_pointer, module_pointer = _address(engine), _address(module)

    def make() -> None:
        store = _store_new(engine_pointer, None, None)
        context = _store_context(store)
        if _instance_new(context, module_pointer, None, 0, ctypes.byref(instance), ctypes.byref(trap)) or trap:
            raise RuntimeError("the module was not instantiated")
        _store_delete(store)

    make.kept = engine, module  # type: ignore[attr-defined]
    return make


def hand_called(engine: wasmtime.Engine, module: wasmtime.Module, name: str) -> Callable[[int, int], int]:
    """Make a store and an instance, call its (i32, i32) -> i32, and free both."""
    instance, trap, export, encoded = ffi.wasmtime_instance_t(), ctypes.c_void_p(), ffi.wasmtime_extern_t(), name.encode()
    engine_pointer, module_pointer, values = _address(engine), _address(module), (ffi.wasmtime_val_raw_t * 2)()
    first, second = values

    def call(left: int, right: int) -> int:
        store = _store_new(engine_pointer, None, None)
        context = _store_context(store)
        if _instance_new(context, module_pointer, None, 0, ctypes.byref(instance), ctypes.byref(trap)) or trap:
            raise RuntimeError("the module was not instantiated")
        if not _export_get(context, ctypes.byref(instance), encoded, len(encoded), ctypes.byref(export)):
            raise RuntimeError("the instance has no such export")
        first.i32 = left
        second.i32 = right
        if _call_unchecked(context, ctypes.byref(export.of.func), values, 2, ctypes.byref(trap)) or trap:
            raise RuntimeError("the guest trapped")
        _store_delete(store)
        return first.i32

    call.kept = engine, module  # type: ignore[attr-defined]
    return call


def _address(managed: Any) -> int | None:
    return ctypes.cast(managed.ptr(), ctypes.c_void_p).value
