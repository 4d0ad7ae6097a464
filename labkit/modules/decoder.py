"""Turns the bytes of an expression into instructions.

The list is flat, as in the binary: nested blocks are a matter of counting, so depth costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from labkit.errors import MalformedModule
from labkit.modules.instructions import Cast, Catch, Immediate, Instruction, MemoryAccess
from labkit.modules.opcodes import OPCODES, PREFIXES, Opcode
from labkit.modules.reader import Reader
from labkit.modules.valuetypes import read_heap_type, read_value_type

__all__ = ["read_instructions"]


def read_instructions(reader: Reader) -> Iterator[Instruction]:
    """Read an expression up to the ``end`` that closes it.

    Parameters
    ----------
    reader : Reader
        Stands at the first instruction; stands behind the closing ``end`` afterwards.

    Yields
    ------
    Instruction
        Each as it is read, so that a damaged end does not hide a sound beginning.

    Raises
    ------
    MalformedModule
        If an opcode is unknown, an immediate is damaged, the blocks do not nest, or the bytes run out.

    Examples
    --------
    >>> [instruction.name for instruction in read_instructions(Reader(b"\\x01\\x0b"))]
    ['nop', 'end']
    """
    openers = ["expression"]
    while openers:
        offset = reader.offset
        opcode = _read_opcode(reader)
        instruction = Instruction(offset, opcode, tuple(_READERS[kind](reader) for kind in opcode.kinds))
        if instruction.opens:
            openers.append(opcode.name)
        elif opcode.name == "end":
            openers.pop()
        elif opcode.name in _CONTINUES:
            if openers[-1] not in _CONTINUES[opcode.name]:
                raise MalformedModule(f"{opcode.name!r} does not belong into {openers[-1]!r}.", offset=offset)
            openers.pop()
            if opcode.name != "delegate":
                openers.append(opcode.name)
        yield instruction


# Instructions that stand only inside certain blocks, and end their first part (`delegate` ends the block itself).
_CONTINUES = {"else": ("if",), "catch": ("try", "catch"), "catch_all": ("try", "catch"), "delegate": ("try",)}


def _read_opcode(reader: Reader) -> Opcode:
    offset = reader.offset
    first = reader.u8()
    prefix, number = (first, reader.u32()) if first in PREFIXES else (0, first)
    opcode = OPCODES.get((prefix, number))
    if opcode is None:
        written = f"0x{first:02x} 0x{number:02x}" if prefix else f"0x{first:02x}"
        raise MalformedModule(
            f"unknown opcode {written}.",
            offset=offset,
            remedy="Build the module without experimental features, or look at the bytes around that offset.",
        )
    return opcode


def _read_block_type(reader: Reader) -> str | int | None:
    first = reader.peek()
    if first == 0x40:
        reader.u8()
        return None
    if 0x40 < first < 0x80:  # a negative number: a value type
        return read_value_type(reader)
    offset = reader.offset
    index = reader.s33()
    if index < 0:
        raise MalformedModule(f"{index} is no block type.", offset=offset)
    return index


def _read_memory_access(reader: Reader) -> MemoryAccess:
    offset = reader.offset
    flags = reader.u32()
    if flags >= 0x80:
        raise MalformedModule(f"0x{flags:x} is no alignment of a memory access.", offset=offset)
    memory = reader.u32() if flags & 0x40 else 0
    return MemoryAccess(reader.u64(), flags & 0x3F, memory)


_CATCHES = ("catch", "catch_ref", "catch_all", "catch_all_ref")


def _read_catch(reader: Reader) -> Catch:
    offset = reader.offset
    number = reader.u8()
    if number >= len(_CATCHES):
        raise MalformedModule(f"unknown clause 0x{number:02x} of a try_table.", offset=offset)
    tag = reader.u32() if number < 2 else None
    return Catch(_CATCHES[number], tag, reader.u32())


def _read_cast(reader: Reader) -> Cast:
    offset = reader.offset
    flags = reader.u8()
    if flags > 3:
        raise MalformedModule(f"0x{flags:02x} are no flags of a cast.", offset=offset)
    label = reader.u32()
    source, target = read_heap_type(reader), read_heap_type(reader)
    return Cast(label, _reference(source, nullable=bool(flags & 1)), _reference(target, nullable=bool(flags & 2)))


def _reference(heap_type: str, *, nullable: bool) -> str:
    return f"(ref {'null ' if nullable else ''}{heap_type})"


def _read_zero(reader: Reader) -> None:
    offset = reader.offset
    if reader.u8():
        raise MalformedModule("a reserved byte is not zero.", offset=offset)


def _indices(reader: Reader) -> tuple[int, ...]:
    """Read the labels of a ``br_table``: those of the table, then the default."""
    return (*(reader.u32() for _ in range(reader.count("labels"))), reader.u32())


_READERS: dict[str, Callable[[Reader], Immediate]] = {
    **dict.fromkeys(("func", "type", "table", "memory", "elem", "data", "tag", "local", "global", "label", "field", "count"), Reader.u32),
    "i32": Reader.s32,
    "i64": Reader.s64,
    "f32": Reader.f32_bits,
    "f64": Reader.f64_bits,
    "v128": lambda reader: reader.take(16),
    "lane": Reader.u8,
    "lanes": lambda reader: tuple(reader.take(16)),
    "labels": _indices,
    "block": _read_block_type,
    "memarg": _read_memory_access,
    "catches": lambda reader: tuple(_read_catch(reader) for _ in range(reader.count("catch clauses"))),
    "cast": _read_cast,
    "heap": read_heap_type,
    "ref": lambda reader: _reference(read_heap_type(reader), nullable=False),
    "ref null": lambda reader: _reference(read_heap_type(reader), nullable=True),
    "results": lambda reader: tuple(read_value_type(reader) for _ in range(reader.count("types"))),
    "zero": _read_zero,
}
