"""What an answer may be: values whose every part is of a known type, so that looking at them runs nobody's code."""

from __future__ import annotations

from labkit.errors import TrapKind

__all__ = ["plain", "show", "type_name"]

_SCALARS = (bool, int, float, str, bytes, type(None), type(...), TrapKind)
_LARGEST_PARTS = 10_000
_LARGEST_DEPTH = 20


def type_name(answer: object) -> str:
    """Name of an object's type, read without asking the object or its type.

    Examples
    --------
    >>> type_name([1])
    'list'
    """
    name: str = type.__dict__["__name__"].__get__(type(answer))
    return name


def plain(answer: object) -> object:
    """Copy an answer, if it is plain: numbers, text, bytes, None, trap kinds, and lists, tuples, sets and dicts of those.

    Parameters
    ----------
    answer : object
        Anything, even an object made to harm whoever looks at it.

    Returns
    -------
    object
        An equal value; a bytearray or memoryview as bytes.

    Raises
    ------
    ValueError
        If it is not plain, or has more than 10,000 parts or 20 levels; the message is a whole sentence.

    Examples
    --------
    >>> plain([1, bytearray(b"a")])
    [1, b'a']
    """
    return _Copier().copy(answer, 0)


class _Copier:
    """Counts the parts of one answer as it copies them."""

    def __init__(self) -> None:
        self.parts = 0

    def copy(self, value: object, depth: int) -> object:
        self.parts += 1
        if self.parts > _LARGEST_PARTS or depth > _LARGEST_DEPTH:
            raise ValueError("The answer is larger than any answer to an exercise: give just what was asked for.")
        kind = type(value)
        # Exact types and `is`: a subclass may answer every question as it likes, and so may a type's own ==.
        if any(kind is scalar for scalar in _SCALARS):
            return value
        if kind is bytearray or kind is memoryview:
            try:
                return bytes(value)  # type: ignore[call-overload]
            except (ValueError, BufferError):
                raise ValueError("The answer is a memoryview that was released: give the bytes themselves.") from None
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            return kind([self.copy(part, depth + 1) for part in value])  # type: ignore[attr-defined]
        if kind is dict:
            return {self.copy(key, depth + 1): self.copy(part, depth + 1) for key, part in value.items()}  # type: ignore[attr-defined]
        raise ValueError(f"The answer is of type {type_name(value)}: give a plain Python value, or the module's bytes.")


def show(value: object) -> str:
    """Write a plain value briefly.

    Examples
    --------
    >>> show(b"abc" * 100)
    '300 bytes'
    """
    if type(value) is bytes and len(value) > 16:
        return f"{len(value)} bytes"
    if type(value) is int and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    if type(value) is TrapKind:
        return f"TrapKind.{value.name}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}…"
