"""Floats as the bits WebAssembly sees: to and from Python numbers, rounded as the format does, and written as WAT.

Python has no 32-bit float and forgets what a NaN carries, so the rest of this package keeps floats as unsigned integers.
"""

from __future__ import annotations

import math
import struct

__all__ = ["bits_to_float", "float_text", "float_to_bits", "is_nan"]

_PACKED = {32: ("<f", "<I"), 64: ("<d", "<Q")}
_FRACTION_BITS = {32: 23, 64: 52}
_INFINITY = {32: 0x7F80_0000, 64: 0x7FF0_0000_0000_0000}


def float_to_bits(number: float, width: int) -> int:
    """Round a number to a float of that width; every NaN becomes the canonical one.

    Parameters
    ----------
    number : float
        Any Python float.
    width : int
        32 or 64 bits.

    Returns
    -------
    int
        The bits, unsigned.

    Examples
    --------
    >>> hex(float_to_bits(0.1, 32)), hex(float_to_bits(1e39, 32))
    ('0x3dcccccd', '0x7f800000')
    """
    if number != number:
        return _INFINITY[width] | 1 << (_FRACTION_BITS[width] - 1)
    as_float, as_int = _PACKED[width]
    try:
        return int(struct.unpack(as_int, struct.pack(as_float, number))[0])
    except OverflowError:  # it rounds to an infinity
        return _INFINITY[width] | (1 << (width - 1) if number < 0 else 0)


def bits_to_float(bits: int, width: int) -> float:
    """Read the bits of a float of that width.

    Parameters
    ----------
    bits : int
        Unsigned.
    width : int
        32 or 64.

    Returns
    -------
    float
        The number; a NaN loses what it carries.

    Examples
    --------
    >>> bits_to_float(0x3F800000, 32)
    1.0
    """
    as_float, as_int = _PACKED[width]
    return float(struct.unpack(as_float, struct.pack(as_int, bits))[0])


def is_nan(bits: int, width: int) -> bool:
    """Whether the bits are a NaN.

    Examples
    --------
    >>> is_nan(0x7FC00000, 32), is_nan(0x7F800000, 32)
    (True, False)
    """
    return bits & ~(1 << (width - 1)) > _INFINITY[width]


def float_text(bits: int, width: int) -> str:
    """Write a float as WAT reads it back, bit for bit, in as few digits as that takes.

    Parameters
    ----------
    bits : int
        Unsigned.
    width : int
        32 or 64.

    Returns
    -------
    str
        A decimal number, ``inf``, ``nan``, or ``nan:0x…`` where the NaN is not the canonical one.

    Examples
    --------
    >>> float_text(0x3DCCCCCD, 32), float_text(0xFF800000, 32), float_text(0x7FA00000, 32)
    ('0.1', '-inf', 'nan:0x200000')
    """
    sign = "-" if bits >> (width - 1) else ""
    if is_nan(bits, width):
        fraction = bits & ((1 << _FRACTION_BITS[width]) - 1)
        return f"{sign}nan" if fraction == 1 << (_FRACTION_BITS[width] - 1) else f"{sign}nan:0x{fraction:x}"
    number = bits_to_float(bits, width)
    if width == 64 or math.isinf(number):
        return repr(number)
    # Nine digits tell any two 32-bit floats apart; most need fewer.
    candidates = (float(f"{number:.{digits}g}") for digits in range(1, 10))
    return repr(next(short for short in candidates if float_to_bits(short, 32) == bits))
