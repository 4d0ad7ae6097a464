"""Every row of the table of opcodes is what a real assembler writes for that name, and no opcode of WebAssembly 3.0 is missing."""

from __future__ import annotations

import pytest
import wasmtime

from labkit.errors import MalformedModule
from labkit.modules.contents import Contents, read_contents
from labkit.modules.decoder import read_instructions
from labkit.modules.instructions import Cast, Catch, Immediate, Instruction, MemoryAccess
from labkit.modules.opcodes import OPCODES, PREFIXES, Opcode
from labkit.modules.reader import Reader

# Something for each kind of immediate that the text must carry; no two alike where an instruction has several.
IMMEDIATES: dict[str, tuple[Immediate, ...]] = {
    "block": (None, "i32", 1),
    "label": (0,),
    "labels": ((0, 1, 0),),
    "func": (1,),
    "type": (1,),
    "table": (0, 1),
    "memory": (0, 1),
    "elem": (1,),
    "data": (1,),
    "tag": (0,),
    "local": (1,),
    "global": (1,),
    "field": (1,),
    "count": (3,),
    "zero": (None,),
    "i32": (0, -1, 2**31 - 1, -(2**31)),
    "i64": (0, -1, 2**63 - 1, -(2**63)),
    "f32": (0, 1, 0x80000000, 0x7F800000, 0xFFC00000, 0x7FA00001, 0x3DCCCCCD, 0x7F7FFFFF),
    "f64": (0, 1, 1 << 63, 0x7FF << 52, 0xFFF8 << 48, 0x7FF4000000000001, 0x3FB999999999999A, 0x7FEFFFFFFFFFFFFF),
    "v128": (bytes(range(16)),),
    "lane": (1,),
    "lanes": (tuple(range(16)),),
    "catches": ((), (Catch("catch", 0, 0), Catch("catch_ref", 0, 0), Catch("catch_all", None, 0), Catch("catch_all_ref", None, 0))),
    "heap": ("func", "extern", "any", "none", "1"),
    "ref": ("(ref func)", "(ref 1)"),
    "ref null": ("(ref null func)", "(ref null 1)"),
    "results": (("i32",),),
    "cast": (Cast(0, "(ref null any)", "(ref eq)"), Cast(1, "(ref any)", "(ref i31)")),
}
FRAME = """(module (type (func)) (type $t (func)) (table 1 funcref) (table 1 funcref) (memory 1) (memory 1)
(global i32 (i32.const 0)) (global (mut i32) (i32.const 0)) (tag) (elem funcref) (elem funcref) (data "") (data "")
(func (local i32 i32) block block {} end end) (func))"""
# How an instruction that needs a certain block around it is written: before and after.
AROUND = {
    "else": ("i32.const 0 if ", " end"),
    "catch": ("try ", " end"),
    "catch_all": ("try ", " end"),
    "delegate": ("try ", ""),
    "end": ("block ", ""),
}


def variants(opcode: Opcode) -> list[Instruction]:
    """The instruction with each of the values that its immediates can have, one varied at a time."""
    found = []
    count = max([1, *(len(choices(opcode, kind)) for kind in opcode.kinds)])
    for number in range(count):
        found.append(Instruction(0, opcode, tuple(pick(choices(opcode, kind), number) for kind in opcode.kinds)))
    return found


def choices(opcode: Opcode, kind: str) -> tuple[Immediate, ...]:
    if kind == "memarg":
        natural = opcode.alignment
        # Atomic accesses have their natural alignment and no other.
        smaller = natural if "atomic" in opcode.name else 0
        return (MemoryAccess(0, natural), MemoryAccess(65536, natural), MemoryAccess(7, smaller, 1))
    return IMMEDIATES[kind]


def pick(values: tuple[Immediate, ...], number: int) -> Immediate:
    return values[min(number, len(values) - 1)]


def assemble(text: str) -> tuple[Contents, list[Instruction]]:
    contents = read_contents(bytes(wasmtime.wat2wasm(FRAME.format(text))))
    return contents, list(contents.instructions(contents.bodies[0]))


@pytest.mark.parametrize("key", OPCODES, ids=lambda key: f"{key[0]:02x}-{key[1]:02x}-{OPCODES[key].name}")
def test_row_is_what_the_assembler_writes(key: tuple[int, int]) -> None:
    opcode = OPCODES[key]
    before, after = AROUND.get(opcode.name, ("", " end" if "block" in opcode.kinds else ""))
    for wanted in variants(opcode):
        contents, instructions = assemble(f"{before}{wanted}{after}")
        place = 2 + before.count(" ") - before.count("const ") if before else 2
        found = instructions[place]
        # The opcode's own bytes are those of the row.
        reader = Reader(contents.wasm, found.offset)
        first = reader.u8()
        assert (first, reader.u32()) == key if key[0] else (0, first) == key
        assert found.opcode == opcode
        assert found.immediates == wanted.immediates
        assert found.text() == wanted.text()


