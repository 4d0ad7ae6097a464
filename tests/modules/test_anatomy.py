"""The anatomy holds what a real assembler wrote: every section, every size, every name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
import wasmtime

from labkit.errors import ArgumentRangeError, LabkitError, MalformedModule
from labkit.modules.anatomy import inspect
from labkit.modules.component import ComponentItem
from labkit.modules.custom import Producer, TargetFeature, read_producers, read_target_features
from labkit.modules.reader import Reader
from labkit.modules.sections import SECTION_NAMES


def sized(data: bytes) -> bytes:
    """A length below 128 and the bytes."""
    assert len(data) < 128
    return bytes([len(data)]) + data


def custom(name: bytes, contents: bytes) -> bytes:
    return b"\0" + sized(sized(name) + contents)


EMPTY = b"\0asm\x01\0\0\0"


def test_sections_and_header_add_up_to_the_whole_file(module: bytes) -> None:
    anatomy = inspect(module)
    end = 8
    for section in anatomy.sections:
        assert section.offset == end
        assert module[section.offset] == section.id
        assert section.name == SECTION_NAMES[section.id]
        end += section.size_bytes
    assert end == anatomy.size_bytes == len(module)


def test_functions_add_up_to_the_code_section(module: bytes) -> None:
    anatomy = inspect(module)
    for section in anatomy.sections:
        if section.name == "code":
            count = len(anatomy.functions)
            assert section.item_count == count
            assert sum(function.size_bytes for function in anatomy.functions) + 1 == len(anatomy.contents(section))
            assert anatomy.functions[0].offset == section.contents_offset + 1
            for before, after in zip(anatomy.functions, anatomy.functions[1:]):
                assert before.offset + before.size_bytes == after.offset


def test_everything_is_found(modules: dict[str, bytes]) -> None:
    anatomy = inspect(modules["everything"])
    assert [section.label for section in anatomy.sections] == [
        "type",
        "import",
        "function",
        "table",
        "memory",
        "tag",
        "global",
        "export",
        "start",
        "element",
        "data count",
        "code",
        "data",
        'custom "name"',
    ]
    assert anatomy.name == "everything"
    assert [str(needed) for needed in anatomy.imports] == [
        "env.log: func (i32) -> ()",
        "env.base: global i32",
        "env.pages: memory 1..8 pages",
        "env.slots: table funcref 4..16",
        "env.problem: tag (i32)",
    ]
    assert [str(export) for export in anatomy.exports] == [
        "square: func (i32) -> i32",
        "twice \0 ☃: func (i32) -> i32",
        "pages: memory 1..8 pages",
        "filled: table funcref 2..",
        "counter: global mut i64",
        "own: tag (i64)",
    ]
    assert [(f.index, f.name, str(f.type)) for f in anatomy.functions] == [(1, "square", "(i32) -> i32"), (2, "main", "() -> ()")]
    assert list(map(str, anatomy.memories)) == ["1..8 pages", "2.. pages"]
    assert list(map(str, anatomy.tables)) == ["funcref 4..16", "externref 3..", "funcref 2.."]
    assert list(map(str, anatomy.globals)) == ["i32", "mut i64", "f64", "i32"]
    assert list(map(str, anatomy.tags)) == ["(i32)", "(i64)"]
    assert anatomy.start == 2
    assert [(element.functions, element.table, element.is_declared) for element in anatomy.elements] == [
        ((1, 2), 0, False),
        ((1,), None, False),
        ((0,), None, True),
        (None, None, False),
    ]
    assert [(len(segment.contents), segment.memory) for segment in anatomy.data] == [(16, 0), (74, 0), (1, 1)]
    assert str(anatomy.types[0].type) == "(i32) -> i32"


def test_interface_is_what_the_runtime_reads(modules: dict[str, bytes]) -> None:
    anatomy = inspect(modules["add"])
    compiled = wasmtime.Module(wasmtime.Engine(), modules["add"])
    assert [export.name for export in anatomy.exports] == [export.name for export in compiled.exports]
    signature = compiled.exports[0].type
    assert isinstance(signature, wasmtime.FuncType)
    assert [str(kind) for kind in signature.params] == list(anatomy.exports[0].type.params)  # type: ignore[union-attr]


def test_a_function_without_a_name_takes_its_export_and_a_guest_s_name_is_kept_as_it_is() -> None:
    anatomy = inspect('(module (func (export "f")) (func $"<T as U>::g (x)") (func))')
    assert [function.name for function in anatomy.functions] == ["f", "<T as U>::g (x)", ""]


def test_custom_sections_of_toolchains() -> None:
    producers = b"\x02" + sized(b"language") + b"\x01" + sized(b"Rust") + sized(b"") + sized(b"processed-by")
    producers += b"\x02" + sized(b"rustc") + sized(b"1.85.1") + sized(b"walrus") + sized(b"0.2")
    features = b"\x03+" + sized(b"simd128") + b"-" + sized(b"shared-mem") + b"=" + sized(b"atomics")
    anatomy = inspect(EMPTY + custom(b"producers", producers) + custom(b"target_features", features) + custom(b"", b"unnamed"))
    assert anatomy.producers == (
        Producer("language", "Rust", ""),
        Producer("processed-by", "rustc", "1.85.1"),
        Producer("processed-by", "walrus", "0.2"),
    )
    assert anatomy.target_features == (
        TargetFeature("simd128", "used"),
        TargetFeature("shared-mem", "disallowed"),
        TargetFeature("atomics", "required"),
    )
    assert [section.label for section in anatomy.sections] == ['custom "producers"', 'custom "target_features"', "custom"]
    assert "rustc 1.85.1" in str(anatomy)
    assert "feature required" in str(anatomy)


@pytest.mark.parametrize("read", [read_producers, read_target_features])
def test_damaged_custom_sections_give_what_comes_before_the_damage(read) -> None:
    whole = {
        read_producers: b"\x01" + sized(b"sdk") + b"\x02" + sized(b"a") + sized(b"1") + sized(b"b") + sized(b"2"),
        read_target_features: b"\x02+" + sized(b"aaaa") + b"+" + sized(b"b"),
    }[read]
    assert len(read(Reader(whole))) == 2
    counts = [len(read(Reader(whole[:end]))) for end in range(len(whole))]
    assert counts == sorted(counts)
    assert set(counts) == {0, 1}


def test_a_component_and_its_layers(component: bytes) -> None:
    anatomy = inspect(component)
    assert (anatomy.kind, anatomy.name) == ("component", "outer")
    assert anatomy.imports == (ComponentItem("wasi:http/types@0.2.0", "instance"), ComponentItem("log", "func"))
    assert anatomy.exports == (ComponentItem("run", "func"), ComponentItem("types", "instance"))
    assert [(layer.kind, layer.depth, layer.name) for layer in anatomy.layers] == [
        ("module", 1, "first"),
        ("component", 1, "inner"),
        ("module", 2, "deep"),
        ("component", 2, ""),
    ]
    assert 8 + sum(section.size_bytes for section in anatomy.sections) == len(component)
    for number, layer in enumerate(anatomy.layers):
        taken = anatomy.layer(number)
        assert taken.wasm == component[layer.offset : layer.offset + layer.size_bytes]
        assert (taken.kind, taken.name) == (layer.kind, layer.name)
        assert [section.label for section in taken.sections] == [section.label for section in layer.sections]
    assert str(anatomy.layer(0).exports[0]) == "f: func () -> i32"
    # A core module taken out of a component is one that a runtime compiles.
    assert wasmtime.Module(wasmtime.Engine(), anatomy.layer(0).wasm).exports[0].name == "f"


def test_a_component_s_imports_of_every_kind() -> None:
    anatomy = inspect(
        """(component
          (type $t (func)) (component $c) (core module $m)
          (import "f" (func (type $t)))
          (import "eq" (type (eq $t)))
          (import "sub" (type (sub resource)))
          (import "inner" (component))
          (import "a:b/c@1.2.3" (instance))
          (import "core" (core module (import "x" "y" (func))))
          (export "m2" (core module $m))
          (export "c2" (component $c) (component))
          (export "f2" (func 0)))"""
    )
    assert [str(item) for item in anatomy.imports] == [
        "f: func",
        "eq: type",
        "sub: type",
        "inner: component",
        "a:b/c@1.2.3: instance",
        "core: core module",
    ]
    assert [str(item) for item in anatomy.exports] == ["m2: core module", "c2: component", "f2: func"]


@pytest.mark.parametrize("number", [-1, 4, True, "0", None])
def test_layers_that_are_not_there(component: bytes, number: object) -> None:
    with pytest.raises(ArgumentRangeError, match=r"There is no layer .*counted from 0 to 3"):
        inspect(component).layer(number)  # type: ignore[arg-type]
    with pytest.raises(ArgumentRangeError, match="A core module has none"):
        inspect(EMPTY).layer(0)


@pytest.mark.parametrize(
    ("tail", "message", "offset"),
    [
        (b"\x0e\x00", "no section with the number 14", 8),
        (b"\x01", "unexpected end", 9),
        (b"\x01\x05\x00", "5 bytes are announced, 1 are left", 10),
        (b"\x01\x01\x00\x01\x01\x00", "two type sections", 11),
        (b"\x03\x01\x00\x01\x01\x00", "out of order", 11),
        (b"\x01\x02\x00\x00", "1 bytes more than its contents take", 11),
        (b"\x01\x00", "unexpected end", 10),
        (b"\x01\x02\x7f\x60", "127 types are announced", 10),
        (b"\x01\x02\x01\x61", "0x61 begins no type", 11),
        (b"\x01\x04\x01\x60\x00\x00\x03\x02\x01\x01", "type 1 does not exist: there are 1", 17),
        (b"\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00", "1 functions are declared, but 0 have code", 18),
        (b"\x00\x03\x05ab", "unexpected end", 11),
        (b"\x0b\x02\x01\x03", "0x3 are no flags of a data segment", 11),
        (b"\x0c\x01\x01", "1 data segments are announced, but there are 0", 11),
        (b"\x08\x01\x00", "function 0 does not exist", 10),
        (b"\x05\x03\x01\x00\xff", "unexpected end", 13),
    ],
)
def test_malformed_modules_name_the_byte(tail: bytes, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule, match=message) as caught:
        inspect(EMPTY + tail)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("tail", "message", "offset"),
    [
        (b"\x0d\x00", "no section with the number 13", 8),
        (b"\x01\x03abc", "not WebAssembly", 10),
        (b"\x04\x08\0asm\x03\0\0\0", "unknown version", 14),
        (b"\x0a\x02\x01\x05", "begins no name", 11),
        (b"\x0a\x05\x01\x00\x01a\x09", "no kind of import or export", 14),
        (b"\x0a\x06\x01\x00\x01a\x00\x55", "no kind of import or export", 14),
        (b"\x0a\x06\x01\x00\x01a\x03\x07", "no bound of a type", 15),
        (b"\x0b\x09\x01\x00\x01a\x01\x00\x00\x00\x00", "1 bytes more|2 bytes more", 17),
    ],
)
def test_malformed_components_name_the_byte(tail: bytes, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule, match=message) as caught:
        inspect(b"\0asm\x0d\0\x01\0" + tail)
    assert caught.value.offset == offset


def test_as_text(modules: dict[str, bytes], component: bytes) -> None:
    text = str(inspect(modules["everything"]))
    for words in (
        'Core module "everything": ',
        "data count",
        'custom "name"',
        "100.0 %",
        "env.slots",
        "mut i64",
        "this function runs at instantiation",
    ):
        assert words in text
    # A guest's control characters do not reach the terminal.
    assert "twice \\x00 ☃" in text
    assert "\0" not in text
    layers = str(inspect(component))
    assert 'Component "outer"' in layers
    assert "4 layers inside" in layers
    assert "wasi:http/types@0.2.0" in layers
    assert all(line == line.rstrip() for line in (text + layers).splitlines())


def test_long_lists_are_cut() -> None:
    fields = "".join(f'(func (export "{number}-{"x" * 300}"))' for number in range(1000))
    text = str(inspect(f"(module {fields})"))
    assert "… 980 more" in text
    assert "The 10 largest of 1000 functions" in text
    assert len(text) < 10_000
    globals_, segments = "(global i32 (i32.const 0))" * 30, '(data (i32.const 3) "abc")' * 9
    text = str(inspect(f'(module {globals_} (memory 1) {segments} (data "passive"))'))
    assert re.search(r"^global +… +24 more$", text, re.MULTILINE)
    assert re.search(r"^data +5 +3 B, copied at instantiation to i32.const 3\ndata +… +4 more$", text, re.MULTILINE)


def test_picture(modules: dict[str, bytes], component: bytes) -> None:
    for wasm in (*modules.values(), component):
        anatomy = inspect(wasm)
        html = anatomy._repr_html_()
        svg = ElementTree.fromstring(re.search("<svg.*</svg>", html, re.DOTALL)[0])  # type: ignore[index]
        label = svg.get("aria-label", "")
        assert svg.get("role") == "img"
        namespace = "{http://www.w3.org/2000/svg}"
        legend = [text.text for text in svg.iter(f"{namespace}text") if text.get("text-anchor") is None]
        # Every kind is named in words, in the legend and in the text alternative.
        for section in anatomy.sections:
            assert any(section.label in (words or "") for words in legend)
            assert section.label in label
        drawn = [rect for rect in svg.iter(f"{namespace}rect") if rect.find(f"{namespace}title") is not None]
        assert len(drawn) == len(anatomy.sections) + 1
        assert sum(float(rect.get("width", 0)) for rect in drawn) == pytest.approx(720, abs=0.05 * len(drawn))
        # Text takes the theme's colour, except on the bar's own colours.
        assert all(text.get("fill") == ("currentColor" if text.get("text-anchor") is None else "#000000") for text in svg.iter(f"{namespace}text"))
        assert html.count("<table>") == len(re.findall("<caption", html))


def test_hostile_names_are_escaped() -> None:
    text = '(module (import "<script>alert(1)</script>" "&" (func)) (func $"<img onerror=x>") (@custom "<svg onload=x>" "y"))'
    html = inspect(text)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "<svg onload" not in html
    assert "&lt;script&gt;" in html


def test_the_picture_of_very_many_sections_is_bounded() -> None:
    wasm = EMPTY + b"".join(custom(f"section {number}".encode(), b"") for number in range(20_000))
    html = inspect(wasm)._repr_html_()
    assert len(html) < 100_000
    assert "19984 others" in html
    assert "… 19961 more" in html


def test_inspect_takes_what_to_wasm_takes(tmp_path) -> None:
    path = tmp_path / "m.wasm"
    path.write_bytes(EMPTY)
    assert inspect(path) == inspect(EMPTY) == inspect("(module)")
    with pytest.raises(LabkitError):
        inspect(tmp_path / "missing.wasm")
