"""A limit on memory written into the module, for runtimes that have none of their own."""

from __future__ import annotations

from labkit.errors import LimitExceeded
from labkit.modules.encoding import read_memory_type
from labkit.modules.reader import Reader
from labkit.modules.sections import read_sections

__all__ = ["limit_memories"]

_HEADER_BYTES = 8
_MEMORY = 5


def limit_memories(wasm: bytes, limit_bytes: int, *, remedy: str = "Raise Limits(memory=…).") -> bytes:
    """Lower the maximum that a module declares for each of its memories, so that ``memory.grow`` fails at the limit on every runtime.

    Parameters
    ----------
    wasm : bytes
        A core module.
    limit_bytes : int
        Largest size of each memory.
    remedy : str, optional
        What to do where one is larger.

    Returns
    -------
    bytes
        The module; nothing else in it is changed.

    Raises
    ------
    LimitExceeded
        If a memory is larger than that from the start.

    Examples
    --------
    >>> from labkit.modules.interface import read_interface
    >>> from labkit.modules.load import to_wasm
    >>> wasm = to_wasm('(module (memory (export "memory") 1))')
    >>> str(read_interface(limit_memories(wasm, 2**20)).exports[0])
    'memory: memory 1..16 pages'
    """
    parts, end = [], 0
    for section, contents in read_sections(Reader(wasm, _HEADER_BYTES)):
        if section.id != _MEMORY:
            continue
        limited = b"".join(_limited(contents, limit_bytes, remedy) for _ in range(contents.count("memories")))
        body = _unsigned(section.item_count or 0) + limited
        parts += [wasm[: section.offset], bytes([_MEMORY]), _unsigned(len(body)), body]
        end = section.offset + section.size_bytes
    return b"".join(parts) + wasm[end:]


def _limited(reader: Reader, limit_bytes: int, remedy: str) -> bytes:
    """Read one memory type, and write it again with a lower maximum."""
    start = reader.offset
    memory = read_memory_type(reader)
    written = bytes(reader.data[start : reader.offset])
    pages = limit_bytes // memory.page_size_bytes
    if memory.minimum_pages > pages:
        size_bytes = memory.minimum_pages * memory.page_size_bytes
        raise LimitExceeded(f"The module's memory begins with {size_bytes} bytes, and {limit_bytes} are allowed.", remedy=remedy)
    if memory.maximum_pages is not None and memory.maximum_pages <= pages:
        return written
    # Bit 0 of the flags says that there is a maximum; the page size, where there is one, follows it.
    flags, page_size = written[0] | 1, written[-1:] if written[0] & 8 else b""
    return bytes([flags]) + _unsigned(memory.minimum_pages) + _unsigned(pages) + page_size


def _unsigned(number: int) -> bytes:
    """Write an unsigned LEB128 number."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
