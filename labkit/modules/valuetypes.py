"""How value types are written in bytes; the sections and the instructions both need them."""

from __future__ import annotations

from labkit.modules.reader import Reader

__all__ = ["check_index", "read_heap_type", "read_reference_type", "read_value_type"]

_NUMBERS = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
# Abstract heap types: the name, and the short form of a nullable reference to it.
_HEAPS = {
    0x74: ("noexn", "nullexnref"),
    0x73: ("nofunc", "nullfuncref"),
    0x72: ("noextern", "nullexternref"),
    0x71: ("none", "nullref"),
    0x70: ("func", "funcref"),
    0x6F: ("extern", "externref"),
    0x6E: ("any", "anyref"),
    0x6D: ("eq", "eqref"),
    0x6C: ("i31", "i31ref"),
    0x6B: ("struct", "structref"),
    0x6A: ("array", "arrayref"),
    0x69: ("exn", "exnref"),
}
_SHORT = dict(_HEAPS.values())


def read_value_type(reader: Reader, type_count: int | None = None) -> str:
    """Read a value type.

    Parameters
    ----------
    reader : Reader
        Stands in front of the type.
    type_count : int, optional
        How many types the module defines, where a reference to another one is to be refused here.

    Returns
    -------
    str
        As WAT spells it; references in their short form where they have one.

    Raises
    ------
    MalformedModule
        If the bytes are no value type, or refer to a type that does not exist.

    Examples
    --------
    >>> read_value_type(Reader(b"\\x7f")), read_value_type(Reader(b"\\x63\\x70")), read_value_type(Reader(b"\\x63\\x03"))
    ('i32', 'funcref', '(ref null 3)')
    """
    start = reader.offset
    byte = reader.u8()
    if number := _NUMBERS.get(byte):
        return number
    if heap := _HEAPS.get(byte):
        return heap[1]
    if byte == 0x64:
        return f"(ref {read_heap_type(reader, type_count)})"
    if byte == 0x63:
        target = read_heap_type(reader, type_count)
        return _SHORT.get(target, f"(ref null {target})")
    reader.fail(f"0x{byte:02x} is no value type.", offset=start)


def read_reference_type(reader: Reader, type_count: int | None = None) -> str:
    """Read a value type that must be a reference.

    Examples
    --------
    >>> read_reference_type(Reader(b"\\x6f"))
    'externref'
    """
    start = reader.offset
    found = read_value_type(reader, type_count)
    if found in _NUMBERS.values():
        reader.fail(f"{found} is no reference type.", offset=start)
    return found


def read_heap_type(reader: Reader, type_count: int | None = None) -> str:
    """Read what a reference points to: an abstract heap type by name, or a defined type by index.

    Examples
    --------
    >>> read_heap_type(Reader(b"\\x6d")), read_heap_type(Reader(b"\\x05"))
    ('eq', '5')
    """
    start = reader.offset
    number = reader.s33()
    if number >= 0:
        return str(number if type_count is None else check_index(reader, number, type_count, "type", start))
    heap = _HEAPS.get(number & 0x7F) if number >= -64 else None
    if heap is None:
        reader.fail("this is no heap type.", offset=start)
    return heap[0]


def check_index(reader: Reader, index: int, count: int, what: str, offset: int) -> int:
    """Give the index back if it is below the count; refuse it otherwise.

    Examples
    --------
    >>> check_index(Reader(b"\\x02"), 2, 3, "function", 0)
    2
    """
    if index >= count:
        reader.fail(f"{what} {index} does not exist: there are {count} here.", offset=offset)
    return index
