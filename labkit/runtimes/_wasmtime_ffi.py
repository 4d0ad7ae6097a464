"""The private C bindings of wasmtime-py that labkit uses, tied to the version they were checked with.

The public binding rebuilds a function's type at every call, looks exports up by walking all of them, cannot choose Winch
and cannot call back at an epoch. With another version of wasmtime (or LABKIT_WASMTIME_STOCK=1) `PRIVATE` is false and the
adapter uses the public API alone: slower, and without the functions below. The calls made with them are in
`_wasmtime_calls`, stores and instances in `_wasmtime_stores` and `_wasmtime_fresh`; no other file of labkit's uses private bindings
but `_wasmtime_by_hand`, which labkit is measured against.
"""

from __future__ import annotations

import atexit
import ctypes
import os
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import cffi
import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._managed import Managed
from wasmtime._trap import FrameList

from labkit.modules.types import FuncType

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = [
    "CHECKED_VERSION",
    "PRIVATE",
    "VERSION",
    "SharedMemory",
    "buffer",
    "call_checked",
    "call_prepared",
    "error_frames",
    "functype",
    "global_bits",
    "host_callback",
    "new_checked",
    "new_trap",
    "new_unchecked",
    "select_winch",
    "take_failure",
    "values_at",
    "watch_epochs",
]

#: The version whose private bindings this file was written for.
CHECKED_VERSION = "50.0.1"
VERSION = version("wasmtime")
PRIVATE = VERSION == CHECKED_VERSION and os.environ.get("LABKIT_WASMTIME_STOCK") != "1"

_STRATEGY_WINCH = 2
# The binding's finalizers complain when they run after its modules were taken down, and the process frees everything anyway.
atexit.register(setattr, Managed, "__del__", lambda _: None)
# Callbacks are cffi's: an exception raised before a callback's own first line, as KeyboardInterrupt is on Python 3.11
# and later, still reaches its `onerror`, where ctypes would return an undefined value to the engine.
_cffi = cffi.FFI()


def _function(name: str, result: Any, *arguments: Any) -> Any:
    """Take a C function with a signature of our own, so that the public binding's stays as it is."""
    function = ffi.dll[name]
    function.restype = result
    if arguments:
        function.argtypes = arguments
    return function


_pointer, _size = ctypes.c_void_p, ctypes.c_size_t
_new_unchecked = _function("wasmtime_func_new_unchecked", None, *[_pointer] * 6)
_new_checked = _function("wasmtime_func_new", None, *[_pointer] * 6)
_epoch_callback = _function("wasmtime_store_epoch_deadline_callback", None, _pointer, _pointer, _pointer, _pointer)
_trap_new = _function("wasmtime_trap_new", _pointer, ctypes.c_char_p, _size)
_error_new = _function("wasmtime_error_new", _pointer, ctypes.c_char_p)
_error_trace = _function("wasmtime_error_wasm_trace", None, _pointer, _pointer)

#: Enter a guest with raw values; without declared types, since its arguments come converted: context, function, slots, their number, trap.
call_prepared = _function("wasmtime_func_call_unchecked", _pointer)
#: Enter a guest with tagged values, references among them: context, function, arguments, their number, results, their number, trap.
call_checked = _function("wasmtime_func_call", _pointer, _pointer, _pointer, _pointer, _size, _pointer, _size, _pointer)
#: A window of that many bytes on a pointer that a callback was given.
buffer = _cffi.buffer


def functype(type: FuncType) -> wasmtime.FuncType:
    """Build the binding's own type of a function."""
    kinds = {name: getattr(wasmtime.ValType, name)() for name in ("i32", "i64", "f32", "f64", "funcref", "externref")}
    return wasmtime.FuncType([kinds[name] for name in type.params], [kinds[name] for name in type.results])


def host_callback(signature: str, on_call: Callable[..., int], on_error: Callable[..., int]) -> Any:
    """Make a C function that runs ``on_call``, and after an exception, wherever it came, ``on_error``; keep it while a guest may call it."""
    return _cffi.callback(signature, on_call, error=0, onerror=on_error)


def new_unchecked(store: wasmtime.Store, type: FuncType, callback: Any) -> wasmtime.Func:
    """Make a function whose callback gets raw values."""
    return _new(_new_unchecked, store, type, callback)


