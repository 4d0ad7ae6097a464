"""Moves what a module does when it is instantiated into a function that is called afterwards.

Wasmer frees an instance whose initialisation traps, though a table that it shares may hold its functions by then: the
next call through that table would run freed memory. An instance that was made first and initialised by a call stays. The
specification defines active segments and the start function as exactly the instructions that are written here.
"""

from __future__ import annotations

from labkit.modules.contents import read_contents
from labkit.modules.decoder import read_instructions
from labkit.modules.reader import Reader
from labkit.modules.sections import CUSTOM, SECTION_NAMES, read_sections
from labkit.modules.valuetypes import read_reference_type

__all__ = ["INITIALISE", "defer_initialisation"]

#: The export that the rewritten module is initialised by.
INITIALISE = "labkit: initialise"

_HEADER = b"\0asm\x01\0\0\0"
_NUMBERS = {name: number for number, name in SECTION_NAMES.items()}
_ORDER = ("type", "import", "function", "table", "memory", "global", "export", "element", "data count", "code", "data")
_END = b"\x0b"


def defer_initialisation(wasm: bytes) -> bytes:
    """Rewrite a module so that its segments are passive, it has no start function, and it exports `INITIALISE`.

    Parameters
    ----------
    wasm : bytes
        A valid module; its own indices stay as they are, the offsets of its code do not.

    Returns
    -------
    bytes

    Examples
    --------
    >>> from labkit.modules.interface import read_interface
    >>> from labkit.modules.load import to_wasm
    >>> wasm = to_wasm('(module (memory 1) (data (i32.const 8) "x") (func $f) (start $f))')
    >>> [str(export) for export in read_interface(defer_initialisation(wasm)).exports]
    ['labkit: initialise: func () -> ()']
    """
    found = read_contents(wasm)
    parts: dict[str, bytes] = {}
    customs: list[bytes] = []
    steps: list[bytes] = []
    for section, contents in read_sections(Reader(wasm, len(_HEADER))):
        end = section.offset + section.size_bytes
        if section.id == CUSTOM:
            customs.append(wasm[section.offset : end])
        elif section.name in _PASSIVE:
            segments = [_PASSIVE[section.name](contents, i, steps) for i in range(contents.u32())]
            parts[section.name] = _unsigned(len(segments)) + b"".join(segments)
        else:
            parts[section.name] = wasm[section.contents_offset : end]
    if parts.pop("start", None):
        steps.append(b"\x10" + _unsigned(found.declarations.start or 0))
    if "data" in parts:
        parts["data count"] = _unsigned(len(found.data))
    _append(parts, "type", b"\x60\0\0")
    _append(parts, "function", _unsigned(len(found.declarations.types)))
    name = INITIALISE.encode()
    _append(parts, "export", _unsigned(len(name)) + name + b"\0" + _unsigned(len(found.declarations.functions)))
    body = b"\0" + b"".join(steps) + _END
    _append(parts, "code", _unsigned(len(body)) + body)
    sections = [bytes([_NUMBERS[part]]) + _unsigned(len(parts[part])) + parts[part] for part in _ORDER if part in parts]
    return _HEADER + b"".join(sections + customs)


def _append(parts: dict[str, bytes], part: str, item: bytes) -> None:
    """Add an item at the end of a section."""
    reader = Reader(parts.get(part, b"\0"))
    count = reader.u32()
    parts[part] = _unsigned(count + 1) + reader.take(reader.end - reader.offset) + item


def _passive_element(reader: Reader, index: int, steps: list[bytes]) -> bytes:
    """Copy an element segment, as a passive one; an active one leaves the step that copies it."""
    start = reader.offset
    flags = reader.u32()
    has_expressions = flags & 4
    table = reader.u32() if flags & 3 == 2 else 0
    offset = b"" if flags & 1 else _expression(reader)
    kind_start = reader.offset
    if flags & 3:
        if has_expressions:
            read_reference_type(reader)
        else:
            reader.skip(1)
    kind = bytes(reader.data[kind_start : reader.offset]) or (b"\x70" if has_expressions else b"\0")
    items_start = reader.offset
    count = reader.u32()
    for _ in range(count):
        if has_expressions:
            _expression(reader)
        else:
            reader.u32()
    if flags & 1:
        return bytes(reader.data[start : reader.offset])
    segment = _unsigned(index)
    steps.append(offset + _first(count) + b"\xfc\x0c" + segment + _unsigned(table) + b"\xfc\x0d" + segment)
    return (b"\x05" if has_expressions else b"\x01") + kind + bytes(reader.data[items_start : reader.offset])


def _passive_data(reader: Reader, index: int, steps: list[bytes]) -> bytes:
    """Copy a data segment, as a passive one; an active one leaves the step that copies it."""
    flags = reader.u32()
    if flags == 2:
        reader.u32()  # the memory: there is only one
    offset = b"" if flags == 1 else _expression(reader)
    size_bytes = reader.u32()
    if flags != 1:
        segment = _unsigned(index)
        steps.append(offset + _first(size_bytes) + b"\xfc\x08" + segment + b"\0" + b"\xfc\x09" + segment)
    return b"\x01" + _unsigned(size_bytes) + reader.take(size_bytes)


_PASSIVE = {"element": _passive_element, "data": _passive_data}


def _expression(reader: Reader) -> bytes:
    """Take an expression, without the `end` that closes it."""
    start = reader.offset
    for _ in read_instructions(reader):
        pass
    return bytes(reader.data[start : reader.offset - len(_END)])


def _first(count: int) -> bytes:
    """Write the constants 0 and count."""
    return b"\x41\0\x41" + _signed(count)


def _unsigned(number: int) -> bytes:
    """Write LEB128."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _signed(number: int) -> bytes:
    """Write signed LEB128 of a number that is not negative."""
    written = _unsigned(number)
    return written if written[-1] < 0x40 else written[:-1] + bytes([written[-1] | 0x80, 0])
