"""Calls into a guest and out of it: arguments checked as on every runtime, around a call that costs what Wasmer's own does.

The binding lets numbers wrap, ignores arguments too many, and takes only an exact int or float; on all else it raises
before the guest runs. So the quick way does the two checks that it lacks, and what it refuses is looked at again, slowly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from threading import get_ident
from typing import TYPE_CHECKING, Any
from weakref import ref

from labkit.modules.types import FuncType
from labkit.runtimes.values import BITS_FORMAT, FORMAT, PACK_ERRORS, check_results, check_value, explain, explain_bits, is_numeric
from labkit.runtimes.wasmer_binding import is_panic, wasmer
from labkit.runtimes.wasmer_bridges import without_f32

if TYPE_CHECKING:
    from labkit.runtimes.wasmer_runtime import WasmerStore

__all__ = ["bind_function", "host_function", "native_type"]

#: One call into a guest: {…} is filled in once for each signature. `recover` finds out what was doubtful. The thread must be
#: asked each time: the binding panics in a wrong one, and a second such panic can end the process.
_CALL = """
def make({scope}):
    def call({parameters}*surplus, **named):
        try:
            if thread() != store.owner or {is_doubtful}surplus or named:
                raise TypeError
            return target[0]({arguments})
        except BaseException as failure:
            return recover(failure, [value for value in ({arguments}*surplus,) if value is not missing], named)
    return call
"""

#: One call out of a guest. The store is found by a weak reference, and keeps the Python function: Python's collector does
#: not see what the binding holds, so a reference from there to the store, or to what names it, would never be collected.
_HOST_CALL = """
def make({scope}):
    def on_call(*arguments):
        store = find_store()
        depth = store.host_depth
        try:
            store.host_depth = depth + 1
            returned = store.keep[number](*arguments)
            {give_back}
        except BaseException as exception:
            store.pending = exception
            if is_panic(exception):
                store.pending = store.unpanicked(exception)
                raise store.pending from None
            raise
        finally:
            store.host_depth = depth
    return on_call
"""

_MISSING = object()
# The binding refuses what is no number, and what is too small; it lets an integer too large wrap, and a float overflow.
_DOUBTS = {
    "i32": "{0} > 0x7FFF_FFFF",
    "i64": "{0} > 0x7FFF_FFFF_FFFF_FFFF",
    "f32": "not (-3.4028235e38 < {0} < 3.4028235e38 or pack({0}))",
}


@cache
def _maker(source: str, title: str) -> Callable[..., Callable[..., Any]]:
    """Compile a source that defines `make`, which takes what the call uses: closures find it fastest."""
    made: dict[str, Any] = {}
    exec(compile(source, title, "exec"), made)
    maker: Callable[..., Callable[..., Any]] = made["make"]
    return maker


def _make_call(type: FuncType, **scope: Any) -> Callable[..., Any]:
    names = [f"a{i}" for i in range(len(type.params))]
    source = _CALL.format(
        scope=", ".join(scope),
        parameters="".join(f"{name}=missing, " for name in names) + ("/, " if names else ""),
        arguments="".join(f"{name}, " for name in names),
        is_doubtful="".join(f"{_DOUBTS[kind].format(name)} or " for kind, name in zip(type.params, names) if kind in _DOUBTS),
    )
    return _maker(source, f"<call of {type}>")(**scope)


def bind_function(store: WasmerStore, target: list[Any], type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function once: to be called with Python's numbers, and with bits."""
    if not is_numeric(type):
        return (refuse := _refusal(store, name, type)), refuse

    def recover(failure: BaseException, arguments: list[Any], named: dict[str, Any]) -> Any:
        store.check()
        if failure is store.pending or not isinstance(failure, PACK_ERRORS):
            store.raise_failure(failure)
        if named or len(arguments) != len(type.params):
            explain(type.params, arguments, name, named)
        numbers = [check_value(kind, value, f"Argument {i} of {name}") for i, (kind, value) in enumerate(zip(type.params, arguments), 1)]
        store.check()  # converting an argument may run Python code
        try:
            return target[0](*numbers)
        except BaseException as second:
            store.raise_failure(second)

    scope = {"thread": get_ident, "store": store, "target": target, "recover": recover, "missing": _MISSING, "pack": struct.Struct("<f").pack}
    return _make_call(type, **scope), _bits_call(store, target, type, name)


