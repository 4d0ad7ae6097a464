"""Whatever the bytes, reading them ends soon, and in a result or in labkit's own error; nothing grows faster than the input."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest

from labkit.errors import LabkitError, MalformedModule
from labkit.modules.anatomy import inspect
from labkit.modules.annotation import annotate
from labkit.modules.contents import read_contents
from labkit.modules.interface import interface_bytes, read_interface
from labkit.modules.stepper import step
from labkit.modules.wat import to_wat

EMPTY = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"


def show(wasm: bytes) -> None:
    anatomy = inspect(wasm)
    str(anatomy)
    anatomy._repr_html_()


READERS: dict[str, Callable[[bytes], object]] = {
    "inspect and show": show,
    "annotate": lambda wasm: str(annotate(wasm, limit=10_000)),
    "read_interface": read_interface,
    "interface_bytes": interface_bytes,
    "to_wat": to_wat,
}


def try_all(wasm: bytes) -> set[str]:
    """Run every reader; gives the names of those that took the bytes."""
    took = set()
    for name, read in READERS.items():
        try:
            read(wasm)
            took.add(name)
        except LabkitError as error:
            offset = getattr(error, "offset", 0)
            if not 0 <= offset <= len(wasm):
                pytest.fail(f"{name} names byte {offset} of {len(wasm)}: {error}")
    return took


def leb128(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + leb128(number >> 7)


def section(number: int, contents: bytes) -> bytes:
    return bytes([number]) + leb128(len(contents)) + contents


@pytest.mark.any_python
def test_truncated_at_every_byte(modules: dict[str, bytes], component: bytes) -> None:
    for wasm in (*modules.values(), component):
        ends = {inner.offset for inner in inspect(wasm).sections} | {len(wasm)}
        for end in range(len(wasm)):
            took = try_all(wasm[:end])
            # A module cut between two sections may be whole; cut within one, it never is.
            assert not took or end in ends, (end, took)


@pytest.mark.any_python
def test_thousands_of_mutants(modules: dict[str, bytes], component: bytes) -> None:
    generator = random.Random(20261124)
    originals = [*modules.values(), component]
    for _ in range(4000):
        mutant = bytearray(generator.choice(originals))
        for _ in range(generator.choice((1, 1, 1, 2, 5))):
            place = generator.randrange(8, len(mutant) + 1)
            action = generator.randrange(4)
            if action == 0:
                mutant[place : place + 1] = generator.randbytes(1)
            elif action == 1:
                mutant[place : place + 1] = bytes(byte ^ 1 << generator.randrange(8) for byte in mutant[place : place + 1])
            elif action == 2:
                mutant[place:place] = generator.randbytes(generator.randrange(1, 6))
            else:
                del mutant[place : place + generator.randrange(1, 6)]
        try_all(bytes(mutant))


def test_mutants_in_the_stepper(modules: dict[str, bytes]) -> None:
    generator = random.Random(7)
    for _ in range(500):
        mutant = bytearray(modules["add"])
        mutant[generator.randrange(8, len(mutant))] = generator.randrange(256)
        try:
            step(bytes(mutant), "add", [1, 2], limit=100)
        except LabkitError:
            pass


@pytest.mark.any_python
def test_random_bytes_behind_a_header() -> None:
    generator = random.Random(11)
    for _ in range(2000):
        try_all(generator.choice((EMPTY, COMPONENT)) + generator.randbytes(generator.randrange(64)))


def function_module(code: bytes) -> bytes:
    """One function of no parameters with that code, its end included."""
    body = b"\0" + code
    return EMPTY + section(1, b"\x01\x60\0\0") + section(3, b"\x01\0") + section(10, b"\x01" + leb128(len(body)) + body)


def nested_components(depth: int) -> bytes:
    wasm = COMPONENT
    for _ in range(depth):
        wasm = COMPONENT + section(4, wasm)
    return wasm


COUNT = 5_000
HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep blocks": lambda: function_module(b"\x02\x40" * COUNT + b"\x0b" * (COUNT + 1)),
    "deep blocks, never closed": lambda: function_module(b"\x02\x40" * COUNT),
    "deep ifs with else": lambda: function_module(b"\x41\0\x04\x40" * COUNT + b"\x05\x0b" * COUNT + b"\x0b"),
    "branches out of deep blocks": lambda: function_module(b"\x02\x40" * COUNT + (b"\x0c" + leb128(COUNT)) * 100 + b"\x0b" * (COUNT + 1)),
    "a wide br_table": lambda: function_module(b"\x41\0\x0e" + leb128(5 * COUNT) + b"\0" * (5 * COUNT + 1) + b"\x0b"),
    "many custom sections": lambda: EMPTY + section(0, b"\x01x") * COUNT,
    "many unnamed custom sections in a component": lambda: COMPONENT + section(0, b"\0") * COUNT,
    "many name sections": lambda: EMPTY + section(0, b"\x04name\x01\x04\x01\0\x01f") * COUNT,
    "many producers": lambda: EMPTY + section(0, b"\x09producers\x01\x03sdk" + leb128(COUNT) + b"\x01a\x01b" * COUNT) * 3,
    "many types": lambda: EMPTY + section(1, leb128(COUNT) + b"\x60\0\0" * COUNT),
    "many tags": lambda: EMPTY + section(1, leb128(COUNT) + b"\x60\0\0" * COUNT) + section(13, leb128(COUNT) + (b"\0" + leb128(COUNT - 1)) * COUNT),
    "many tags of different types": lambda: (
        EMPTY
        + section(1, leb128(COUNT) + b"".join(b"\x60\x0d" + bytes(0x7C + (n >> 2 * bit & 3) for bit in range(13)) + b"\0" for n in range(COUNT)))
        + section(13, leb128(COUNT) + b"".join(b"\0" + leb128(n) for n in range(COUNT)))
    ),
    "many exports": lambda: EMPTY + section(5, b"\x01\0\0") + section(7, leb128(COUNT) + b"".join(b"\x05%05d\x02\0" % n for n in range(COUNT))),
    "many imports": lambda: EMPTY + section(2, leb128(COUNT) + b"\x01m\x01f\x02\0\0" * COUNT),
    "one import group": lambda: EMPTY + section(2, b"\x01\x01m\0\x7e\x02\0\0" + leb128(COUNT) + b"\x01f" * COUNT),
    "many globals": lambda: EMPTY + section(6, leb128(COUNT) + b"\x7f\0\x41\0\x0b" * COUNT),
    "a long constant expression": lambda: EMPTY + section(6, b"\x01\x7f\0\x41\0" + b"\x41\0\x6a" * COUNT + b"\x0b"),
    "many tables with values": lambda: EMPTY + section(4, leb128(COUNT) + b"\x40\0\x70\0\0\xd0\x70\x0b" * COUNT),
    "many element expressions": lambda: EMPTY + section(9, b"\x01\x05\x70" + leb128(COUNT) + b"\xd0\x70\x0b" * COUNT),
    "many runs of no locals": lambda: (
        function_module(b"")[:14] + section(3, b"\x01\0") + section(10, b"\x01" + leb128(2 * COUNT + 4) + leb128(COUNT) + b"\0\x7f" * COUNT + b"\x0b")
    ),
    "more locals than fit": lambda: function_module(b"")[:14] + section(3, b"\x01\0") + section(10, b"\x01\x08\x01\xff\xff\xff\xff\x0f\x7f\x0b"),
    "a large recursion group": lambda: EMPTY + section(1, b"\x01\x4e" + leb128(COUNT) + b"\x5f\x01\x63\0\0" * COUNT),
    "many supertypes": lambda: EMPTY + section(1, b"\x02\x50\0\x60\0\0\x50" + leb128(COUNT) + b"\0" * COUNT + b"\x60\0\0"),
    "a long name": lambda: EMPTY + section(0, leb128(10 * COUNT) + b"n" * (10 * COUNT)),
    "deep components": lambda: nested_components(2000),
    "many modules in a component": lambda: COMPONENT + section(1, EMPTY) * COUNT,
    "memory counts that lie": lambda: EMPTY + section(10, b"\xff\xff\xff\xff\x0f"),
    "a large memory": lambda: EMPTY + section(5, b"\x01\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    "a large table": lambda: EMPTY + section(4, b"\x01\x70\0\xff\xff\xff\xff\x0f"),
}


@pytest.mark.any_python
@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_modules_end_in_bounded_memory(what: str) -> None:
    wasm = HOSTILE[what]()
    tracemalloc.start()
    try:
        took = try_all(wasm)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert took >= {"read_interface"} or what in ("more locals than fit", "memory counts that lie") or wasm.startswith(COMPONENT)
    assert peak_bytes < 8_000_000 + 400 * len(wasm)


def test_shown_modules_are_short() -> None:
    for make in HOSTILE.values():
        wasm = make()
        try:
            anatomy = inspect(wasm)
        except LabkitError:
            continue
        assert len(str(anatomy)) < 50_000
        assert len(anatomy._repr_html_()) < 200_000
        try:
            assert len(str(anatomy.annotate())) < 200_000
        except MalformedModule:  # in the code, which `inspect` does not read
            assert anatomy.functions


def test_every_layer_of_deep_components_can_be_taken_out() -> None:
    anatomy = inspect(nested_components(500))
    assert [layer.depth for layer in anatomy.layers] == list(range(1, 501))
    assert anatomy.layer(499).size_bytes == 8
    assert len(anatomy.layer(0).layers) == 499


def test_instructions_are_read_only_where_asked() -> None:
    wasm = function_module(b"\xff\xff\x0b")
    assert inspect(wasm).functions[0].size_bytes == 5
    contents = read_contents(wasm)
    with pytest.raises(MalformedModule, match="unknown opcode"):
        list(contents.instructions(contents.bodies[0]))
