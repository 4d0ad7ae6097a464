"""How the types of functions, tables, memories and globals are written in bytes, and the type section.

Every function reads from a `Reader` and notes what the bytes mean, so that reading and annotating are one grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labkit.modules.reader import Reader
from labkit.modules.types import ArrayType, DefinedType, FuncType, GlobalType, MemoryType, StructType, TableType
from labkit.modules.valuetypes import check_index, read_reference_type, read_value_type

__all__ = ["TypeEntry", "read_flag", "read_global_type", "read_memory_type", "read_table_type", "read_types"]

_PACKED = {0x78: "i8", 0x77: "i16"}


def read_flag(reader: Reader, what: str) -> bool:
    """Read a byte that must be 0 or 1."""
    byte = reader.u8()
    if byte > 1:
        reader.fail(f"{what} must be 0 or 1, not {byte}.", offset=reader.offset - 1)
    return byte == 1


def _limits(reader: Reader, allowed: int) -> tuple[int, int, int | None]:
    """Read flags, minimum and maximum; the flags say which of them are there and how wide."""
    flags = reader.u8()
    if flags & ~allowed:
        reader.fail(f"0x{flags:02x} are no flags for limits here.", offset=reader.offset - 1)
    size = reader.u64 if flags & 4 else reader.u32
    minimum = size()
    return flags, minimum, size() if flags & 1 else None


def read_table_type(reader: Reader, type_count: int) -> TableType:
    """Read what a table holds and its limits."""
    element = read_reference_type(reader, type_count)
    flags, minimum, maximum = _limits(reader, 0b0101)
    return TableType(element, minimum, maximum, is_64=bool(flags & 4))


def read_memory_type(reader: Reader) -> MemoryType:
    """Read a memory's limits, in pages."""
    flags, minimum, maximum = _limits(reader, 0b1111)
    page_size_bytes = 65536
    if flags & 8:
        start = reader.offset
        exponent = reader.u32()
        if exponent > 16:
            reader.fail(f"pages of 2^{exponent} bytes are larger than 65,536 bytes.", offset=start)
        page_size_bytes = 1 << exponent
    return MemoryType(minimum, maximum, shared=bool(flags & 2), is_64=bool(flags & 4), page_size_bytes=page_size_bytes)


def read_global_type(reader: Reader, type_count: int) -> GlobalType:
    """Read a global's content and whether it may change."""
    content = read_value_type(reader, type_count)
    return GlobalType(content, mutable=read_flag(reader, "mutability"))


@dataclass(frozen=True)
class TypeEntry:
    """One type that the type section defines.

    Attributes
    ----------
    type : FuncType, StructType or ArrayType
    supertypes : tuple of int
        Types it is declared a subtype of.
    is_final : bool
        Whether no other type may be declared a subtype of it.
    group : int
        Index of the first type of its recursion group.
    group_size : int
        Number of types in that group; types may refer to each other within it.
    """

    type: DefinedType
    supertypes: tuple[int, ...] = ()
    is_final: bool = True
    group: int = 0
    group_size: int = 1


def read_types(reader: Reader) -> Iterator[TypeEntry]:
    """Read the type section, one entry after the other."""
    index = 0
    for _ in range(reader.items("type")):
        size = 1
        if reader.peek() == 0x4E:
            reader.skip(1)
            size = reader.items("type in a recursion group", "types in a recursion group")
        group = index
        for index in range(group, group + size):
            yield _type_entry(reader, index, group, size)
        index = group + size


def _type_entry(reader: Reader, index: int, group: int, size: int) -> TypeEntry:
    """Read one type, with the supertypes it may declare."""
    is_final = True
    supertypes: tuple[int, ...] = ()
    if reader.peek() in (0x50, 0x4F):
        is_final = reader.u8() == 0x4F
        start = reader.offset
        # A supertype comes before its subtypes.
        supertypes = tuple(check_index(reader, reader.u32(), index, "supertype", start) for _ in range(reader.count("supertypes")))
        reader.note("type {} is {}a subtype of {}", index, "finally " if is_final else "", supertypes or "nothing")
    start = reader.offset
    form = reader.u8()
    read = _FORMS.get(form)
    if read is None:
        reader.fail(f"0x{form:02x} begins no type: 0x60 begins a function's.", offset=start)
    return TypeEntry(read(reader, index, group + size), supertypes, is_final, group, size)


def _func_type(reader: Reader, index: int, type_count: int) -> FuncType:
    reader.note("type {} is a function", index)
    params = tuple([read_value_type(reader, type_count) for _ in range(reader.count("parameters"))])
    reader.note("parameters: {}", ", ".join(params) or "none")
    results = tuple([read_value_type(reader, type_count) for _ in range(reader.count("results"))])
    reader.note("results: {}", ", ".join(results) or "none")
    return FuncType(params, results)


def _struct_type(reader: Reader, index: int, type_count: int) -> StructType:
    reader.note("type {} is a structure", index)
    fields = tuple([_field_type(reader, type_count) for _ in range(reader.count("fields"))])
    reader.note("fields: {}", ", ".join(fields) or "none")
    return StructType(fields)


def _array_type(reader: Reader, index: int, type_count: int) -> ArrayType:
    reader.note("type {} is an array", index)
    element = _field_type(reader, type_count)
    reader.note("of {}", element)
    return ArrayType(element)


def _field_type(reader: Reader, type_count: int) -> str:
    """Read what a field stores and whether it may change."""
    packed = _PACKED.get(reader.peek())
    if packed is None:
        packed = read_value_type(reader, type_count)
    else:
        reader.skip(1)
    return f"(mut {packed})" if read_flag(reader, "mutability") else packed


_FORMS: dict[int, Callable[[Reader, int, int], DefinedType]] = {0x60: _func_type, 0x5F: _struct_type, 0x5E: _array_type}
