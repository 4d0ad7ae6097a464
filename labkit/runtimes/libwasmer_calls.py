"""Calls between Python and a guest of the current Wasmer, both ways: numbers as fast as they go, references with care."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import ref

from labkit.errors import Unsupported
from labkit.modules.types import FuncType
from labkit.runtimes import libwasmer_binding as binding
from labkit.runtimes.bound_call import Slots, bind_call
from labkit.runtimes.libwasmer_binding import KINDS, VALUE_BYTES, VALUE_OFFSET, Vector
from labkit.runtimes.libwasmer_references import Reference, from_reference, to_reference
from labkit.runtimes.values import FORMAT, PACK_ERRORS, REFERENCES, check_results, check_value, explain, is_numeric

if TYPE_CHECKING:
    from labkit.runtimes.libwasmer_store import LibwasmerStore

__all__ = ["bind_function", "host_function", "read_value", "write_value"]

_SLOTS = Slots(
    VALUE_BYTES,
    VALUE_OFFSET,
    """try:
            trap = enter(target, arguments, results)
            if trap:
                fail(trap)
        except BaseException:
            store.pending = None
            raise""",
)
_WORDS = b"a host function raised\0"
#: What a guest is told when a host function stops it.
_MESSAGE = binding.bytes_vector(_WORDS)
_STOPPED = ctypes.c_void_p.from_param(ctypes.addressof(_MESSAGE))
_POINTER = struct.Struct("<Q")


def bind_function(store: LibwasmerStore, func: int, type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function once: to be called with Python's values, and with bits."""
    if any(kind not in FORMAT and kind not in REFERENCES for kind in (*type.params, *type.results)):
        return (refuse := _refusal(name, f"has the type {type}, which cannot cross between Python and the guest")), refuse
    given, taken = _values(type.params), _values(type.results)
    vectors = Vector(len(type.params), ctypes.addressof(given)), Vector(len(type.results), ctypes.addressof(taken))
    # What never changes is converted for C once, which halves the price of a call through ctypes.
    target, arguments, results = (ctypes.c_void_p.from_param(value) for value in (func, *map(ctypes.addressof, vectors)))
    bound = {"enter": binding.enter_guest(), "target": target, "arguments": arguments, "results": results, "fail": store.fail, "vectors": vectors}
    if is_numeric(type):
        return bind_call(_SLOTS, store, type, name, given, taken, **bound)

    def enter() -> None:
        try:
            if trap := bound["enter"](target, arguments, results):
                store.fail(trap)
        except BaseException:
            store.pending = None
            raise

    return _bind_references(store, type, name, enter, given, taken), _refusal(name, "takes or returns references, which have no bits")


def _values(types: Sequence[str]) -> ctypes.Array[ctypes.c_char]:
    """Make room for values, their kinds written."""
    values = ctypes.create_string_buffer(max(len(types), 1) * VALUE_BYTES)
    for i, kind in enumerate(types):
        struct.pack_into("<B", values, i * VALUE_BYTES, KINDS[kind])
    return values


def _refusal(name: str, why: str) -> Callable[..., Any]:
    def refuse(*arguments: object) -> None:
        raise Unsupported(f"{name} {why}.", remedy="Call it from a guest, or as it is.")

    return refuse


def _bind_references(store: LibwasmerStore, type: FuncType, name: str, enter: Callable[[], None], given: Any, taken: Any) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        store.check()
        if named or len(arguments) != len(type.params):
            explain(type.params, arguments, name, named)
        converted = [_convert(store, kind, value, f"Argument {i} of {name}") for i, (kind, value) in enumerate(zip(type.params, arguments), 1)]
        store.check()  # converting an argument may run Python code
        for i, (kind, value) in enumerate(zip(type.params, converted)):
            _put(given, i, kind, value.native if isinstance(value, Reference) else value)
        enter()
        values = tuple(read_value(store, kind, taken, i) for i, kind in enumerate(type.results))
        return values if len(values) > 1 else values[0] if values else None

    return call


def _convert(store: LibwasmerStore, kind: str, value: Any, what: str) -> Any:
    return check_value(kind, value, what) if kind in FORMAT else to_reference(store, kind, value, what)


def _put(buffer: Any, slot: int, kind: str, value: Any) -> None:
    """Write a value that has been converted: a number, or where a reference's box is."""
    place = slot * VALUE_BYTES
    struct.pack_into("<B", buffer, place, KINDS[kind])
    if kind in FORMAT:
        struct.pack_into("<" + FORMAT[kind], buffer, place + VALUE_OFFSET, value)
    else:
        _POINTER.pack_into(buffer, place + VALUE_OFFSET, value or 0)


def write_value(store: LibwasmerStore, kind: str, value: Any, what: str) -> tuple[Any, Any]:
    """Make one value for the library to read: its memory, and what must live as long."""
    converted = _convert(store, kind, value, what)
    memory = _values([kind])
    _put(memory, 0, kind, converted.native if isinstance(converted, Reference) else converted)
    return memory, converted


