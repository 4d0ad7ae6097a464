"""Every use of wasmtime-py's private C bindings, tied to the version they were checked with.

The public binding rebuilds a function's type at every call, looks exports up by walking all of them, cannot choose Winch
and cannot call back at an epoch. With another version of wasmtime (or LABKIT_WASMTIME_STOCK=1) `PRIVATE` is false and the
adapter uses the public API alone: slower, and without the functions below.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from threading import get_ident
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import cffi
import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._extern import wrap_extern
from wasmtime._trap import FrameList

from labkit.modules.types import FuncType
from labkit.runtimes.values import BITS_FORMAT, FORMAT, PACK_ERRORS, check_results, explain

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_runtime import WasmtimeStore

__all__ = [
    "PRIVATE",
    "VERSION",
    "bind",
    "error_frames",
    "find_export",
    "functype",
    "global_bits",
    "hand_bound",
    "host_function",
    "select_winch",
    "take_failure",
    "watch_epochs",
]

#: The version whose private bindings this file was written for.
CHECKED_VERSION = "50.0.1"
VERSION = version("wasmtime")
PRIVATE = VERSION == CHECKED_VERSION and os.environ.get("LABKIT_WASMTIME_STOCK") != "1"

_VALUE_BYTES = ctypes.sizeof(ffi.wasmtime_val_raw_t)
_STRATEGY_WINCH = 2
# Callbacks are cffi's: an exception raised before a callback's own first line, as KeyboardInterrupt is on Python 3.11
# and later, still reaches its `onerror`, where ctypes would return an undefined value to the engine.
_cffi = cffi.FFI()


def _function(name: str, result: Any, *arguments: Any) -> Any:
    """Take a C function with a signature of our own, so that the public binding's stays as it is."""
    function = ffi.dll[name]
    function.restype, function.argtypes = result, arguments
    return function


_pointer, _size = ctypes.c_void_p, ctypes.c_size_t
_call_unchecked = _function("wasmtime_func_call_unchecked", _pointer, _pointer, _pointer, _pointer, _size, _pointer)
_new_unchecked = _function("wasmtime_func_new_unchecked", None, _pointer, _pointer, _pointer, _pointer, _pointer, _pointer)
_epoch_callback = _function("wasmtime_store_epoch_deadline_callback", None, _pointer, _pointer, _pointer, _pointer)
_trap_new = _function("wasmtime_trap_new", _pointer, ctypes.c_char_p, _size)
_error_new = _function("wasmtime_error_new", _pointer, ctypes.c_char_p)
_error_trace = _function("wasmtime_error_wasm_trace", None, _pointer, _pointer)


def _layout(types: Sequence[str], formats: dict[str, str]) -> struct.Struct:
    """Lay values out as an array of wasmtime_val_raw_t."""
    return struct.Struct("<" + "".join(f"{formats[name]}{_VALUE_BYTES - struct.calcsize(formats[name])}x" for name in types))


def functype(type: FuncType) -> wasmtime.FuncType:
    """Build the binding's own type of a function."""
    kinds = {name: getattr(wasmtime.ValType, name)() for name in ("i32", "i64", "f32", "f64", "funcref", "externref")}
    return wasmtime.FuncType([kinds[name] for name in type.params], [kinds[name] for name in type.results])


#: One call into a guest, with nothing in it that is not needed each time: {…} is filled in once for each signature.
_CALL = """
def make({scope}):
    def call({parameters}*surplus):
        if thread() != store.owner:
            store.check()
        try:
            {write_arguments}
            if surplus:
                raise TypeError
        except PACK_ERRORS:
            explain(params, [value for value in ({arguments}*surplus,) if value is not missing], name)
        try:
            error = enter(context, target, slots, count, trap_slot)
            if error or trap[0]:
                fail(error, trap)
        except BaseException:
            trap[0] = 0
            raise
        return {result}
    return call
"""


