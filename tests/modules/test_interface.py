"""A module's interface is read the same from the whole module and from its declarations alone, and as a real runtime reads it."""

from __future__ import annotations

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import MalformedModule, Unsupported
from labkit.modules.interface import interface_bytes, read_interface
from labkit.modules.types import ArrayType, Export, FuncType, GlobalType, Import, MemoryType, StructType, TableType, TagType

EMPTY = b"\0asm\x01\0\0\0"
NUMBERS = ("i32", "i64", "f32", "f64")
REFERENCES = ("funcref", "externref")


def test_whole_module_and_declarations_agree(module: bytes) -> None:
    kept = interface_bytes(module)
    assert read_interface(kept) == read_interface(module)
    assert interface_bytes(kept) == kept
    assert len(kept) <= len(module)


def test_components_are_refused(component: bytes) -> None:
    for read in (read_interface, interface_bytes):
        with pytest.raises(Unsupported, match="component"):
            read(component)


value_types = st.sampled_from(NUMBERS + REFERENCES)
several = st.lists(value_types, max_size=4).map(tuple)
func_types = st.builds(FuncType, several, several)
limits = st.tuples(st.integers(0, 9), st.none() | st.integers(10, 2**16))
extern_types = st.one_of(
    func_types,
    st.builds(GlobalType, value_types, mutable=st.booleans()),
    st.builds(lambda pair: MemoryType(*pair), limits),
    st.builds(lambda element, pair: TableType(element, *pair), st.sampled_from(REFERENCES), limits),
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def quote(name: str) -> str:
    return '"' + "".join(f"\\{byte:02x}" for byte in name.encode()) + '"'


def text(kind: FuncType | GlobalType | MemoryType | TableType) -> str:
    if isinstance(kind, FuncType):
        return f"(func (param {' '.join(kind.params)}) (result {' '.join(kind.results)}))"
    if isinstance(kind, GlobalType):
        return f"(global {f'(mut {kind.content})' if kind.mutable else kind.content})"
    bounds = (kind.minimum_pages, kind.maximum_pages) if isinstance(kind, MemoryType) else (kind.minimum, kind.maximum)
    words = [kind.kind, *(str(bound) for bound in bounds if bound is not None)]
    return f"({' '.join(words + ([kind.element] if isinstance(kind, TableType) else []))})"


def spelled(kind: wasmtime.ValType) -> str:
    """The binding still calls an externref by its older name."""
    return "externref" if str(kind) == "anyref" else str(kind)


def described(kind: wasmtime.FuncType | wasmtime.GlobalType | wasmtime.MemoryType | wasmtime.TableType) -> object:
    """A type as the runtime reads it, in our words."""
    if isinstance(kind, wasmtime.FuncType):
        return FuncType(tuple(map(spelled, kind.params)), tuple(map(spelled, kind.results)))
    if isinstance(kind, wasmtime.GlobalType):
        return GlobalType(spelled(kind.content), mutable=kind.mutable)
    bounds = (kind.limits.min, kind.limits.max)
    return MemoryType(*bounds) if isinstance(kind, wasmtime.MemoryType) else TableType(spelled(kind.element), *bounds)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(names, names, extern_types), max_size=8))
def test_generated_imports_and_exports_are_those_the_runtime_reads(imports: list[tuple[str, str, FuncType]]) -> None:
    fields = [f"(import {quote(module)} {quote(name)} {text(kind)})" for module, name, kind in imports]
    counts = dict.fromkeys(("func", "global", "memory", "table"), 0)
    for number, (_, _, kind) in enumerate(imports):
        fields.append(f'(export "e{number}" ({kind.kind} {counts[kind.kind]}))')
        counts[kind.kind] += 1
    wasm = bytes(wasmtime.wat2wasm(f"(module {' '.join(fields)} (func nop))"))
    found = read_interface(wasm)
    assert [(needed.module, needed.name, needed.type) for needed in found.imports] == imports
    assert [export.type for export in found.exports] == [kind for _, _, kind in imports]
    compiled = wasmtime.Module(wasmtime.Engine(), wasm)
    assert [(needed.module, needed.name, described(needed.type)) for needed in compiled.imports] == imports
    assert [described(export.type) for export in compiled.exports] == [export.type for export in found.exports]
    assert read_interface(interface_bytes(wasm)) == found


def test_code_is_not_looked_at() -> None:
    wasm = bytearray(wasmtime.wat2wasm('(module (func (export "f") (drop (i32.const 1))))'))
    expected = read_interface(bytes(wasm))
    damaged = bytes(wasm).replace(b"\x41\x01\x1a", b"\xff\xff\xff")
    assert damaged != wasm
    assert read_interface(damaged) == expected


