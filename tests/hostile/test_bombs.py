"""Modules built to explode while they are compiled or instantiated: refused, compiled or stopped in time, and the next run is fine."""

from __future__ import annotations

import contextlib

import pytest

import labkit
from labkit.errors import LabkitError
from labkit.sandbox import Outcome

pytestmark = pytest.mark.any_python  # the gallery of attacks is staged on every Python

COMPILE_SECONDS = 1.0
LIMITS = labkit.Limits(time=1.0, memory="64MiB")
WELL = '(module (func (export "well") (result i32) (i32.const 42)))'


def number(value: int) -> bytes:
    """Write an unsigned LEB128 number."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def section(id: int, *items: bytes) -> bytes:
    body = number(len(items)) + b"".join(items)
    return bytes([id]) + number(len(body)) + body


def module(*bodies: bytes, declared: dict[int, bytes] | None = None) -> bytes:
    """A program of functions without parameters and results, the first of which is its start."""
    sections = {1: section(1, b"\x60\0\0"), 3: section(3, *[b"\0"] * len(bodies)), **(declared or {})}
    sections[7] = section(7, b"\x06_start\0\0")
    sections[10] = section(10, *[number(len(body)) + body for body in bodies])
    return b"\0asm\x01\0\0\0" + b"".join(sections[id] for id in sorted(sections))


def deep() -> bytes:
    """A hundred thousand blocks, one in the other."""
    return module(b"\0" + b"\x02\x40" * 100_000 + b"\x0b" * 100_001)


def wide() -> bytes:
    """A jump table with a million targets."""
    return module(b"\0" + b"\x41\0\x0e" + number(1_000_000) + b"\0" * 1_000_001 + b"\x0b")


def many() -> bytes:
    """A hundred thousand functions, each with some work for the compiler."""
    return module(*[b"\x01\x08\x7f" + b"\x20\x00\x20\x01\x6a\x21\x02" * 20 + b"\x0b"] * 100_000)


def tangled() -> bytes:
    """One function of thousands of variables that are all alive across thousands of loops."""
    count = 3000
    add = [b"\x20" + number(i) + b"\x20" + number((i * 7919) % count) + b"\x6a\x22" + number(i) for i in range(count)]
    loops = b"".join(b"\x03\x40" + step + b"\x0d\0\x0b" for step in add)
    return module(b"\x01" + number(count) + b"\x7f" + loops * 2 + b"\x0b")


def locals_without_end() -> bytes:
    """As many variables as a number can say."""
    return module(b"\x01" + number(2**32 - 1) + b"\x7f\x0b")


def large_table() -> bytes:
    """A table of ten million entries."""
    return module(b"\0\x0b", declared={4: section(4, b"\x70\0" + number(10_000_000))})


def many_tables() -> bytes:
    """A hundred tables of ten million entries."""
    return module(b"\0\x0b", declared={4: section(4, *[b"\x70\0" + number(10_000_000)] * 100)})


def large_memory() -> bytes:
    """A memory of 4 GiB from the start."""
    return module(b"\0\x0b", declared={5: section(5, b"\0" + number(65536))})


def long_name() -> bytes:
    """An export whose name announces 4 GiB."""
    return b"\0asm\x01\0\0\0\x07\x08\x01" + number(2**32 - 1) + b"\0\0"


@pytest.mark.parametrize(
    "bomb", [deep, wide, many, tangled, locals_without_end, large_table, many_tables, large_memory, long_name], ids=lambda bomb: bomb.__name__
)
@pytest.mark.timeout(60)
def test_bomb(runtime_name: str, bomb):
    wasm = bomb()
    # A worker may crash: it is there for that. And a runtime may be up to it.
    with contextlib.suppress(LabkitError):
        result = labkit.run(wasm, runtime=runtime_name, limits=LIMITS, compile_seconds=COMPILE_SECONDS)
        assert result.outcome is Outcome.EXITED or result.message
    assert labkit.run(WELL, export="well", runtime=runtime_name).values == (42,)
