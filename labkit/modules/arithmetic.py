"""What every numeric instruction computes, in plain Python, exactly as the specification says.

Operands and results are bit patterns: unsigned integers of the type's width, for floats too. Wrap-around is then a mask,
reinterpretation is nothing at all, and the sign of a zero or a NaN is never lost on the way.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from labkit.errors import TrapKind
from labkit.modules.floats import bits_to_float, float_to_bits, is_nan

__all__ = ["OPERATIONS", "Operation", "Trapped", "signed"]


class Trapped(Exception):
    """Leaves the computation from wherever it traps; the stepper records it and never lets it out."""

    def __init__(self, kind: TrapKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


class Operation(NamedTuple):
    """A numeric instruction: the types it takes and gives, and the function on their bits."""

    params: tuple[str, ...]
    result: str
    apply: Callable[..., int]


def signed(bits: int, width: int) -> int:
    """Read unsigned bits as two's complement.

    Examples
    --------
    >>> signed(0xFFFFFFFF, 32)
    -1
    """
    return bits - (1 << width) if bits >> (width - 1) else bits


def _integer_operations(width: int) -> dict[str, Operation]:
    """Arithmetic, bits, shifts and comparisons of i32 or i64."""
    kind, mask = f"i{width}", (1 << width) - 1

    def divide(a: int, b: int) -> int:
        if b == 0:
            raise Trapped(TrapKind.INTEGER_DIVIDE_BY_ZERO)
        x, y = signed(a, width), signed(b, width)
        quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        if quotient >> (width - 1) == 1:  # only the smallest integer divided by -1
            raise Trapped(TrapKind.INTEGER_OVERFLOW)
        return quotient & mask

    def remainder(a: int, b: int) -> int:
        if b == 0:
            raise Trapped(TrapKind.INTEGER_DIVIDE_BY_ZERO)
        x = signed(a, width)
        return abs(x) % abs(signed(b, width)) * (1 if x >= 0 else -1) & mask

    def unsigned_division(compute: Callable[[int, int], int]) -> Callable[[int, int], int]:
        def apply(a: int, b: int) -> int:
            if b == 0:
                raise Trapped(TrapKind.INTEGER_DIVIDE_BY_ZERO)
            return compute(a, b)

        return apply

    def rotate_left(a: int, b: int) -> int:
        count = b % width
        return (a << count | a >> (width - count)) & mask

    def extend(bits: int) -> Callable[[int], int]:
        return lambda a: signed(a & ((1 << bits) - 1), bits) & mask

    unary: dict[str, Callable[[int], int]] = {
        "clz": lambda a: width - a.bit_length(),
        "ctz": lambda a: (a & -a).bit_length() - 1 if a else width,
        "popcnt": lambda a: bin(a).count("1"),
        "extend8_s": extend(8),
        "extend16_s": extend(16),
    }
    if width == 64:
        unary["extend32_s"] = extend(32)
    binary: dict[str, Callable[[int, int], int]] = {
        "add": lambda a, b: (a + b) & mask,
        "sub": lambda a, b: (a - b) & mask,
        "mul": lambda a, b: a * b & mask,
        "div_s": divide,
        "div_u": unsigned_division(operator.floordiv),
        "rem_s": remainder,
        "rem_u": unsigned_division(operator.mod),
        "and": operator.and_,
        "or": operator.or_,
        "xor": operator.xor,
        "shl": lambda a, b: a << b % width & mask,
        "shr_s": lambda a, b: signed(a, width) >> b % width & mask,
        "shr_u": lambda a, b: a >> b % width,
        "rotl": rotate_left,
        "rotr": lambda a, b: rotate_left(a, -b % width),
    }
    found = {f"{kind}.{name}": Operation((kind,), kind, apply) for name, apply in unary.items()}
    found |= {f"{kind}.{name}": Operation((kind, kind), kind, apply) for name, apply in binary.items()}
    found[f"{kind}.eqz"] = Operation((kind,), "i32", lambda a: int(a == 0))
    for name, compare in _COMPARISONS.items():
        if name in ("eq", "ne"):
            found[f"{kind}.{name}"] = Operation((kind, kind), "i32", _as_i32(compare))
        else:
            found[f"{kind}.{name}_u"] = Operation((kind, kind), "i32", _as_i32(compare))
            found[f"{kind}.{name}_s"] = Operation((kind, kind), "i32", _as_i32(compare, lambda a: signed(a, width)))
    return found


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
}


def _as_i32(compare: Callable[[float, float], bool], read: Callable[[int], float] = int) -> Callable[[int, int], int]:
    return lambda a, b: int(compare(read(a), read(b)))


def _float_operations(width: int) -> dict[str, Operation]:
    """Arithmetic, rounding and comparisons of f32 or f64.

    An f32 result is computed as an f64 and rounded: for these operations, 53 bits are enough to round twice without harm.
    """
    kind, sign = f"f{width}", 1 << (width - 1)

    def read(bits: int) -> float:
        return bits_to_float(bits, width)

    def unary(compute: Callable[[float], float]) -> Operation:
        return Operation((kind,), kind, lambda a: float_to_bits(compute(read(a)), width))

    def binary(compute: Callable[[float, float], float]) -> Operation:
        return Operation((kind, kind), kind, lambda a, b: float_to_bits(compute(read(a), read(b)), width))

    def rounding(to_whole: Callable[[float], int]) -> Operation:
        return unary(lambda x: math.copysign(to_whole(x), x) if math.isfinite(x) else x)

    found = {
        "abs": Operation((kind,), kind, lambda a: a & ~sign),
        "neg": Operation((kind,), kind, lambda a: a ^ sign),
        "copysign": Operation((kind, kind), kind, lambda a, b: a & ~sign | b & sign),
        "ceil": rounding(math.ceil),
        "floor": rounding(math.floor),
        "trunc": rounding(math.trunc),
        "nearest": rounding(round),  # Python, too, rounds halves to even
        "sqrt": unary(lambda x: math.nan if x < 0 else math.sqrt(x)),
        "add": binary(operator.add),
        "sub": binary(operator.sub),
        "mul": binary(operator.mul),
        "div": binary(_divide),
        "min": binary(_smallest),
        "max": binary(lambda x, y: -_smallest(-x, -y)),
    }
    found |= {name: Operation((kind, kind), "i32", _as_i32(compare, read)) for name, compare in _COMPARISONS.items()}
    return {f"{kind}.{name}": operation for name, operation in found.items()}


def _divide(x: float, y: float) -> float:
    if y:
        return x / y
    return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1, y)


def _smallest(x: float, y: float) -> float:
    """The smaller number; a NaN if either is one; -0.0 is smaller than 0.0."""
    if x != x or y != y:
        return math.nan
    if x == y:
        return x if math.copysign(1, x) < 0 else y
    return min(x, y)


def _truncations(integer: int, floating: int, suffix: str) -> dict[str, Operation]:
    """Float to integer: one that traps outside the range, and one that saturates."""
    lowest = -(1 << (integer - 1)) if suffix == "s" else 0
    highest = (1 << (integer - (suffix == "s"))) - 1
    mask = (1 << integer) - 1

    def truncate(bits: int) -> int:
        if is_nan(bits, floating):
            raise Trapped(TrapKind.INVALID_CONVERSION)
        number = bits_to_float(bits, floating)
        if math.isinf(number) or not lowest <= (whole := math.trunc(number)) <= highest:
            raise Trapped(TrapKind.INTEGER_OVERFLOW)
        return whole & mask

    def saturate(bits: int) -> int:
        if is_nan(bits, floating):
            return 0
        number = bits_to_float(bits, floating)
        if math.isinf(number):
            return (highest if number > 0 else lowest) & mask
        return min(max(math.trunc(number), lowest), highest) & mask

    source, target = f"f{floating}", f"i{integer}"
    return {
        f"{target}.trunc_{source}_{suffix}": Operation((source,), target, truncate),
        f"{target}.trunc_sat_{source}_{suffix}": Operation((source,), target, saturate),
    }


def _whole_to_float(number: int, width: int) -> int:
    """Round an integer to a float once: bits that cannot matter are folded into one that breaks ties, so f64 in between is exact."""
    excess = max(0, abs(number).bit_length() - 53)
    if width == 32 and excess:
        folded = abs(number) >> excess
        folded |= abs(number) != folded << excess
        number = (folded << excess) * (-1 if number < 0 else 1)
    return float_to_bits(float(number), width)


def _conversions() -> dict[str, Operation]:
    found: dict[str, Operation] = {
        "i32.wrap_i64": Operation(("i64",), "i32", lambda a: a & 0xFFFF_FFFF),
        "i64.extend_i32_s": Operation(("i32",), "i64", lambda a: signed(a, 32) & (2**64 - 1)),
        "i64.extend_i32_u": Operation(("i32",), "i64", int),
        "f32.demote_f64": Operation(("f64",), "f32", lambda a: float_to_bits(bits_to_float(a, 64), 32)),
        "f64.promote_f32": Operation(("f32",), "f64", lambda a: float_to_bits(bits_to_float(a, 32), 64)),
    }
    for width in (32, 64):
        found[f"i{width}.reinterpret_f{width}"] = Operation((f"f{width}",), f"i{width}", int)
        found[f"f{width}.reinterpret_i{width}"] = Operation((f"i{width}",), f"f{width}", int)
        for source in (32, 64):
            found |= _truncations(width, source, "s") | _truncations(width, source, "u")
            found |= _from_integers(width, source)
    return found


def _from_integers(floating: int, integer: int) -> dict[str, Operation]:
    name, source, target = f"f{floating}.convert_i{integer}", f"i{integer}", f"f{floating}"
    return {
        f"{name}_s": Operation((source,), target, lambda a: _whole_to_float(signed(a, integer), floating)),
        f"{name}_u": Operation((source,), target, lambda a: _whole_to_float(a, floating)),
    }


#: Instruction name -> `Operation`: MVP, sign extension, saturating conversions.
OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {name: operation for width in (32, 64) for part in (_integer_operations(width), _float_operations(width)) for name, operation in part.items()}
    | _conversions()
)
