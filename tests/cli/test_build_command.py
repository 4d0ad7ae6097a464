"""The build and install commands: what they write, their JSON, their exit codes."""

from __future__ import annotations

import json

import pytest

from labkit.toolchains.install import INSTALLABLE

SOURCE = '__attribute__((export_name("f"))) int f(void) { return 7; }\n'


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "seven.c"
    path.write_text(SOURCE)
    return path


def test_a_source_is_built_beside_where_the_command_runs(labkit_main, source):
    assert "Zig's clang" in labkit_main("build", str(source), "--kind", "library").out
    assert (source.parent / "seven.wasm").read_bytes().startswith(b"\0asm")


def test_the_output_and_the_options_are_the_readers(labkit_main, source):
    options = ["--kind", "library", "--optimize", "none", "--features", "simd", "--json"]
    found = json.loads(labkit_main("build", str(source), "-o", "other.wasm", *options).out)
    assert (found["path"], found["language"], found["kind"]) == ("other.wasm", "c", "library")
    assert "-O0" in found["flags"]
    assert found["size_bytes"] == (source.parent / "other.wasm").stat().st_size


def test_a_source_that_is_refused_is_an_error_with_the_compilers_words(labkit_main, source):
    source.write_text("int f(void) {\n  return missing;\n}\n")
    ended = labkit_main("build", str(source))
    assert ended.code == 1
    assert "seven.c:2:10: error" in ended.err
    assert not (source.parent / "seven.wasm").exists()


def test_without_a_source_the_toolchains_are_listed(labkit_main):
    assert "Zig's clang" in labkit_main("build").out
    rows = json.loads(labkit_main("build", "--json").out)["toolchains"]
    assert next(row for row in rows if row["name"] == "c")["available"] is True


def test_without_a_name_what_can_be_installed_is_listed_with_its_size(labkit_main):
    out = labkit_main("install").out
    assert all(name in out for name in INSTALLABLE)
    assert "to download" in out
