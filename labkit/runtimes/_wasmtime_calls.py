"""Calls between Python and a Wasmtime guest, both ways, through the private C bindings and with nothing left in them to spare."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from functools import cache
from threading import get_ident
from typing import TYPE_CHECKING, Any
from weakref import ref

import wasmtime
from wasmtime import _ffi as ffi

from labkit.modules.types import FuncType
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.values import BITS_FORMAT, FORMAT, PACK_ERRORS, check_results, explain, explain_bits

if TYPE_CHECKING:
    from labkit.runtimes.wasmtime_store import WasmtimeStore

__all__ = ["bind", "bind_checked", "host_function", "host_function_checked"]

_VALUE_BYTES = ctypes.sizeof(ffi.wasmtime_val_raw_t)


def _layout(types: Sequence[str], formats: dict[str, str]) -> struct.Struct:
    """Lay values out as an array of wasmtime_val_raw_t."""
    return struct.Struct("<" + "".join(f"{formats[name]}{_VALUE_BYTES - struct.calcsize(formats[name])}x" for name in types))


#: One call into a guest, with nothing in it that is not needed each time: {…} is filled in once for each signature.
#: The store is looked at twice: its owner before the slots are written, and that it is still open after, since
#: converting an argument may run Python code.
_CALL = """
def make({scope}):
    def call({parameters}*surplus, **named):
        if thread() != store.owner:
            store.check()
        try:
            {write_arguments}
            if surplus or named:
                raise TypeError
        except PACK_ERRORS:
            explain(params, [value for value in ({arguments}*surplus,) if value is not missing], name, named)
        if not store.owner:
            store.check()
        try:
            error = enter(context, target, slots, count, trap_slot)
            if error or trap:
                fail(error, trap)
        except BaseException:
            trap.value = store.pending = None
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
    values, trap = ctypes.create_string_buffer(count * _VALUE_BYTES), ctypes.c_void_p()
    whole: Any = memoryview(values).cast("B")
    scope = {
        **{_view(code): whole.cast(code) for code in "iqfdIQ"},
        "trap": trap,
        "values": values,
        "func": func,  # keeps alive the C structure at `target`
        # What never changes is converted for C once, which halves the price of a call through ctypes.
        "context": _for_c(store.native._context()),
        "target": _for_c(ctypes.addressof(func._func)),
        "slots": _for_c(ctypes.addressof(values)),
        "count": _for_c(count),
        "trap_slot": _for_c(ctypes.addressof(trap)),
        "enter": private.call_prepared,
        "pack": _layout(type.params, FORMAT).pack_into,
        "thread": get_ident,
        "store": store,
        "fail": store.fail,
        "params": type.params,
        "name": name,
        "missing": _MISSING,
        "PACK_ERRORS": PACK_ERRORS,
    }
    names = (*scope, "explain")
    numbers, bits = _call_maker(type, names, bits=False), _call_maker(type, names, bits=True)
    return numbers(**scope, explain=explain), bits(**scope, explain=explain_bits)


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
    unpack = _layout(type.params, FORMAT).unpack_from
    pack, count = _layout(type.results, FORMAT).pack_into, len(type.results)
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