@cache
def _call_maker(type: FuncType, scope: tuple[str, ...], *, bits: bool) -> Callable[..., Callable[..., Any]]:
    """Write the call of a signature, as a function that takes what it uses: closures find it fastest."""
    formats = BITS_FORMAT if bits else FORMAT
    names = [f"a{i}" for i in range(len(type.params))]
    # A memoryview checks an integer's range as it stores it, and faster than struct; it lets floats overflow to infinity.
    writes = [f"{_view(formats[kind])}[{_index(i, formats[kind])}] = {name}" for i, (kind, name) in enumerate(zip(type.params, names))]
    if "f32" in type.params and not bits:
        writes = [f"pack(values, 0, {', '.join(names)})"]
    reads = [f"{_view(formats[kind])}[{_index(i, formats[kind])}]" for i, kind in enumerate(type.results)]
    one = len(reads) == 1 and not bits
    source = _CALL.format(
        scope=", ".join(scope),
        parameters="".join(f"{name}=missing, " for name in names) + ("/, " if names else ""),
        arguments="".join(f"{name}, " for name in names),
        write_arguments="; ".join(writes) or "pass",
        result=reads[0] if one else f"({', '.join(reads)},)" if reads else "()" if bits else "None",
    )
    made: dict[str, Any] = {}
    exec(compile(source, f"<call of {type}>", "exec"), made)
    maker: Callable[..., Callable[..., Any]] = made["make"]
    return maker


def _view(code: str) -> str:
    return f"view_{code}"


def _index(slot: int, code: str) -> int:
    return slot * _VALUE_BYTES // struct.calcsize(code)


_MISSING = object()


