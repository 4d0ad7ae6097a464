"""Calls into a guest and out of it: arguments checked as on every runtime, around a call that costs what Wasmer's own does.

The binding lets numbers wrap, ignores arguments too many, and takes only an exact int or float; on all else it raises
before the guest runs. So the quick way does the two checks that it lacks, and what it refuses is looked at again, slowly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import proxy, ref

from labkit.modules.types import FuncType
from labkit.runtimes.values import BITS_FORMAT, FORMAT, PACK_ERRORS, check_results, check_value, explain, is_numeric
from labkit.runtimes.wasmer_binding import is_panic, wasmer
from labkit.runtimes.wasmer_bridges import without_f32

if TYPE_CHECKING:
    from labkit.runtimes.wasmer_runtime import WasmerStore

__all__ = ["bind_function", "host_function", "native_type"]

#: One call into a guest: {…} is filled in once for each signature. On a closed store `target` is empty, and the binding
#: itself refuses another thread: `recover` tells both, so that a call need not ask each time.
_CALL = """
def make({scope}):
    def call({parameters}*surplus):
        try:
            {checks}
            if surplus:
                raise TypeError
            return target[0]({arguments})
        except BaseException as failure:
            return recover(failure, [value for value in ({arguments}*surplus,) if value is not missing])
    return call
"""

_MISSING = object()
_CHECKS = {"i32": "view_i[0] = {}", "i64": "view_q[0] = {}", "f32": "pack({})", "f64": ""}
_VIEWS = {code: memoryview(bytearray(8)).cast(code) for code in "iq"}  # type: ignore[call-overload]


@cache
def _call_maker(type: FuncType, scope: tuple[str, ...]) -> Callable[..., Callable[..., Any]]:
    """Write the call of a signature, as a function that takes what it uses: closures find it fastest."""
    names = [f"a{i}" for i in range(len(type.params))]
    checks = [_CHECKS[kind].format(name) for kind, name in zip(type.params, names) if _CHECKS[kind]]
    source = _CALL.format(
        scope=", ".join(scope),
        parameters="".join(f"{name}=missing, " for name in names) + ("/, " if names else ""),
        arguments="".join(f"{name}, " for name in names),
        checks="; ".join(checks) or "pass",
    )
    made: dict[str, Any] = {}
    exec(compile(source, f"<call of {type}>", "exec"), made)
    maker: Callable[..., Callable[..., Any]] = made["make"]
    return maker


def bind_function(store: WasmerStore, target: list[Any], type: FuncType, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind a function once: to be called with Python's numbers, and with bits."""
    if not is_numeric(type):
        return (refuse := _refusal(store, name, type)), refuse

    def recover(failure: BaseException, arguments: list[Any]) -> Any:
        store.check()
        if failure is store.pending or not isinstance(failure, PACK_ERRORS):
            store.raise_failure(failure)
        if len(arguments) != len(type.params):
            explain(type.params, arguments, name)
        numbers = [check_value(kind, value, f"Argument {i} of {name}") for i, (kind, value) in enumerate(zip(type.params, arguments), 1)]
        try:
            return target[0](*numbers)
        except BaseException as second:
            store.raise_failure(second)

    scope = {
        **{f"view_{code}": view for code, view in _VIEWS.items()},
        "pack": struct.Struct("<f").pack,
        "target": target,
        "recover": recover,
        "missing": _MISSING,
    }
    return _call_maker(type, tuple(scope))(**scope), _bits_call(store, target, type, name)


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

    def call_bits(*arguments: int) -> tuple[int, ...]:
        store.check()
        try:
            numbers = unpack(pack(*arguments))
        except PACK_ERRORS:
            explain(type.params, arguments, name)
        if not bridge:
            bridge.append(store.bridge(without_f32(type), {"function": target[0]}).exports.function)
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
    """Make a function of numbers that guests can call, from a Python one.

    Python's collector does not see what the binding holds. So that holds a weak reference alone, and the store the function.
    """
    find_store = ref(store)
    convert = _result_converter(type, name)

    def on_call(*arguments: Any) -> Any:
        home = find_store()
        assert home is not None, "a guest runs while its store lives"
        depth = home.host_depth
        try:
            home.host_depth = depth + 1
            return convert(call(*arguments))
        except BaseException as exception:
            home.pending = exception
            if is_panic(exception):
                home.pending = home.unpanicked(exception)
                raise home.pending from None
            raise
        finally:
            home.host_depth = depth

    store.keep.append(on_call)
    return wasmer.Function(store.engine.native, proxy(on_call), native_type(type))


def _result_converter(type: FuncType, name: str) -> Callable[[Any], Any]:
    """Make the check of what a host function returned: the binding takes exact ints and floats only, and lets them wrap."""

    def convert(returned: Any) -> Any:
        values = check_results(type.results, returned, name)
        return None if not values else values[0] if len(values) == 1 else values

    if len(type.results) != 1 or type.results == ("f32",):
        return (lambda returned: None if returned is None else convert(returned)) if not type.results else convert
    slot = memoryview(bytearray(8)).cast(FORMAT[type.results[0]])  # type: ignore[call-overload]

    def convert_one(returned: Any) -> Any:
        try:
            slot[0] = returned
            return slot[0]
        except PACK_ERRORS:
            return convert(returned)

    return convert_one