def _refusal(store: WasmerStore, name: str, type: FuncType) -> Callable[..., Any]:
    def refuse(*arguments: object) -> None:
        raise store.numbers_only(f"{name} has the type {type}")

    return refuse


def _bits_call(store: WasmerStore, target: list[Any], type: FuncType, name: str) -> Callable[..., tuple[int, ...]]:
    """Make the call with bits; where an f32 crosses, through a bridge, since a Python float does not keep every NaN of one."""
    bridge: list[Any] = [] if "f32" in (*type.params, *type.results) else target
    integers = ["i32" if kind == "f32" else kind for kind in (*type.params, *type.results)]
    given, taken = integers[: len(type.params)], integers[len(type.params) :]
    pack = struct.Struct("<" + "".join(BITS_FORMAT[kind] for kind in given)).pack
    unpack = struct.Struct("<" + "".join(FORMAT[kind] for kind in given)).unpack
    pack_results = struct.Struct("<" + "".join(FORMAT[kind] for kind in taken)).pack
    unpack_results = struct.Struct("<" + "".join(BITS_FORMAT[kind] for kind in taken)).unpack

    def call_bits(*arguments: int, **named: Any) -> tuple[int, ...]:
        store.check()
        try:
            numbers = unpack(pack(*arguments))
        except PACK_ERRORS:
            explain_bits(type.params, arguments, name, named)
        if named:
            explain_bits(type.params, arguments, name, named)
        if not bridge:
            bridge.append(store.bridge(without_f32(type), {"cell": store.cell_of(target, type)}).exports.function)
        try:
            returned = bridge[0](*numbers)
        except BaseException as failure:
            store.raise_failure(failure)
        return unpack_results(pack_results(*(() if not taken else (returned,) if len(taken) == 1 else returned)))

    return call_bits


def native_type(type: FuncType) -> Any:
    """Build the binding's own type of a function."""
    kinds = {kind: getattr(wasmer.Type, kind.upper()) for kind in FORMAT}
    return wasmer.FunctionType([kinds[kind] for kind in type.params], [kinds[kind] for kind in type.results])


def host_function(store: WasmerStore, call: Callable[..., Any], type: FuncType, name: str) -> Any:
    """Make a function of numbers that guests can call, from a Python one."""

    def convert(returned: Any) -> Any:
        values = check_results(type.results, returned, name)
        return None if not values else values[0] if len(values) == 1 else values

    scope = {
        "find_store": ref(store),
        "number": len(store.keep),
        "convert": convert,
        "is_panic": is_panic,
        "slot": memoryview(bytearray(8)).cast(FORMAT.get("".join(type.results[:1]), "B")),  # type: ignore[call-overload]
        "PACK_ERRORS": PACK_ERRORS,
    }
    store.keep.append(call)
    on_call = _maker(_HOST_CALL.format(scope=", ".join(scope), give_back=_give_back(type)), f"<call out of a guest, {type}>")(**scope)
    return wasmer.Function(store.engine.native, on_call, native_type(type))


def _give_back(type: FuncType) -> str:
    """Write what becomes of a returned value: the binding takes an exact int or float only, and lets it wrap."""
    if not type.results:
        return "return None if returned is None else convert(returned)"
    if len(type.results) > 1 or type.results == ("f32",):
        return "return convert(returned)"
    return """try:
                slot[0] = returned
            except PACK_ERRORS:
                return convert(returned)
            return slot[0]"""