def test_names_are_one_opcode_each_but_for_those_with_two_forms() -> None:
    names = [opcode.name for opcode in OPCODES.values()]
    assert sorted({name for name in names if names.count(name) > 1}) == ["ref.cast", "ref.test", "select"]
    assert len(OPCODES) > 500


def leb128(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + leb128(number >> 7)


# Proposals that no released engine runs by default, which the table leaves out.
EXPERIMENTAL = {
    *((0, number) for number in range(0xE0, 0xE7)),  # stack switching
    *((0xFB, number) for number in range(0x20, 0x27)),  # custom descriptors
    (0xFC, 0x12),  # memory control
    *((0xFE, number) for number in range(0x4F, 0x73)),  # shared-everything threads
}


def test_every_opcode_that_is_not_in_the_table_is_unknown_to_the_runtime_too() -> None:
    engine = wasmtime.Engine()
    for prefix in (0, *sorted(PREFIXES)):
        for number in range(0x100 if prefix == 0 else 0x180):
            if (prefix, number) in OPCODES or (prefix, number) in EXPERIMENTAL or (prefix == 0 and number in PREFIXES):
                continue
            written = bytes([prefix]) * bool(prefix) + (leb128(number) if prefix else bytes([number]))
            code = b"\0" + written + b"\x0b"
            function = b"\x01\x04\x01\x60\0\0\x03\x02\x01\0"
            wasm = b"\0asm\x01\0\0\0" + function + b"\x0a" + bytes([len(code) + 2, 1, len(code)]) + code
            with pytest.raises(wasmtime.WasmtimeError, match=r"illegal opcode|unknown 0x.. subopcode"):
                wasmtime.Module.validate(engine, wasm)
            contents = read_contents(wasm)
            with pytest.raises(MalformedModule, match="unknown opcode") as caught:
                list(contents.instructions(contents.bodies[0]))
            assert caught.value.offset == len(wasm) - len(written) - 1


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"", "unexpected end", 0),
        (b"\x01", "unexpected end", 1),
        (b"\x02\x40\x0b", "unexpected end", 3),
        (b"\x05\x0b", "'else' does not belong into 'expression'", 0),
        (b"\x02\x40\x05\x0b\x0b", "'else' does not belong into 'block'", 2),
        (b"\x04\x40\x05\x05\x0b\x0b", "'else' does not belong into 'else'", 3),
        (b"\x19\x0b", "'catch_all' does not belong into 'expression'", 0),
        (b"\x02\x7a\x0b\x0b", "no value type", 1),
        (b"\x02\x80\x7f\x0b\x0b", "no block type", 1),
        (b"\x28\x80\x01\x00\x0b", "no alignment", 1),
        (b"\x1f\x40\x01\x04\x00\x0b\x0b", "unknown clause 0x04", 3),
        (b"\xfb\x18\x04\x00\x6e\x6d\x0b", "no flags of a cast", 2),
        (b"\xfe\x03\x01\x0b", "reserved byte", 2),
        (b"\x0e\xff\xff\xff\xff\x0f\x00\x0b", "4294967295 labels are announced", 1),
        (b"\x1c\x7f\x0b", "127 types are announced", 1),
        (b"\xd0\x05", "unexpected end", 2),
        (b"\xd0\x40\x0b", "no heap type", 1),
        (b"\xfd\xff\xff\x03", "unknown opcode 0xfd 0xffff", 0),
        (b"\x41\x80\x80\x80\x80\x80\x00\x0b", "integer too long", 1),
        (b"\x44\x00\x00", "8 bytes are announced, 2 are left", 1),
    ],
)
def test_damaged_code_names_the_byte(data: bytes, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule, match=message) as caught:
        list(read_instructions(Reader(data)))
    assert caught.value.offset == offset


def test_deep_nesting_is_a_matter_of_counting() -> None:
    depth = 200_000
    names = [instruction.name for instruction in read_instructions(Reader(b"\x02\x40" * depth + b"\x0b" * (depth + 1)))]
    assert names == ["block"] * depth + ["end"] * (depth + 1)