def read_value(store: LibwasmerStore, kind: str, buffer: Any, slot: int = 0) -> Any:
    """Read a value that the library has written; the box of a reference is ours now."""
    place = slot * VALUE_BYTES + VALUE_OFFSET
    if kind in FORMAT:
        return struct.unpack_from("<" + FORMAT[kind], buffer, place)[0]
    return from_reference(store, kind, _POINTER.unpack_from(buffer, place)[0])


@cache
def _argument_layout(types: tuple[str, ...]) -> struct.Struct:
    return struct.Struct("<" + "".join(f"8x{FORMAT[kind]}{8 - struct.calcsize(FORMAT[kind])}x" for kind in types))


@cache
def _result_layout(types: tuple[str, ...]) -> struct.Struct:
    """Lay results out with their kinds, which the library reads too."""
    return struct.Struct("<" + "".join(f"B7x{FORMAT[kind]}{8 - struct.calcsize(FORMAT[kind])}x" for kind in types))


def host_function(store: LibwasmerStore, call: Callable[..., Any], type: FuncType, name: str) -> int:
    """Make a function that guests can call, from a Python one."""
    store_of = ref(store)  # a guest runs only while its store lives, and the store keeps the callback
    run = _run_numbers(call, type, name) if is_numeric(type) else _run_references(store_of, call, type, name)

    def on_call(arguments: Any, results: Any) -> int:
        store: Any = store_of()
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            run(arguments.data, results.data)
            return 0
        finally:
            store.host_depth = depth

    stop, native_store = binding.stop_guest(), ctypes.c_void_p.from_param(store.native)

    # It calls no other Python function: after endless recursion there is no depth left for one.
    def on_error(_type: Any, exception: BaseException, _traceback: Any) -> int:
        store_of().pending = exception  # type: ignore[union-attr]
        return stop(native_store, _STOPPED)  # type: ignore[no-any-return]

    callback = binding.host_callback(on_call, on_error)
    store.keep.append(callback)
    calls = binding.library()
    native_type = calls.wasm_functype_new(ctypes.byref(_types(type.params)), ctypes.byref(_types(type.results)))
    try:
        return int(calls.wasm_func_new(store.native, native_type, binding.address(callback)))
    finally:
        calls.wasm_functype_delete(native_type)


def _types(kinds: Sequence[str]) -> Vector:
    """Make the types of parameters or results, which the library then owns."""
    calls, vector = binding.library(), Vector()
    natives = (ctypes.c_void_p * len(kinds))(*(calls.wasm_valtype_new(KINDS[kind]) for kind in kinds))
    calls.wasm_valtype_vec_new(ctypes.byref(vector), len(kinds), natives)
    return vector


def _run_numbers(call: Callable[..., Any], type: FuncType, name: str) -> Callable[[Any, Any], None]:
    unpack, argument_bytes = _argument_layout(type.params).unpack_from, len(type.params) * VALUE_BYTES
    pack, result_bytes, buffer = _result_layout(type.results).pack_into, len(type.results) * VALUE_BYTES, binding.buffer
    kind = KINDS[type.results[0]] if len(type.results) == 1 else None

    def run(arguments: Any, results: Any) -> None:
        returned = call(*unpack(buffer(arguments, argument_bytes))) if argument_bytes else call()
        if kind is not None:
            try:
                pack(buffer(results, result_bytes), 0, kind, returned)
                return
            except PACK_ERRORS:
                pass
        values = check_results(type.results, returned, name)
        if values:
            pack(buffer(results, result_bytes), 0, *(word for pair in zip(map(KINDS.__getitem__, type.results), values) for word in pair))

    return run


def _run_references(store_of: Callable[[], Any], call: Callable[..., Any], type: FuncType, name: str) -> Callable[[Any, Any], None]:
    """Take and give references too: those given are boxed once more for the library, which frees what it gets, as it does what it gave."""

    def run(arguments: Any, results: Any) -> None:
        store = store_of()
        given = binding.buffer(arguments, len(type.params) * VALUE_BYTES) if type.params else b""
        values = []
        for i, kind in enumerate(type.params):
            if kind not in FORMAT and (box := _POINTER.unpack_from(given, i * VALUE_BYTES + VALUE_OFFSET)[0]):
                values.append(from_reference(store, kind, binding.library().wasm_ref_copy(box)))
            else:
                values.append(read_value(store, kind, given, i))
        returned = check_results(type.results, call(*values), name)
        converted = [_convert(store, kind, value, f"The result of the host function {name}") for kind, value in zip(type.results, returned)]
        taken = binding.buffer(results, len(type.results) * VALUE_BYTES) if type.results else b""
        for i, (kind, value) in enumerate(zip(type.results, converted)):
            _put(taken, i, kind, value.copy() if isinstance(value, Reference) else value)

    return run