def test_imports_in_groups() -> None:
    # Three functions of one type from one module; then two imports each with its type.
    types = b"\x01\x05\x01\x60\x01\x7f\x00"
    one_type = b"\x03env\x00\x7e\x00\x00\x03\x01a\x01b\x01c"
    each = b"\x03env\x00\x7f\x02\x01g\x03\x7f\x00\x01m\x02\x00\x01"
    contents = b"\x02" + one_type + each
    found = read_interface(EMPTY + types + b"\x02" + bytes([len(contents)]) + contents)
    function = FuncType(("i32",), ())
    assert found.imports == (
        Import("env", "a", function),
        Import("env", "b", function),
        Import("env", "c", function),
        Import("env", "g", GlobalType("i32", mutable=False)),
        Import("env", "m", MemoryType(1, None)),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(memory 1)", MemoryType(1, None)),
        ("(memory i64 1 2)", MemoryType(1, 2, is_64=True)),
        ("(memory 1 2 shared)", MemoryType(1, 2, shared=True)),
        ("(memory 5 (pagesize 1))", MemoryType(5, None, page_size_bytes=1)),
        ("(table 1 2 externref)", TableType("externref", 1, 2)),
        ("(table i64 1 funcref)", TableType("funcref", 1, None, is_64=True)),
        ("(table 0 (ref null 0))", TableType("(ref null 0)", 0, None)),
        ("(global (ref func) (ref.func 0))", GlobalType("(ref func)", mutable=False)),
        ("(global (mut anyref) (ref.null any))", GlobalType("anyref", mutable=True)),
        ("(global v128 (v128.const i32x4 0 0 0 0))", GlobalType("v128", mutable=False)),
        ("(global (ref null exn) (ref.null exn))", GlobalType("exnref", mutable=False)),
        ("(global (ref null nofunc) (ref.null nofunc))", GlobalType("nullfuncref", mutable=False)),
        ("(tag (param i32 f64))", TagType(("i32", "f64"))),
    ],
)
def test_types_of_proposals(text: str, wanted: object) -> None:
    kind = text[1:].split()[0]
    module = f'(module (type (func)) {text} (func) (export "e" ({kind} 0)))'
    assert read_interface(bytes(wasmtime.wat2wasm(module))).exports == (Export("e", wanted, 0),)  # type: ignore[arg-type]


def test_types_read_as_text() -> None:
    assert str(FuncType((), ("i32", "i64"))) == "() -> (i32, i64)"
    assert str(MemoryType(1, 1)) == "1 page"
    assert str(MemoryType(0, 5, shared=True, is_64=True, page_size_bytes=1)) == "0..5 pages of 1 bytes shared i64"
    assert str(TableType("funcref", 1, 1, is_64=True)) == "funcref 1 i64"
    assert str(TagType(())) == "()"
    assert str(StructType(())) == "struct {}"
    assert str(ArrayType("i8")) == "array of i8"


@pytest.mark.parametrize(
    ("tail", "message", "offset"),
    [
        (b"\x02\x05\x01\x00\x01a\x05", "0x05 is no kind of import", 14),
        (b"\x02\x06\x01\x00\x01a\x00\x00", "type 0 does not exist", 15),
        (b"\x05\x03\x01\x10\x00", "0x10 are no flags for limits", 11),
        (b"\x05\x04\x01\x08\x00\x11", "larger than 65,536", 13),
        (b"\x04\x04\x01\x7f\x00\x00", "i32 is no reference type", 11),
        (b"\x04\x04\x01\x63\x00\x00", "type 0 does not exist", 12),
        (b"\x04\x04\x01\x40\x01\x70", "reserved byte", 12),
        (b"\x06\x06\x01\x7f\x02\x41\x00\x0b", "mutability must be 0 or 1", 12),
        (b"\x06\x05\x01\x7f\x00\x01\x0b", "'nop' is no instruction of a constant", None),
        (b"\x06\x06\x01\x7f\x00\x23\x00\x0b", "global 0 does not exist", 14),
        (b"\x06\x05\x01\x7f\x00\x41\x00", "unexpected end", 15),
        (b"\x05\x03\x01\x00\x01\x07\x09\x02\x01m\x02\x00\x01m\x02\x00", "two exports called 'm'", 20),
        (b"\x07\x05\x01\x01m\x05\x00", "0x05 is no kind of export", 13),
        (b"\x07\x05\x01\x01m\x02\x00", "memory 0 does not exist", 14),
        (b"\x0d\x03\x01\x01\x00", "no kind of tag", 11),
        (b"\x01\x05\x01\x60\x00\x01\x7f\x0d\x03\x01\x00\x00", "the type of a tag has results", 19),
        (b"\x01\x03\x01\x5f\x00\x03\x02\x01\x00", "type 0 is no function type", 16),
        (b"\x01\x05\x01\x60\x01\x40\x00", "0x40 is no value type", 13),
        (b"\x01\x04\x01\x50\x01\x00", "supertype 0 does not exist", None),
        (b"\x01\x02\x01\x4e", "unexpected end", 12),
    ],
)
def test_damaged_declarations_name_the_byte(tail: bytes, message: str, offset: int | None) -> None:
    with pytest.raises(MalformedModule, match=message) as caught:
        read_interface(EMPTY + tail)
    if offset is not None:
        assert caught.value.offset == offset
    assert 8 <= caught.value.offset <= 8 + len(tail)


def test_twenty_thousand_exports_are_read() -> None:
    fields = "".join(f'(export "e{number}" (func 0))' for number in range(20_000))
    assert len(read_interface(bytes(wasmtime.wat2wasm(f"(module (func) {fields})"))).exports) == 20_000
