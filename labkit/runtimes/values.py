"""Numbers across the boundary: checked once in C, explained in words when they do not fit."""

from __future__ import annotations

import inspect
import operator
import struct
from collections.abc import Callable, Collection, Sequence
from types import FunctionType
from typing import Any, NoReturn

from labkit.errors import ArgumentError, ArgumentRangeError, LinkError, Unsupported
from labkit.modules.types import FuncType

__all__ = [
    "BITS_FORMAT",
    "FORMAT",
    "PACK_ERRORS",
    "REFERENCES",
    "bits_of",
    "boundary_types",
    "check_bits",
    "check_parameters",
    "check_results",
    "check_value",
    "explain",
    "explain_bits",
    "is_numeric",
]

#: struct format of a value of each number type; `struct` checks type and range in C, for nothing.
FORMAT = {"i32": "i", "i64": "q", "f32": "f", "f64": "d"}
#: The same width as plain bits.
BITS_FORMAT = {"i32": "I", "i64": "Q", "f32": "I", "f64": "Q"}
#: What `struct` and a memoryview raise for a value that does not fit.
PACK_ERRORS = (struct.error, OverflowError, TypeError, ValueError)
#: Reference types that may cross the boundary.
REFERENCES = ("funcref", "externref")

_PACKERS = {name: struct.Struct("<" + code) for name, code in FORMAT.items()}
_INTEGER_BITS = {"i32": 32, "i64": 64}


def is_numeric(type: FuncType) -> bool:
    """Tell whether only numbers cross the boundary of a function."""
    return all(value in FORMAT for value in (*type.params, *type.results))


def boundary_types(types: Sequence[str], what: str) -> None:
    """Refuse by name the types that no Python binding can carry (v128, GC references).

    Raises
    ------
    Unsupported
        Naming ``what`` and the type.
    """
    for name in types:
        if name not in FORMAT and name not in REFERENCES:
            raise Unsupported(
                f"{what} has the type {name}, which cannot cross between Python and the guest.",
                remedy="Inside the module it works: wrap it in a function that takes and returns i32, i64, f32 or f64.",
            )


def check_value(type: str, value: object, what: str) -> Any:
    """Convert a Python number to exactly what a value type holds.

    Parameters
    ----------
    type : str
        ``"i32"``, ``"i64"``, ``"f32"`` or ``"f64"``.
    value : object
        The number.
    what : str
        What it is for, for the message.

    Returns
    -------
    int or float
        The number as the guest will see it: an f32 is rounded.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        If it is no such number or does not fit.

    Examples
    --------
    >>> check_value("f32", 0.1, "the argument")
    0.10000000149011612
    """
    try:
        packer = _PACKERS[type]
        return packer.unpack(packer.pack(value))[0]
    except PACK_ERRORS:
        _explain_one(type, value, what)


def explain(params: Sequence[str], values: Sequence[object], name: str, named: Collection[str] = ()) -> NoReturn:
    """Say why ``values`` do not fit ``params``, after `struct` has refused them.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        Always.
    """
    _explain_count(params, values, name, named)
    for position, (type, value) in enumerate(zip(params, values), 1):
        check_value(type, value, f"Argument {position} of {name}")
    raise ArgumentError(f"The arguments of {name} could not be read twice the same way.", remedy="Pass plain ints and floats.")


def explain_bits(params: Sequence[str], values: Sequence[object], name: str, named: Collection[str] = ()) -> NoReturn:
    """Say why ``values`` are not the bits of ``params``.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        Always.
    """
    _explain_count(params, values, name, named)
    for position, (type, value) in enumerate(zip(params, values), 1):
        check_bits(type, value, f"Argument {position} of {name}")
    raise ArgumentError(f"The arguments of {name} could not be read twice the same way.", remedy="Pass plain ints.")


