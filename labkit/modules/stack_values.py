"""The stepper's values: a type and its bits, checked when they come from Python and written plainly when they go back."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Union

from labkit.errors import ArgumentError, ArgumentRangeError
from labkit.modules.arithmetic import signed
from labkit.modules.floats import bits_to_float, float_text, float_to_bits

__all__ = ["NUMBER_TYPES", "Number", "Value", "default_value", "to_value"]

Number = Union[int, float, None]
"""What a value is in Python; None is a null reference."""

NUMBER_TYPES = ("i32", "i64", "f32", "f64")


@dataclass(frozen=True)
class Value:
    """One entry of the stack, a local, or a global.

    Attributes
    ----------
    type : str
        ``"i32"``, ``"i64"``, ``"f32"``, ``"f64"`` or a reference type.
    bits : int or None
        The bits, unsigned; a reference to a function holds its index, a null reference None.

    Examples
    --------
    >>> print(Value("i32", 0xFFFFFFFF), Value("f32", 0x3DCCCCCD), Value("funcref", None))
    -1 0.1 null
    """

    type: str
    bits: int | None

    @property
    def number(self) -> Number:
        """The value as Python has it: integers signed, floats as floats."""
        if self.bits is None or self.type not in NUMBER_TYPES:
            return self.bits
        width = int(self.type[1:])
        return signed(self.bits, width) if self.type[0] == "i" else bits_to_float(self.bits, width)

    def __str__(self) -> str:
        if self.bits is None:
            return "null"
        if self.type in ("f32", "f64"):
            return float_text(self.bits, int(self.type[1:]))
        return str(self.number) if self.type in ("i32", "i64") else f"func {self.bits}"


def default_value(value_type: str) -> Value:
    """What a local of that type starts with: zero, or null.

    Examples
    --------
    >>> default_value("i64")
    Value(type='i64', bits=0)
    """
    return Value(value_type, 0 if value_type in NUMBER_TYPES else None)


def to_value(value_type: str, number: object, what: str) -> Value:
    """Take a number from Python.

    Parameters
    ----------
    value_type : str
        The type it must have.
    number : object
        An int for an integer type, signed or unsigned; an int or float for a float type; None for a null reference.
    what : str
        What the number is, for the message.

    Returns
    -------
    Value

    Raises
    ------
    ArgumentError
        If it is of another kind.
    ArgumentRangeError
        If it does not fit.

    Examples
    --------
    >>> to_value("i32", -1, "Argument 0")
    Value(type='i32', bits=4294967295)
    """
    if value_type in ("i32", "i64"):
        return Value(value_type, _integer(int(value_type[1:]), number, what))
    if value_type in ("f32", "f64"):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ArgumentError(f"{what} must be a number for {value_type}, not {type(number).__name__}.", remedy="Give an int or a float.")
        try:
            return Value(value_type, float_to_bits(float(number), int(value_type[1:])))
        except OverflowError:
            raise ArgumentRangeError(f"{what} is too large for {value_type}.", remedy="Give a smaller number, or math.inf.") from None
    if number is not None:
        raise ArgumentError(f"{what} is a {value_type}: the stepper can pass only null.", remedy="Give None.")
    return Value(value_type, None)


def _integer(width: int, number: object, what: str) -> int:
    try:
        if isinstance(number, bool):
            raise TypeError
        whole = operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentError(f"{what} must be an integer for i{width}, not {type(number).__name__}.", remedy="Give an int.") from None
    if not -(1 << (width - 1)) <= whole < 1 << width:
        raise ArgumentRangeError(
            f"{what} does not fit i{width}.", remedy=f"Give an integer from -2**{width - 1} to 2**{width - 1} - 1, or unsigned below 2**{width}."
        )
    return whole & ((1 << width) - 1)
