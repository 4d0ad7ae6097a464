"""Constant expressions: where a global starts, where a segment goes."""

from __future__ import annotations

from labkit.modules.decoder import read_instructions
from labkit.modules.reader import Reader
from labkit.modules.valuetypes import check_index

__all__ = ["read_constant"]

_NAMES = frozenset(
    [
        "i32.const",
        "i64.const",
        "f32.const",
        "f64.const",
        "v128.const",
        "ref.null",
        "ref.func",
        "global.get",
        "end",
        "i32.add",
        "i32.sub",
        "i32.mul",
        "i64.add",
        "i64.sub",
        "i64.mul",
        "struct.new",
        "struct.new_default",
        "array.new",
        "array.new_default",
        "array.new_fixed",
        "ref.i31",
        "any.convert_extern",
        "extern.convert_any",
    ]
)


def read_constant(reader: Reader, counts: dict[str, int]) -> str:
    """Read up to and with the ``end`` that closes a constant expression.

    Parameters
    ----------
    reader : Reader
        Stands in front of the first instruction.
    counts : dict
        How many there are to refer to, by index space: ``"type"``, ``"func"``, ``"global"``.

    Returns
    -------
    str
        The instructions as WAT, without the ``end``; several are joined by blanks.

    Raises
    ------
    MalformedModule
        If it is not closed, refers to something that is not there, or holds another instruction.

    Examples
    --------
    >>> read_constant(Reader(b"\\x41\\x2a\\x0b"), {})
    'i32.const 42'
    """
    words = []
    for instruction in read_instructions(reader):
        if instruction.name not in _NAMES:
            reader.fail(f"{instruction.name!r} is no instruction of a constant expression.", offset=instruction.offset)
        for space, value in zip(instruction.opcode.kinds, instruction.immediates):
            if space in ("type", "func", "global") and isinstance(value, int):
                check_index(reader, value, counts[space], space, instruction.offset + 1)
        words.append(str(instruction))
    return " ".join(words[:-1])
