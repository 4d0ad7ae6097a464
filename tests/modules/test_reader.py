"""The reader takes exactly what the specification allows, and names the byte where it stops."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import MalformedModule
from labkit.modules.reader import Reader, header


def unsigned(value: int, *, padded_to: int = 0) -> bytes:
    out = bytearray()
    while value or not out or len(out) < padded_to:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out[-1] &= 0x7F
    return bytes(out)


def signed(value: int) -> bytes:
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40):
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_u32(value: int, padding: int) -> None:
    data = unsigned(value, padded_to=padding)
    reader = Reader(data)
    assert reader.u32() == value
    assert reader.offset == len(data)


@given(st.integers(0, 2**64 - 1))
def test_u64(value: int) -> None:
    assert Reader(unsigned(value)).u64() == value


@pytest.mark.parametrize("bits", [32, 33, 64])
def test_signed_limits(bits: int) -> None:
    highest = 2 ** (bits - 1) - 1
    for value in (0, -1, 63, 64, -64, -65, highest, -highest - 1):
        assert getattr(Reader(signed(value)), f"s{bits}")() == value
    for value in (highest + 1, -highest - 2):
        with pytest.raises(MalformedModule, match="integer too large"):
            getattr(Reader(signed(value)), f"s{bits}")()


@given(st.integers(-(2**63), 2**63 - 1))
def test_s64(value: int) -> None:
    assert Reader(signed(value)).s64() == value


@pytest.mark.parametrize(
    ("method", "data", "message", "offset"),
    [
        ("u32", b"\x80\x80\x80\x80\x10", "integer too large", 4),
        ("u32", b"\xff\xff\xff\xff\x7f", "integer too large", 4),
        ("u32", b"\x80\x80\x80\x80\x80\x00", "integer too long", 0),
        ("u32", b"\x80\x80", "unexpected end", 2),
        ("u32", b"", "unexpected end", 0),
        ("u64", b"\x80" * 9 + b"\x02", "integer too large", 9),
        ("s32", b"\x80\x80\x80\x80\x70", "integer too large", 4),
        ("s32", b"\x80\x80\x80\x80\x80\x7f", "integer too long", 0),
        ("s32", b"\xff\xff\xff\xff\x0f", "integer too large", 4),
        ("s64", b"\x80" * 10 + b"\x00", "integer too long", 0),
        ("u8", b"", "unexpected end", 0),
        ("peek", b"", "unexpected end", 0),
        ("name", b"\x05abc", "5 bytes are announced, 3 are left", 1),
        ("name", b"\x03a\xc3\x28", "not UTF-8", 2),
        ("name", b"\x03\xed\xa0\x80", "not UTF-8", 1),
        ("f32_bits", b"\0\0\0", "unexpected end", 0),
        ("f64_bits", b"\0" * 7, "unexpected end", 0),
    ],
)
def test_strict(method: str, data: bytes, message: str, offset: int) -> None:
    for prefix in (b"", b"\xee" * 3):
        reader = Reader(prefix + data, len(prefix))
        with pytest.raises(MalformedModule, match=message) as caught:
            getattr(reader, method)()
        assert caught.value.offset == len(prefix) + offset
        assert f"Byte {caught.value.offset} " in str(caught.value)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_floats_keep_every_bit(single: int, double: int) -> None:
    reader = Reader(struct.pack("<IQ", single, double))
    assert (reader.f32_bits(), reader.f64_bits()) == (single, double)


def test_a_count_that_lies_is_refused_before_anything_is_read() -> None:
    reader = Reader(b"\xff\xff\xff\xff\x0f" + b"\0" * 100)
    with pytest.raises(MalformedModule, match="4294967295 functions are announced, but only 100 bytes are left"):
        reader.count("functions")


def test_a_sub_reader_keeps_to_its_region() -> None:
    reader = Reader(b"abcdef")
    inner = reader.sub(3)
    assert (inner.take(3), inner.at_end(), reader.take(3), reader.at_end()) == (b"abc", True, b"def", True)
    with pytest.raises(MalformedModule):
        inner.u8()
    with pytest.raises(MalformedModule, match="7 bytes are announced, 6 are left"):
        Reader(b"abcdef").sub(7)
    with pytest.raises(MalformedModule):
        Reader(b"abcdef", 2, 4).skip(3)


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"", "unexpected end", 0),
        (b"\0as", "unexpected end", 3),
        (b"\0asm", "unexpected end", 4),
        (b"\0asm\x01\0", "unexpected end", 4),
        (b"\x7fELF\x02\x01\x01\0", "not WebAssembly: it begins with 7f 45 4c 46", 0),
        (b"\0asm\x02\0\0\0", "unknown version 02 00 00 00", 4),
    ],
)
def test_headers_refused(data: bytes, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule, match=message) as caught:
        header(data)
    assert caught.value.offset == offset


def test_headers() -> None:
    assert header(b"\0asm\x01\0\0\0") == "module"
    assert header(memoryview(b"\0asm\x0d\0\x01\0rest")) == "component"


def test_notes_reach_the_recorder_and_sub_readers_share_it() -> None:
    heard: list[tuple[int, str]] = []

    class Listener:
        def record(self, end: int, meaning: str) -> None:
            heard.append((end, meaning))

    reader = Reader(b"\x02ab", recorder=Listener())
    inner = reader.sub(reader.items("thing"))
    inner.u8()
    inner.note("one {} {}", "{}", 3)
    assert heard == [(1, "2 things"), (2, "one {} 3")]
