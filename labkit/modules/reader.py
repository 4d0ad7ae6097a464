"""The bottom of the binary format: bytes, LEB128 integers, floats and names, read strictly.

Whatever is wrong raises `MalformedModule` with the absolute byte offset; nothing is allocated on the word of the input.
"""

from __future__ import annotations

import struct
from typing import NoReturn, Protocol

from labkit.errors import MalformedModule

__all__ = ["Reader", "Recorder", "header"]

MAGIC = b"\0asm"
_KINDS = {b"\x01\0\0\0": "module", b"\x0d\0\x01\0": "component"}


class Recorder(Protocol):
    """Whoever wants to hear what each group of bytes means."""

    def record(self, end: int, meaning: str) -> None:
        """Take the bytes read since the last record, up to offset `end`."""


class Reader:
    """Reads a region of bytes from front to back.

    Parameters
    ----------
    data : bytes or memoryview
        The whole module.
    offset : int, optional
        Where the region begins.
    end : int, optional
        Where the region ends (exclusive); the end of the data unless given.
    recorder : Recorder, optional
        Told the meaning of every group of bytes that `note` names.

    Attributes
    ----------
    offset, end : int
        The next byte, and the end of the region, counted from the front of `data`.

    Examples
    --------
    >>> reader = Reader(b"\\xe5\\x8e\\x26\\x03abc")
    >>> reader.u32(), reader.name(), reader.at_end()
    (624485, 'abc', True)
    """

    __slots__ = ("data", "end", "offset", "recorder")

    def __init__(self, data: bytes | memoryview, offset: int = 0, end: int | None = None, *, recorder: Recorder | None = None) -> None:
        self.data = data
        self.offset = offset
        self.end = len(data) if end is None else end
        self.recorder = recorder

    def fail(self, message: str, *, offset: int | None = None) -> NoReturn:
        """Raise `MalformedModule` at an offset, by default the current one."""
        raise MalformedModule(message, offset=self.offset if offset is None else offset)

    def note(self, meaning: str, *values: object) -> None:
        """Say what the bytes read since the last note mean; `values` fill the braces."""
        if self.recorder is not None:
            self.recorder.record(self.offset, meaning.format(*values))

    def at_end(self) -> bool:
        """Whether the region is read."""
        return self.offset >= self.end

    def u8(self) -> int:
        """Read one byte."""
        if self.offset >= self.end:
            self.fail("unexpected end: one more byte is needed.")
        byte = self.data[self.offset]
        self.offset += 1
        return byte

    def peek(self) -> int:
        """Look at the next byte and stay in front of it."""
        byte = self.u8()
        self.offset -= 1
        return byte

    def take(self, size_bytes: int) -> bytes:
        """Read that many bytes."""
        start = self._advance(size_bytes)
        return bytes(self.data[start : self.offset])

    def skip(self, size_bytes: int) -> None:
        """Pass over that many bytes without copying them."""
        self._advance(size_bytes)

    def sub(self, size_bytes: int) -> Reader:
        """Give a reader of the next bytes, and pass over them."""
        start = self._advance(size_bytes)
        return Reader(self.data, start, self.offset, recorder=self.recorder)

    def _advance(self, size_bytes: int) -> int:
        """Pass over bytes that must be there; returns where they start."""
        start = self.offset
        if size_bytes > self.end - start:
            self.fail(f"unexpected end: {size_bytes} bytes are announced, {self.end - start} are left.")
        self.offset = start + size_bytes
        return start

    def u32(self) -> int:
        """Read an unsigned LEB128 integer of 32 bits."""
        offset = self.offset
        # Nearly every integer in a module is one byte long.
        if offset < self.end and (byte := self.data[offset]) < 0x80:
            self.offset = offset + 1
            return byte
        return self._unsigned(32)

    def u64(self) -> int:
        """Read an unsigned LEB128 integer of 64 bits."""
        return self._unsigned(64)

    def s32(self) -> int:
        """Read a signed LEB128 integer of 32 bits."""
        return self._signed(32)

    def s33(self) -> int:
        """Read a signed LEB128 integer of 33 bits (a block's or a heap's type)."""
        return self._signed(33)

    def s64(self) -> int:
        """Read a signed LEB128 integer of 64 bits."""
        return self._signed(64)

    def _unsigned(self, bits: int) -> int:
        start, (value, width, _) = self.offset, self._leb128(bits)
        if value >> bits:
            self.fail(f"integer too large: LEB128 bits beyond {bits} are set.", offset=start + width // 7 - 1)
        return value

    def _signed(self, bits: int) -> int:
        start, (value, width, last) = self.offset, self._leb128(bits)
        if last & 0x40:
            value -= 1 << width
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            self.fail(f"integer too large: it does not fit {bits} bits.", offset=start + width // 7 - 1)
        return value

    def _leb128(self, bits: int) -> tuple[int, int, int]:
        """Read 7 bits a byte, the lowest first, until a byte without the top bit: value, bits read, last byte."""
        start = self.offset
        value = 0
        for shift in range(0, bits, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, shift + 7, byte
        self.fail(f"integer too long: LEB128 of {bits} bits takes at most {(bits + 6) // 7} bytes.", offset=start)

    def count(self, what: str) -> int:
        """Read the length of a vector; each of its items takes at least one byte, so a lie is found at once."""
        start = self.offset
        number = self.u32()
        if number > self.end - self.offset:
            self.fail(f"{number} {what} are announced, but only {self.end - self.offset} bytes are left.", offset=start)
        return number

    def items(self, one: str, several: str = "") -> int:
        """Read the length of a vector, and note it: how many of what follow."""
        several = several or f"{one}s"
        number = self.count(several)
        self.note("{} {}", number, one if number == 1 else several)
        return number

    def f32_bits(self) -> int:
        """Read the bits of a 32-bit float, as an integer: NaN payloads survive."""
        return int(struct.unpack("<I", self.take(4))[0])

    def f64_bits(self) -> int:
        """Read the bits of a 64-bit float, as an integer: NaN payloads survive."""
        return int(struct.unpack("<Q", self.take(8))[0])

    def name(self) -> str:
        """Read a length and that many bytes of UTF-8."""
        size_bytes = self.u32()
        start = self.offset
        try:
            return self.take(size_bytes).decode("utf-8")
        except UnicodeDecodeError as error:
            self.fail(f"a name is not UTF-8 ({error.reason}).", offset=start + error.start)


def header(data: bytes | memoryview) -> str:
    """Tell what the first eight bytes announce.

    Parameters
    ----------
    data : bytes or memoryview
        The whole module, or its beginning.

    Returns
    -------
    str
        ``"module"`` for a core module of version 1, ``"component"`` for a component.

    Raises
    ------
    MalformedModule
        If they are neither.

    Examples
    --------
    >>> header(b"\\0asm\\x01\\0\\0\\0")
    'module'
    """
    return read_header(Reader(data))


def read_header(reader: Reader) -> str:
    """Read the eight bytes that `header` explains."""
    start = reader.offset
    magic = bytes(reader.data[start : min(start + 4, reader.end)])
    if magic != MAGIC:
        if MAGIC.startswith(magic):
            reader.fail(f"unexpected end: WebAssembly begins with the four bytes {_hex(MAGIC)}.", offset=start + len(magic))
        reader.fail(f"this is not WebAssembly: it begins with {_hex(magic)}, not with {_hex(MAGIC)}.")
    reader.skip(4)
    reader.note('magic: "\\0asm" says that this is WebAssembly')
    version = reader.take(4)
    kind = _KINDS.get(version)
    if kind is None:
        reader.fail(f"unknown version {_hex(version)}: a module has 01 00 00 00.", offset=start + 4)
    reader.note("version 1 of the core format" if kind == "module" else "version 13, layer 1: a component")
    return kind


def _hex(data: bytes) -> str:
    return data.hex(" ")
