"""Printing a module and assembling the text gives the module back, section by section."""

from __future__ import annotations

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings

from labkit.errors import LimitExceeded, MalformedModule, Unsupported
from labkit.modules.anatomy import inspect
from labkit.modules.load import to_wasm
from labkit.modules.wat import to_wat

from .programs import programs


def sections(wasm: bytes) -> list[tuple[str, bytes]]:
    anatomy = inspect(wasm)
    return [(section.label, anatomy.contents(section)) for section in anatomy.sections if section.name != "custom" or section.custom_name == "name"]


def test_round_trip(module: bytes) -> None:
    again = to_wasm(to_wat(module))
    assert sections(again) == sections(module)
    assert to_wat(again) == to_wat(module)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_generated_programs_come_back(text: str) -> None:
    wasm = bytes(wasmtime.wat2wasm(text))
    assert sections(to_wasm(to_wat(wasm))) == sections(wasm)


@pytest.mark.parametrize(
    "text",
    [
        '(module (func $"a b") (func $"a b c" (call $"a b")))',
        '(module (func $f (param $"<T as U>" i32) (local.set $"<T as U>" (i32.const 1))))',
        '(module $"quoted \\"name\\"" (memory $"\\u{1f600}" 1))',
        "(module (func $f (block $b (block $b (br $b)) (br $b))))",
        "(module (func (block (block (br 0) (br 1) (br_table 0 1 2 (i32.const 5))))))",
        '(module (memory 1) (data "\\00\\7f\\80\\ff\\"\\\\\\n") (data (i32.const 0) ""))',
        '(module (import "\\u{202e}\\00" "é" (func)) (export "☃" (func 0)))',
        "(module (func (result f32 f64) f32.const nan:0x1 f64.const -0x1p-1074))",
        "(module (table 1 1 funcref) (table $t 2 externref) (elem (table 0) (i32.const 0) funcref (ref.null func)) (elem externref))",
        "(module (rec (type (func)) (type (struct))) (type (sub (func))))",
        "(module (tag (param i32)) (func (try_table (catch_all 0)) (throw 0 (i32.const 1))))",
        "(module (memory 0) (memory 0) (func (memory.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 0)) (drop (memory.size 1))))",
    ],
)
def test_corners_come_back(text: str) -> None:
    wasm = bytes(wasmtime.wat2wasm(text))
    assert [found for found in sections(to_wasm(to_wat(wasm))) if "name" not in found[0]] == [f for f in sections(wasm) if "name" not in f[0]]


def test_names_are_in_the_text_and_what_is_not_printable_is_escaped() -> None:
    text = to_wat('(module (func $f (param $x i32) (block $out (br $out)) (local.set $x (i32.const 1))) (export "a\\u{202e}\\"b" (func $f)))')
    for words in ("(func $f (;0;)", "(param $x i32)", "block $out", "br $out", "local.set $x", 'export "a\\e2\\80\\ae\\22b" (func $f)'):
        assert words in text
    assert text.isprintable() is False
    assert all(line.isprintable() for line in text.splitlines())


def test_custom_sections_are_mentioned() -> None:
    assert ';; custom section "made by", 15 bytes' in to_wat('(module (@custom "made by" "hello"))')


def test_the_text_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="larger than 1000 bytes"):
        to_wat(f"(module (func {'nop ' * 1000}))", largest_bytes=1000)
    # Deep nesting costs no more than its lines.
    depth = 20_000
    text = to_wat(f"(module (func {'block ' * depth}{'end ' * depth}))")
    assert len(text) < 300 * depth


def test_refused(component: bytes) -> None:
    with pytest.raises(Unsupported, match="component"):
        to_wat(component)
    wasm = bytearray(to_wasm("(module (func nop))"))
    wasm[-2] = 0xFF
    with pytest.raises(MalformedModule, match="unknown opcode 0xff") as caught:
        to_wat(bytes(wasm))
    assert caught.value.offset == len(wasm) - 2