def new_checked(store: wasmtime.Store, type: FuncType, callback: Any) -> wasmtime.Func:
    """Make a function whose callback gets tagged values, references among them."""
    return _new(_new_checked, store, type, callback)


def _new(make: Any, store: wasmtime.Store, type: FuncType, callback: Any) -> wasmtime.Func:
    func, native_type = ffi.wasmtime_func_t(), functype(type)
    make(store._context(), native_type.ptr(), _address(callback), None, None, ctypes.byref(func))
    return wasmtime.Func._from_raw(func)


def values_at(pointer: Any) -> Any:
    """See the tagged values that a callback was given."""
    return ctypes.cast(_address(pointer), ctypes.POINTER(ffi.wasmtime_val_t))


def new_trap() -> int:
    """Make the trap with which a callback stops its guest."""
    return int(_trap_new(b"host function raised", 20))


_watched: WeakValueDictionary[int, WasmtimeStore] = WeakValueDictionary()


def watch_epochs(store: WasmtimeStore) -> None:
    """Call the store's `on_epoch` at every tick while its guest runs; what that raises stops the guest."""
    key = id(store)
    _watched[key] = store
    store.native.set_epoch_deadline(1)
    _epoch_callback(store.native.ptr(), _address(_epoch), key, None)


def _on_epoch(_context: Any, key: Any, ticks: Any, _kind: Any) -> int:
    ticks[0] = 1
    store = _watched[int(_cffi.cast("uintptr_t", key))]
    store.host_depth += 1  # Python's signal handlers run here, inside the guest's call: they must not close its store
    try:
        store.on_epoch()
    finally:
        store.host_depth -= 1
    return 0


def _on_epoch_error(_type: Any, exception: BaseException, traceback: Any) -> int:
    key = traceback.tb_frame.f_locals["key"]
    _watched[int(_cffi.cast("uintptr_t", key))].pending = exception
    return int(_error_new(b"interrupted"))


_epoch = _cffi.callback("size_t(void *, void *, uint64_t *, uint8_t *)", _on_epoch, error=0, onerror=_on_epoch_error)


def _address(callback: Any) -> int:
    return int(_cffi.cast("uintptr_t", callback))


def take_failure(error: int | None, trap: ctypes.c_void_p) -> wasmtime.Trap | wasmtime.WasmtimeError:
    """Own what a call left behind: a trap or an error."""
    if trap:
        pointer = ctypes.cast(trap.value or 0, ctypes.POINTER(ffi.wasm_trap_t))
        trap.value = None
        return wasmtime.Trap._from_ptr(pointer)
    return wasmtime.WasmtimeError._from_ptr(ctypes.cast(error or 0, ctypes.POINTER(ffi.wasmtime_error_t)))


def error_frames(error: wasmtime.WasmtimeError) -> list[wasmtime.Frame]:
    """Read the backtrace of an error, which the public API gives for traps only."""
    frames = FrameList(error)
    _error_trace(error.ptr(), ctypes.byref(frames.vec))
    return [wasmtime.Frame._from_ptr(frames.vec.data[i], frames) for i in range(frames.vec.size)]


def global_bits(store: wasmtime.Store, variable: wasmtime.Global, content: str) -> int:
    """Read a number's bits, which a Python float would not keep for every NaN."""
    value = ffi.wasmtime_val_t()
    ffi.wasmtime_global_get(store._context(), ctypes.byref(variable._global), ctypes.byref(value))
    return int(value.of.i32) & 0xFFFF_FFFF if content.endswith("32") else int(value.of.i64) & 0xFFFF_FFFF_FFFF_FFFF


class SharedMemory(wasmtime.SharedMemory):
    """A memory that several threads use; the binding's own cannot be imported, for it passes a pointer to the pointer."""

    def _as_extern(self) -> ffi.wasmtime_extern_t:
        return ffi.wasmtime_extern_t(ffi.WASMTIME_EXTERN_SHAREDMEMORY, ffi.wasmtime_extern_union(sharedmemory=self.ptr()))


def select_winch(config: wasmtime.Config) -> None:
    """Choose the Winch compiler."""
    ffi.wasmtime_config_strategy_set(config.ptr(), _STRATEGY_WINCH)
