"""Names are read as an assembler wrote them, and damage in them is never more than names that are missing."""

from __future__ import annotations

import wasmtime

from labkit.modules.contents import read_contents
from labkit.modules.names import read_names
from labkit.modules.reader import Reader


def names_of(text: str):
    return read_contents(bytes(wasmtime.wat2wasm(text))).names


def test_every_space() -> None:
    names = names_of(
        """(module $m (type $t (func)) (import "e" "i" (func $imported)) (func $f (param $p i32) (local $l i64) (block $b (loop $c)))
        (table $tab 1 funcref) (memory $mem 1) (global $g i32 (i32.const 0)) (elem $el func $f) (data $d "x") (tag $tag))"""
    )
    assert names.module == "m"
    assert names.spaces == {
        "func": {0: "imported", 1: "f"},
        "type": {0: "t"},
        "table": {0: "tab"},
        "memory": {0: "mem"},
        "global": {0: "g"},
        "elem": {0: "el"},
        "data": {0: "d"},
        "tag": {0: "tag"},
    }
    assert (names.find_local(1, 0), names.find_local(1, 1), names.find_local(1, 2), names.find_local(0, 0)) == ("p", "l", None, None)
    assert (names.find_label(1, 0), names.find_label(1, 1)) == ("b", "c")
    assert names.functions == {0: "imported", 1: "f"}


def test_what_text_cannot_write_is_kept_for_showing_alone() -> None:
    contents = b"\x01\x11\x04\x00\x03a b\x01\x01f\x02\x01f\x03\x03\xe2\x98\x83"
    names = read_names(Reader(contents))
    assert names.spaces["func"] == {1: "f"}
    assert names.functions == {0: "a b", 1: "f", 2: "f", 3: "☃"}


def test_damage_ends_the_names_quietly() -> None:
    whole = b"\x00\x02\x01m\x01\x04\x01\x00\x01f\x07\x04\x01\x00\x01g"
    assert read_names(Reader(whole)).find("global", 0) == "g"
    for end in range(len(whole)):
        names = read_names(Reader(whole[:end]))
        assert names.find("global", 0) is None
        assert names.module == ("m" if end >= 4 else None)
    assert read_names(Reader(b"\x01\x04\x01\x00\x01\xff")).spaces["func"] == {}
    assert read_names(Reader(b"\x63\x01\x00\x00\x02\x01m")).module == "m"


def test_a_damaged_name_section_does_not_make_a_module_invalid() -> None:
    wasm = bytes(wasmtime.wat2wasm("(module (func $f))"))
    damaged = wasm.replace(b"\x01f", b"\x7ff")
    assert damaged != wasm
    wasmtime.Module.validate(wasmtime.Engine(), damaged)
    assert read_contents(damaged).names.functions == {}
