"""Every kind of source gives the same bytes, and every bad one gives a labkit error that says what to do."""

from __future__ import annotations

import os
import pathlib

import pytest

from labkit.errors import ArgumentError, LabkitError, MalformedModule, UnreadableFile, WatError
from labkit.modules.load import is_text, to_wasm

TEXT = '(module (memory (export "m") 1))'
EMPTY = b"\0asm\x01\0\0\0"


def test_every_kind_of_source(tmp_path: pathlib.Path) -> None:
    wasm = to_wasm(TEXT)
    binary, text = tmp_path / "m.wasm", tmp_path / "m.wat"
    binary.write_bytes(wasm)
    text.write_text(f";; é\n\n{TEXT}", encoding="utf-8")
    for source in (
        wasm,
        bytearray(wasm),
        memoryview(wasm),
        TEXT.encode(),
        f"  \n;; comment\n{TEXT}",
        f"(; comment ;) {TEXT}",
        binary,
        str(binary),
        text,
    ):
        assert to_wasm(source) == wasm
    assert type(to_wasm(bytearray(wasm))) is bytes


@pytest.mark.parametrize("text", ["", "fib.wasm", "dir (copy)/fib.wasm", ";; only a comment"])
def test_paths_are_not_text(text: str) -> None:
    assert not is_text(text)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("(module (func (i32.bogus)))", WatError, "Line 1, column 16"),
        ("(module\n  (func\n\tlocal.get $missing))", WatError, "Line 3, column 12"),
        ("(module", WatError, "Line 1"),
        ("(", WatError, "Line 1"),
        ("(module\r\n  (func\r\n\r\n", WatError, "Line "),
        ("(module) trailing", WatError, "Line 1"),
        ("(module \udc00)", WatError, "surrogate"),
        (b"(module \xff)", WatError, "Byte 8 of the text is not UTF-8"),
        (b"", MalformedModule, "unexpected end"),
        (b"\0as", MalformedModule, "unexpected end"),
        (b"PK\x03\x04", MalformedModule, "not WebAssembly"),
        ("no/such/file.wasm", UnreadableFile, "There is no file"),
        ("", UnreadableFile, "no file"),
        ("\0", UnreadableFile, "cannot be read"),
        ("x" * 5000, UnreadableFile, "cannot be read|no file"),
        (".", UnreadableFile, "a folder"),
        (None, ArgumentError, "NoneType"),
        (5, ArgumentError, "int"),
        ([EMPTY], ArgumentError, "list"),
    ],
)
def test_bad_sources(source: object, error: type[LabkitError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        to_wasm(source)  # type: ignore[arg-type]
    assert caught.value.remedy.endswith(".")
    assert len(str(caught.value)) < 1000


def test_bad_files(tmp_path: pathlib.Path) -> None:
    empty = tmp_path / "empty.wasm"
    empty.touch()
    with pytest.raises(MalformedModule, match="is empty"):
        to_wasm(empty)
    image = tmp_path / "picture.png"
    image.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(MalformedModule, match="not WebAssembly"):
        to_wasm(image)
    large = tmp_path / "large.wasm"
    with large.open("wb") as file:
        file.truncate(512 * 2**20 + 1)
    with pytest.raises(UnreadableFile, match="at most 536870912 are read"):
        to_wasm(large)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(UnreadableFile, match="no regular file"):
        to_wasm(fifo)


def test_the_place_of_an_error_is_shown_in_characters_and_cut() -> None:
    with pytest.raises(WatError) as caught:
        to_wasm(f'(module (data "{"é" * 500}") (func oops))')
    column = 16 + 500 + 9
    assert f"column {column}" in str(caught.value)
    assert "oops" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_deep_text_ends_cleanly() -> None:
    with pytest.raises(WatError):
        to_wasm("(" * 200_000)