def bind(store: WasmtimeStore, func: wasmtime.Func, type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function of numbers once: to be called with Python's numbers, and with bits."""
    count = max(len(type.params), len(type.results), 1)
    values, trap = ctypes.create_string_buffer(count * _VALUE_BYTES), ctypes.create_string_buffer(8)
    scope = {
        **{_view(code): memoryview(values).cast("B").cast(code) for code in "iqfdIQ"},
        "trap": memoryview(trap).cast("B").cast("Q"),
        "trap_slot": ctypes.addressof(trap),
        "values": values,
        "slots": ctypes.addressof(values),
        "count": count,
        "context": ctypes.cast(store.native._context(), ctypes.c_void_p).value,
        "func": func,  # keeps alive the C structure at `target`
        "target": ctypes.addressof(func._func),
        "pack": _layout(type.params, FORMAT).pack_into,
        "enter": _call_unchecked,
        "thread": get_ident,
        "store": store,
        "fail": store.fail,
        "explain": explain,
        "params": type.params,
        "name": name,
        "missing": _MISSING,
        "PACK_ERRORS": PACK_ERRORS,
    }
    names = tuple(scope)
    return _call_maker(type, names, bits=False)(**scope), _call_maker(type, names, bits=True)(**scope)


def hand_bound(store: WasmtimeStore, func: wasmtime.Func) -> Callable[[int, int], int]:
    """Bind an (i32, i32) -> i32 as one would by hand, checking for errors alone: what `bind` is measured against."""
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
        return first.i32  # type: ignore[no-any-return]

    return call


def host_function(store: WasmtimeStore, call: Callable[..., Any], type: FuncType, name: str) -> wasmtime.Func:
    """Make a function of numbers that guests can call, from a Python one."""
    unpack = _layout(type.params, FORMAT).unpack_from
    pack, count = _layout(type.results, FORMAT).pack_into, len(type.results)
    argument_bytes, result_bytes = len(type.params) * _VALUE_BYTES, count * _VALUE_BYTES
    buffer = _cffi.buffer

    def on_call(_env: Any, _caller: Any, slots: Any, _slot_count: int) -> int:
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            result = call(*unpack(buffer(slots, argument_bytes)))
            if count != 1:
                pack(buffer(slots, result_bytes), 0, *check_results(type.results, result, name))
            else:
                try:
                    pack(buffer(slots, result_bytes), 0, result)
                except PACK_ERRORS:
                    check_results(type.results, result, name)
            return 0
        finally:
            store.host_depth = depth

    def on_error(_type: Any, exception: BaseException, _traceback: Any) -> int:
        store.pending = exception
        return int(_trap_new(b"host function raised", 20))

    callback = _cffi.callback("size_t(void *, void *, char *, size_t)", on_call, error=0, onerror=on_error)
    store.keep.append(callback)
    func = ffi.wasmtime_func_t()
    native_type = functype(type)
    _new_unchecked(store.native._context(), native_type.ptr(), _address(callback), None, None, ctypes.byref(func))
    return wasmtime.Func._from_raw(func)


_watched: WeakValueDictionary[int, WasmtimeStore] = WeakValueDictionary()


def watch_epochs(store: WasmtimeStore) -> None:
    """Call the store's `on_epoch` at every tick while its guest runs; what that raises stops the guest."""
    key = id(store)
    _watched[key] = store
    store.native.set_epoch_deadline(1)
    _epoch_callback(store.native.ptr(), _address(_epoch), key, None)


def _on_epoch(_context: Any, key: Any, ticks: Any, _kind: Any) -> int:
    ticks[0] = 1
    _watched[int(_cffi.cast("uintptr_t", key))].on_epoch()
    return 0


def _on_epoch_error(_type: Any, exception: BaseException, traceback: Any) -> int:
    key = traceback.tb_frame.f_locals["key"]
    _watched[int(_cffi.cast("uintptr_t", key))].pending = exception
    return int(_error_new(b"interrupted"))


_epoch = _cffi.callback("size_t(void *, void *, uint64_t *, uint8_t *)", _on_epoch, error=0, onerror=_on_epoch_error)


def _address(callback: Any) -> int:
    return int(_cffi.cast("uintptr_t", callback))


def take_failure(error: int | None, trap: memoryview) -> wasmtime.Trap | wasmtime.WasmtimeError:
    """Own what a call left behind: a trap or an error."""
    if trap[0]:
        pointer = ctypes.cast(trap[0], ctypes.POINTER(ffi.wasm_trap_t))
        trap[0] = 0
        return wasmtime.Trap._from_ptr(pointer)
    return wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))  # type: ignore[arg-type]


def error_frames(error: wasmtime.WasmtimeError) -> list[wasmtime.Frame]:
    """Read the backtrace of an error, which the public API gives for traps only."""
    frames = FrameList(error)
    _error_trace(error.ptr(), ctypes.byref(frames.vec))
    return [wasmtime.Frame._from_ptr(frames.vec.data[i], frames) for i in range(frames.vec.size)]


def find_export(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> Any:
    """Find one export by name, without walking all of them."""
    item, encoded = ffi.wasmtime_extern_t(), name.encode()
    ffi.wasmtime_instance_export_get(
        store._context(), ctypes.byref(instance._instance), ctypes.create_string_buffer(encoded), len(encoded), ctypes.byref(item)
    )
    return wrap_extern(item)


def global_bits(store: wasmtime.Store, variable: wasmtime.Global, content: str) -> int:
    """Read a number's bits, which a Python float would not keep for every NaN."""
    value = ffi.wasmtime_val_t()
    ffi.wasmtime_global_get(store._context(), ctypes.byref(variable._global), ctypes.byref(value))
    return int(value.of.i32) & 0xFFFF_FFFF if content.endswith("32") else int(value.of.i64) & 0xFFFF_FFFF_FFFF_FFFF


def select_winch(config: wasmtime.Config) -> None:
    """Choose the Winch compiler."""
    error = ffi.wasmtime_config_strategy_set(config.ptr(), _STRATEGY_WINCH)
    if error:
        raise wasmtime.WasmtimeError._from_ptr(error)
