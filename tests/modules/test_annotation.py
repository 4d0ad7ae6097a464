"""The annotated bytes cover the whole module, without a gap, and say what an assembler put there."""

from __future__ import annotations

import pytest

from labkit.errors import ArgumentRangeError, MalformedModule
from labkit.modules.anatomy import inspect
from labkit.modules.annotation import annotate


def test_groups_cover_the_module_without_gaps(module: bytes) -> None:
    annotation = annotate(module, limit=10_000)
    assert b"".join(group.contents for group in annotation) == module
    offset = 0
    for group in annotation:
        assert group.offset == offset
        assert group.contents
        assert group.meaning
        offset += len(group.contents)
    assert annotation.annotated_bytes == annotation.size_bytes == len(module)


def test_a_component_s_bytes_are_covered(component: bytes) -> None:
    annotation = inspect(component).annotate()
    assert b"".join(group.contents for group in annotation) == component
    meanings = [group.meaning for group in annotation]
    assert meanings[1] == "version 13, layer 1: a component"
    assert 'import "wasi:http/types@0.2.0": instance' in meanings
    assert meanings.count("the core module") == 1


def test_every_section_and_every_instruction_is_named(modules: dict[str, bytes]) -> None:
    meanings = [group.meaning for group in annotate(modules["everything"], limit=10_000)]
    for section in inspect(modules["everything"]).sections:
        assert f"section {section.id}: {section.name}" in meanings
    for wanted in (
        "memory 1: 2.. pages",
        "tag 1: (i64)",
        "global 3: i32",
        "starts as global.get 0 i32.const 4 i32.add",
        "starts as f64.const 0.1875",
        "its entries start as ref.func 1",
        'export "counter": global 1',
        "function 2 runs at the start",
        "locals: 1 × i64, 2 × f32",
        "i32.store offset=65532 align=1",
        "call_indirect (type 0)",
        "f64.const nan:0x8000000000001",
        "data segment 1: 74 bytes, copied to i32.const 16",
        'func 1 is called "square"',
        'local 1 is called "product"',
    ):
        assert wanted in meanings, wanted


def test_bounded() -> None:
    anatomy = inspect(f"(module (func {'nop ' * 10_000}))")
    annotation = anatomy.annotate()
    assert len(annotation.groups) == 500
    assert "more bytes are not shown" in annotation.headline
    assert len(str(annotation)) < 40_000
    assert annotation.annotated_bytes == annotation.groups[-1].offset + len(annotation.groups[-1].contents)
    assert anatomy.annotate(limit=0).groups == ()
    # What is not shown is not read either: the damage is behind it.
    damaged = bytearray(anatomy.wasm)
    damaged[-2] = 0xFF
    annotate(bytes(damaged))
    with pytest.raises(MalformedModule):
        annotate(bytes(damaged), limit=20_000)


def test_long_bytes_and_names_are_cut() -> None:
    text = str(inspect(f'(module (memory 1) (data (i32.const 0) "{"z" * 5000}") (export "{"e" * 5000}" (memory 0)))').annotate())
    assert max(map(len, text.splitlines())) < 200
    assert "7a … 5.0 kB" in text


def test_html_is_escaped() -> None:
    html = inspect('(module (import "<b>" "<i>" (func)))').annotate()._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize("limit", [-1, True, 1.5, "9", None])
def test_bad_limits(limit: object) -> None:
    with pytest.raises(ArgumentRangeError, match="no number of groups"):
        annotate(b"\0asm\x01\0\0\0", limit=limit)  # type: ignore[arg-type]
