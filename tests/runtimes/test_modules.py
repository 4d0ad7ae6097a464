"""Compiling, validating, and what a compiled module tells of itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import labkit
from labkit.errors import ArgumentError, CompileError, MalformedModule, UnreadableFile, Unsupported, WatError

ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'


def test_a_module_comes_from_text_bytes_and_files(engine, tmp_path):
    wasm = labkit.to_wasm(ADD)
    (tmp_path / "add.wasm").write_bytes(wasm)
    (tmp_path / "add.wat").write_text(ADD)
    sources = [
        ADD,
        ADD.encode(),
        wasm,
        bytearray(wasm),
        memoryview(wasm),
        tmp_path / "add.wasm",
        str(tmp_path / "add.wat"),
        os.fspath(tmp_path / "add.wat"),
    ]
    for source in sources:
        engine.validate(source)
        assert engine.compile(source).instantiate().func("add")(2, 3) == 5


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (b"", MalformedModule),
        (b"\0asm", MalformedModule),
        (b"\0asm\2\0\0\0", MalformedModule),
        (b"\x7fELF\1\1\1\0", MalformedModule),
        ("(module (func (result i32)))", CompileError),
        ("(module (func $f) (func $f))", WatError),
        ("(module", WatError),
        ("no/such/file.wasm", UnreadableFile),
        (Path(), UnreadableFile),
        ("(component)", Unsupported),
        (42, ArgumentError),
        (None, ArgumentError),
    ],
)
def test_what_is_no_module_is_refused_with_a_remedy(engine, source, error):
    for attempt in (engine.compile, engine.validate):
        with pytest.raises(error) as caught:
            attempt(source)
        assert caught.value.remedy


def test_every_truncation_and_many_flipped_bits_are_refused_or_compile(engine):
    wasm = labkit.to_wasm(
        '(module (import "a" "b" (func)) (memory (export "m") 1) (table 2 funcref) (elem (i32.const 0) 1) (global (export "g") i32 (i32.const 7))'
        '(data (i32.const 0) "hello") (func (export "f") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3))))'
    )
    broken = [wasm[:size] for size in range(8, len(wasm))] + [
        wasm[:at] + bytes([wasm[at] ^ 1 << bit]) + wasm[at + 1 :] for at in range(len(wasm)) for bit in (0, 3, 7)
    ]
    refused = 0
    for candidate in broken:
        try:
            engine.compile(candidate)
        except (CompileError, Unsupported):
            refused += 1
    assert refused > len(broken) / 2


def test_imports_and_exports_have_types(engine):
    module = engine.compile(
        """(module
          (import "env" "log" (func (param i32 f64)))
          (import "env" "table" (table 1 9 funcref))
          (import "env" "memory" (memory 1 2))
          (import "env" "limit" (global i64))
          (func (export "f") (param i32) (result i64) i64.const 0)
          (export "m" (memory 0)) (export "t" (table 0))
          (global (export "g") (mut f32) (f32.const 1)))"""
    )
    assert [(wanted.module, wanted.name, wanted.kind, str(wanted.type)) for wanted in module.imports] == [
        ("env", "log", "func", "(i32, f64) -> ()"),
        ("env", "table", "table", "funcref 1..9"),
        ("env", "memory", "memory", "1..2 pages"),
        ("env", "limit", "global", "i64"),
    ]
    assert [(export.name, export.kind, str(export.type)) for export in module.exports] == [
        ("f", "func", "(i32) -> i64"),
        ("m", "memory", "1..2 pages"),
        ("t", "table", "funcref 1..9"),
        ("g", "global", "mut f32"),
    ]
    assert engine.name in repr(module)


def test_an_instance_shows_its_exports_in_order_and_refuses_what_it_has_not(engine):
    instance = engine.compile('(module (func (export "b")) (memory (export "<a>") 1))').instantiate()
    assert list(instance.exports) == ["b", "<a>"]
    assert len(instance.exports) == 2
    assert "b       func" in repr(instance.exports)
    assert "&lt;a&gt;" in instance.exports._repr_html_()
    assert "<a>" in repr(instance)
    for look_up, message in [
        (lambda: instance.func("nothing"), "no export 'nothing'"),
        (lambda: instance.func("<a>"), "is a memory, not a function"),
        (lambda: instance.memory("b"), "is a func, not a memory"),
        (lambda: instance.global_("b"), "not a global"),
        (lambda: instance.table("b"), "not a table"),
    ]:
        with pytest.raises(KeyError, match=message) as caught:
            look_up()
        assert isinstance(caught.value, labkit.LabkitError)


def test_a_module_is_instantiated_many_times_and_each_has_its_own_state(engine):
    module = engine.compile(
        '(module (global $g (mut i32) (i32.const 0)) (func (export "next") (result i32) '
        "(global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"
    )
    first, second = module.instantiate(), module.instantiate()
    assert [first.func("next")(), first.func("next")(), second.func("next")()] == [1, 2, 1]


def test_a_component_is_named(engine):
    with pytest.raises(Unsupported, match="component"):
        engine.compile(b"\0asm\x0d\0\1\0")
