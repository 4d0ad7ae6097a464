"""The parts of the room: finding compilers, reading packages, running processes, cleaning words."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

import labkit
from labkit.errors import ArgumentError, BuildError
from labkit.toolchains import go, job, node, rust
from labkit.toolchains.diagnostics import clean
from labkit.toolchains.language import Found, Missing
from labkit.toolchains.process import run_process
from labkit.toolchains.registry import LANGUAGES, language_named
from labkit.toolchains.shared_library import native_builds
from labkit.toolchains.warm import warm
from labkit.toolchains.wit import core_functions
from tests.toolchains.conftest import need


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_the_registry_has_a_row_for_every_way_and_a_remedy_for_every_missing_one():
    table = labkit.toolchains()
    assert [row.name for row in table][: len(LANGUAGES)] == list(LANGUAGES)
    for row in table:
        assert row.available == bool(row.version) == (not row.reason) == (not row.remedies)
        if not row.available:
            assert "labkit" in row.remedies or "rustup" in row.remedies
            assert row.remedy in {f"Run: {line}" for line in row.remedies.values()}
    assert "toolchain" in repr(table)
    assert "<table" in table._repr_html_()


@pytest.mark.parametrize("name", ["wat", "c", "cpp", "zig"])
def test_what_comes_with_the_lab_is_here(name):
    assert next(row for row in labkit.toolchains() if row.name == name).available


def test_a_go_that_is_too_old_is_named(tmp_path, monkeypatch):
    old = script(tmp_path / "go", "echo go version go1.19.8 linux/amd64")
    monkeypatch.setattr(go, "package_folder", lambda name: None)
    monkeypatch.setattr(go, "on_path", lambda name: old)
    found = language_named("go").find("wasip1")
    assert isinstance(found, Missing)
    assert found.reason == "Go 1.19.8 is here, and exported functions need 1.24"


@pytest.mark.parametrize("body", ["exit 1", "echo v18.20.1"])
def test_a_node_that_does_not_start_or_is_too_old_is_no_node(tmp_path, monkeypatch, body):
    monkeypatch.setattr(node, "package_folder", lambda name: None)
    monkeypatch.setattr(node, "on_path", lambda name: script(tmp_path / "node", body))
    assert isinstance(node.find_node(), Missing)


def test_a_rustc_without_the_target_is_no_compiler_and_its_remedy_is_rustup(tmp_path, monkeypatch):
    own = script(tmp_path / "rustc", f'case "$1" in --version) echo "rustc 1.95.0";; *) echo {tmp_path};; esac')
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setattr(rust, "on_path", lambda name: own)
    found = language_named("rust").find("wasip1")
    assert isinstance(found, Missing)
    assert found.reason == "rustc 1.95.0 is here, and its target wasm32-wasip1 is not"
    assert found.remedies["rustup"] == "rustup target add wasm32-wasip1"


@pytest.mark.parametrize(("here", "first"), [(["rustup", "apt-get"], "rustup"), (["rustup"], "rustup"), (["apt-get"], "labkit"), ([], "conda")])
def test_rust_is_to_come_from_what_is_here(here, first, tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(rust, "on_path", lambda name: None)
    for name in here:
        script(tmp_path / name, "exit 1")
    found = language_named("rust").find("wasip1")
    assert isinstance(found, Missing)
    assert next(iter(found.remedies)) == first
    assert {"rustup", "conda"} <= set(found.remedies)


def test_a_rustc_with_the_target_is_taken_before_debians(tmp_path, monkeypatch):
    own = script(tmp_path / "rustc", f'case "$1" in --version) echo "rustc 1.95.0";; *) echo {tmp_path};; esac')
    for triple in ("wasm32-wasip1", "wasm32-wasip2"):
        library = tmp_path / "lib/rustlib" / triple / "lib" / "libstd-1.rlib"
        library.parent.mkdir(parents=True)
        library.touch()
    monkeypatch.setattr(rust, "on_path", lambda name: own)
    found = language_named("rust").find("wasip1")
    assert isinstance(found, Found)
    assert found.command == (str(own),)
    assert language_named("rust").makes_component("command")


def test_a_cargo_package_is_built_with_all_its_files(tmp_path):
    need("rust", "wasip1")
    crate = tmp_path / "my crate"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "greeter"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "src/main.rs").write_text('mod words;\nfn main() { println!("{}", words::GREETING); }\n')
    (crate / "src/words.rs").write_text('pub const GREETING: &str = "hello";\n')
    assert labkit.run(labkit.build(crate)).stdout == b"hello\n"
    (crate / "src/words.rs").write_text('pub const GREETING: &str = "good day";\n')
    assert labkit.run(labkit.build(crate)).stdout == b"good day\n"
    (crate / "src/words.rs").write_text("pub const GREETING: &str = 5;\n")
    with pytest.raises(BuildError, match=r"src/words\.rs:1:"):
        labkit.build(crate)


def test_a_package_never_downloads(tmp_path):
    need("rust", "wasip1")
    (tmp_path / "src").mkdir()
    package = '[package]\nname = "far"\nversion = "0.1.0"\nedition = "2021"\n'
    (tmp_path / "Cargo.toml").write_text(f'{package}[dependencies]\nno-such-crate-here = "9.9.9"\n')
    (tmp_path / "src/main.rs").write_text("fn main() {}\n")
    with pytest.raises(BuildError, match="offline"):
        labkit.build(tmp_path)


@pytest.mark.any_python
@pytest.mark.parametrize("options", [{"optimize": "none"}, {"optimize": "speed"}, {"features": ["simd", "tail-call"]}])
def test_another_level_and_more_features_are_linked_with_the_library_that_set_up_made(options, monkeypatch, fresh_cache):
    commands: list[list[str]] = []
    run = job.Job.run
    monkeypatch.setattr(job.Job, "run", lambda self, command, **options: commands.append(list(command)) or run(self, command, **options))
    artifact = labkit.build('#include <stdio.h>\nint main(void) { puts("always"); }\n', language="c", **options)
    assert labkit.run(artifact).stdout == b"always\n"
    compiled, linked, *_ = commands
    assert {"-O0", "-O3", "-mcpu=generic+simd128+tail_call"} & set(compiled)
    assert {"-Os", "-mcpu=generic"} <= set(linked)
    assert not {"-O0", "-O3"} & set(linked)


@pytest.mark.any_python
def test_preparing_again_costs_little_and_says_what_it_does():
    lines: list[str] = []
    warm(lines.append)
    assert lines[0] == "Preparing C for WebAssembly (1 of 4)."
    assert lines[4] == "Preparing C for this machine."
    assert lines[5:] == [f"Building the course's kernels for this machine: {build.name}." for build in native_builds()[0]]


def test_a_process_gives_its_words_and_its_end(tmp_path):
    ended = run_process([sys.executable, "-c", "import sys; print('out'); sys.exit('error')"], folder=tmp_path, environment={}, timeout_seconds=60)
    assert (ended.exit_code, ended.stopped) == (1, "")
    assert sorted(ended.output.split()) == ["error", "out"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["x", "/x", "main", "./", "\x1b["])
def test_cleaning_a_long_line_ends(unit, tmp_path):
    """A pattern that tries every start anew would take minutes."""
    assert len(clean(unit * 100_000, folder=tmp_path, internal="main", shown="a.c")) < 1000


@pytest.mark.parametrize("seed", range(20))
def test_cleaning_takes_any_text(seed, tmp_path):
    parts = ["main.c", ":", "3", "\x1b[31m", "\x1b]0;", "\x07", "\n", "/", str(tmp_path), "\\1", "é", "\0", "(", "\r"]
    text = "".join(random.Random(seed).choices(parts, k=500))
    words = clean(text, folder=tmp_path, internal="main", shown="a\\1 b.c")
    assert str(tmp_path) not in words
    assert not any(ord(character) < 32 for character in words.replace("\n", ""))


def test_a_type_that_a_core_module_has_not_is_named():
    assert core_functions("// wit: export greet: func(name: string) -> string;") == ([], "string")
    need("javascript", "wasip1")
    with pytest.raises(BuildError, match=r"cannot export a function with the type string.*target='wasip2'"):
        labkit.build("// wit: export greet: func(name: string) -> string;\nexport const greet = (n) => n;\n", language="javascript", kind="library")


@pytest.mark.parametrize("language", ["javascript", "python"])
def test_a_library_without_wit_is_told_what_to_write(language):
    target = "wasip1" if language == "javascript" else "wasip2"
    need(language, target)
    with pytest.raises(BuildError, match=r"does not say which functions it exports.*wit: export fib"):
        labkit.build("pass", language=language, kind="library")


@pytest.mark.parametrize("name", [7, None, "", "C#"])
def test_a_name_that_is_no_language_is_said(name):
    with pytest.raises(ArgumentError, match="There is no language"):
        language_named(name)