def check_bits(type: str, value: object, what: str) -> Any:
    """Convert a value's bits, an unsigned int, to the number they stand for.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        If it is no int, or has more bits than the type.

    Examples
    --------
    >>> check_bits("f32", 0x3FC00000, "the argument"), check_bits("i32", 0xFFFFFFFF, "the argument")
    (1.5, -1)
    """
    try:
        return _PACKERS[type].unpack(struct.pack("<" + BITS_FORMAT[type], value))[0]
    except PACK_ERRORS:
        bits = type[1:]
        try:
            operator.index(value)  # type: ignore[arg-type]
        except Exception:
            raise ArgumentError(f"{what} must be the bits of an {type}, not {_shown(value)}.", remedy="Pass an unsigned int.") from None
        raise ArgumentRangeError(f"{what} is {_shown(value)}, and not {bits} bits.", remedy=f"Pass an int from 0 to 2**{bits} - 1.") from None


def bits_of(type: str, value: Any) -> int:
    """Give the bits of a number that `check_value` has made.

    Examples
    --------
    >>> hex(bits_of("f32", 1.5)), hex(bits_of("i32", -1))
    ('0x3fc00000', '0xffffffff')
    """
    return int(struct.unpack("<" + BITS_FORMAT[type], _PACKERS[type].pack(value))[0])


def _explain_count(params: Sequence[str], values: Sequence[object], name: str, named: Collection[str]) -> None:
    """Refuse named arguments, and too many or too few."""
    if named:
        raise ArgumentError(f"{name} takes its arguments by position, and got {', '.join(named)} by name.", remedy="Leave the names out.")
    if len(params) != len(values):
        plural = "" if len(params) == 1 else "s"
        raise ArgumentError(
            f"{name} takes {len(params)} argument{plural} ({', '.join(params)}), and got {len(values)}.",
            remedy="Pass exactly those.",
        )


def check_parameters(call: Callable[..., Any], params: Sequence[str], name: str) -> None:
    """Refuse a Python function that cannot be called with what a guest will pass it; one that does not tell is not refused.

    Raises
    ------
    LinkError

    Examples
    --------
    >>> check_parameters(lambda number: None, ["i32"], "env.log")
    """
    if type(call) is FunctionType and call.__code__.co_argcount == len(params) and not call.__code__.co_kwonlyargcount:
        return  # told without a signature, which takes longer to make than an instance
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*params)
    except TypeError:
        plural = "" if len(params) == 1 else "s"
        raise LinkError(
            f"The host function for {name} takes {signature}, and the guest passes {len(params)} argument{plural} ({', '.join(params)}).",
            remedy="Give it a parameter for each, or *arguments.",
        ) from None


def check_results(results: Sequence[str], returned: object, name: str) -> tuple[Any, ...]:
    """Convert what a host function returned to what its type says.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        If it does not fit.

    Examples
    --------
    >>> check_results(["i32", "f64"], (1, 2), "pair")
    (1, 2.0)
    """
    values = () if not results and returned is None else (returned,) if len(results) == 1 else returned
    if not isinstance(values, (tuple, list)) or len(values) != len(results):
        wanted = f"({', '.join(results)})" if results else "nothing"
        raise ArgumentError(
            f"The host function {name} returned {_shown(returned)}, not {wanted}.", remedy="Return None for nothing, a tuple for several."
        )
    return tuple(
        check_value(type, value, f"The result of the host function {name}") if type in FORMAT else value for type, value in zip(results, values)
    )


def _explain_one(type: str, value: object, what: str) -> NoReturn:
    shown = _shown(value)
    if type in _INTEGER_BITS:
        bits = _INTEGER_BITS[type]
        try:
            number = operator.index(value)  # type: ignore[arg-type]
        except Exception:
            raise ArgumentError(f"{what} must be a whole number ({type}), not {shown}.", remedy="Pass an int.") from None
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        same = (
            f" For the same {bits} bits, pass {number - 2**bits}."
            if high < number < 2**bits
            else " Take its lowest bits first, if that is what you mean."
        )
        raise ArgumentRangeError(f"{what} is {shown}, which does not fit {type}.", remedy=f"Pass a number from {low} to {high}.{same}") from None
    if isinstance(value, (int, float)):
        raise ArgumentRangeError(f"{what} is {shown}, which is too large for {type}.", remedy='Pass a smaller number, or float("inf").')
    raise ArgumentError(f"{what} must be a number ({type}), not {shown}.", remedy="Pass an int or a float.")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "…"
