"""Whatever a source or a compiler is like: a clear error with the reader's own lines, nothing half-written, no process left."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

import labkit
from labkit.errors import ArgumentError, BuildError, ToolchainUnavailable, UnreadableFile, Unsupported
from labkit.toolchains import component, zig
from labkit.toolchains.cell import compile_cell
from labkit.toolchains.registry import language_named
from tests.conftest import no_process
from tests.toolchains.conftest import SOURCES, need

WRONG = {
    "c": "int main(void) {\n  return missing;\n}\n",
    "cpp": "int main() {\n  return missing;\n}\n",
    "zig": "pub fn main() void {\n  missing();\n}\n",
    "rust": "fn main() {\n  missing();\n}\n",
    "go": "package main\nfunc main() { missing() }\n",
    "assemblyscript": "let a: i32 = 1;\nlet b: i32 = missing;\n",
    "javascript": "let a = 1;\nlet b = ;\n",
    "wat": "(module\n  (func missing))\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_has_the_line_of_the_source_and_no_path_of_ours(name):
    need(name, "wasip1")
    with pytest.raises(BuildError) as caught:
        labkit.build(WRONG[name], language=name)
    assert caught.value.line == 2
    words = str(caught.value)
    assert "missing" in words or name == "javascript"
    for ours in ("/tmp", "labkit-build", "site-packages", str(Path.home()), sys.prefix, "main.", "command-line-arguments"):
        assert ours not in words


@pytest.mark.parametrize("name", WRONG)
def test_in_a_cell_the_magic_is_the_first_line(name):
    need(name, "wasip1")
    with pytest.raises(BuildError) as caught:
        compile_cell(name, WRONG[name])
    assert caught.value.line == 3


WITHOUT_MAIN = {
    "c": "/* int main(void) */ int twice(int n) { return 2 * n; }\n",
    "cpp": "int twice(int n) { return 2 * n; }\n",
    "zig": "export fn twice(n: i32) i32 {\n  return 2 * n;\n}\n",
    "rust": "pub fn twice(n: i32) -> i32 { 2 * n }\n",
    "go": "package main\nfunc twice(n int32) int32 { return 2 * n }\n",
}


@pytest.mark.any_python
@pytest.mark.parametrize("name", WITHOUT_MAIN)
def test_a_program_without_a_main_function_is_told_what_to_write(name):
    need(name, "wasip1")
    with pytest.raises(BuildError, match="finds no main function in this source") as caught:
        labkit.build(WITHOUT_MAIN[name], language=name)
    assert caught.value.remedy.startswith("Write one; or, if its functions are to be called, build a library: kind='library'")
    assert "/tmp" not in str(caught.value)


@pytest.mark.any_python
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("c", "int main(void) { return 0; }"),
        ("c", "int main(int count, char **words) { return 0; }"),
        ("c", "#define START main\nint START() { return 0; }"),
        ("cpp", "int main() {}"),
        ("cpp", "auto main(int, char **) -> int { return 0; }"),
    ],
)
@pytest.mark.parametrize("level", [None, "none", "speed"])
def test_every_way_to_write_main_is_a_program(name, source, level):
    assert labkit.run(labkit.build(source, language=name, optimize=level)).exit_code == 0


def test_go_wants_a_main_function_in_a_library_too():
    need("go", "wasip1")
    with pytest.raises(BuildError, match=r"(?s)Go wants a main function in a library too.*Add one that does nothing\.") as caught:
        labkit.build("package main\n//go:wasmexport twice\nfunc twice(n int32) int32 { return 2 * n }\n", language="go", kind="library")
    assert "function main is undeclared" in caught.value.diagnostics


WITHOUT_EXPORT = {
    **{name: source.replace("export ", "") for name, source in WITHOUT_MAIN.items()},
    "go": WITHOUT_MAIN["go"] + "func main() {}\n",
    "assemblyscript": "function twice(n: i32): i32 { return 2 * n; }\n",
    "wat": "(module (func $twice))",
}


@pytest.mark.parametrize("name", WITHOUT_EXPORT)
def test_a_library_that_exports_nothing_says_so_and_how(name, fresh_cache):
    need(name, "wasip1")
    first, second = (labkit.build(WITHOUT_EXPORT[name], language=name, kind="library") for _ in range(2))
    assert second.from_cache
    for artifact in (first, second):
        language = language_named(name)
        assert artifact.note == f"It exports no function that could be called. To export one in {language.title}, {language.export}."
        assert artifact.note in str(artifact)


def test_what_is_exported_needs_no_note():
    assert labkit.build(SOURCES / "fib.c", kind="library").note == labkit.build(SOURCES / "hello.c").note == ""


@pytest.mark.any_python
def test_a_python_component_shows_its_own_traceback():
    need("python", "wasip2")
    with pytest.raises(BuildError) as caught:
        labkit.build("# wit: export f: func() -> s32;\n\ndef f(:\n  pass\n", language="python", kind="library", target="wasip2")
    assert caught.value.line == 3
    assert "SyntaxError" in caught.value.diagnostics
    assert "componentize" not in caught.value.diagnostics


@pytest.mark.parametrize("name", ["my fib.c", "ünï ‘quoted’ $HOME.c", "-o.c", "a\nb.c", "main.c"])
def test_a_file_may_have_any_name(tmp_path, name):
    source = tmp_path / name
    source.write_text('__attribute__((export_name("f"))) int f(void) { return 7; }\n')
    artifact = labkit.build(source, kind="library")
    assert labkit.run(artifact, export="f").values == (7,)
    source.write_text("int f(void) { return missing; }\n")
    with pytest.raises(BuildError, match="missing") as caught:
        labkit.build(source, kind="library")
    assert caught.value.line == 1 or "\n" in name


def test_files_beside_the_source_are_included_and_count_as_its_content(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "seven.h").write_text('#include "../eight.h"\n#define SEVEN 7\n')
    (tmp_path / "eight.h").write_text("#define EIGHT 8\n")
    source = tmp_path / "sum.c"
    source.write_text('#include "parts/seven.h"\n__attribute__((export_name("f"))) int f(void) { return SEVEN + EIGHT; }\n')
    assert labkit.run(labkit.build(source, kind="library"), export="f").values == (15,)
    (tmp_path / "eight.h").write_text("#define EIGHT 80\n")
    assert labkit.run(labkit.build(source, kind="library"), export="f").values == (87,)


@pytest.mark.any_python
@pytest.mark.parametrize("name", sorted({*WRONG} - {"wat"}))
def test_bytes_that_are_no_text_are_an_error_like_any_other(name):
    need(name, "wasip1")
    with pytest.raises(BuildError):
        labkit.build(bytes(range(256)), language=name)


@pytest.mark.parametrize("name", ["zig", "rust", "go", "wat"])
def test_an_empty_source_is_no_program(name):
    need(name, "wasip1")
    with pytest.raises(BuildError):
        labkit.build("", language=name)


def test_a_source_that_includes_itself_ends():
    with pytest.raises(BuildError):
        labkit.build("#include __FILE__\n", language="c")


def test_a_compiler_that_hangs_is_stopped_with_all_it_started(compiler, fresh_cache):
    compiler("sleep 98765 & sleep 98765")
    with pytest.raises(BuildError, match=r"had not ended after .* and was stopped\. Give it more, with timeout_seconds=… or --timeout;"):
        labkit.build("int main;", language="c", timeout_seconds=0.5)
    assert no_process("98765")


def test_a_compiler_that_writes_without_end_is_stopped(compiler, fresh_cache):
    compiler("yes 'source: error: everything is wrong'")
    with pytest.raises(BuildError, match="of messages and was stopped") as caught:
        labkit.build("int main;", language="c")
    assert caught.value.diagnostics.count("\n") <= 60
    assert len(str(caught.value)) < 40_000


def test_one_endless_line_of_errors_is_shortened(compiler, fresh_cache):
    compiler("head -c 3000000 /dev/zero | tr '\\0' x; exit 1")
    with pytest.raises(BuildError) as caught:
        labkit.build("int main;", language="c")
    assert len(str(caught.value)) < 2000


def test_a_compiler_that_crashes_is_an_error(compiler, fresh_cache):
    compiler("kill -SEGV $$")
    with pytest.raises(BuildError, match="was ended by signal 11"):
        labkit.build("int main;", language="c")


@pytest.mark.parametrize("body", ["exit 0", "echo damaged > module.wasm", ": > module.wasm"])
def test_a_compiler_that_says_nothing_and_leaves_no_module_is_an_error(compiler, fresh_cache, body):
    compiler(body)
    with pytest.raises(BuildError, match="left no module"):
        labkit.build("int main;", language="c")


def test_a_compiler_that_leaves_something_running_is_not_waited_for(compiler, fresh_cache):
    compiler("sleep 87654 & exit 1")
    with pytest.raises(BuildError):
        labkit.build("int main;", language="c", timeout_seconds=60)
    assert no_process("87654")


def test_a_compiler_that_asks_gets_no_answer(compiler, fresh_cache):
    compiler('read answer; echo "answer: $answer"; exit 1')
    with pytest.raises(BuildError, match="answer:\n"):
        labkit.build("int main;", language="c")


def test_an_interrupt_stops_the_compiler_and_leaves_nothing(compiler, fresh_cache):
    compiler("sleep 76543")
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        labkit.build("int main;", language="c")
    assert no_process("76543")
    assert not [path for path in (fresh_cache / "builds").iterdir() if path.name != "locks"]


def test_a_missing_compiler_is_named_with_its_remedy(monkeypatch, fresh_cache):
    monkeypatch.setattr(zig, "package_folder", lambda name: None)
    monkeypatch.setattr(zig, "on_path", lambda name: None)
    with pytest.raises(ToolchainUnavailable, match=r"C cannot be built here: neither the package ziglang.* Run: python -m labkit install zig"):
        labkit.build("int main;", language="c")
    row = next(row for row in labkit.toolchains() if row.name == "c")
    assert not row.available
    assert row.remedies["pip"] == "pip install ziglang"


def test_a_missing_adapter_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(component, "node_package", lambda *names, own: None)
    with pytest.raises(ToolchainUnavailable, match=r"the npm package @bytecodealliance/jco is not here\. Run: python -m labkit install components"):
        labkit.build("int main(void) { return 0; }", language="c", target="wasip2")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["int x;"], ArgumentError, "tells no language"),
        (["int x;\n"], ArgumentError, "language of this source is not known"),
        ([7], ArgumentError, "cannot be read from int"),
        (["nowhere.c"], UnreadableFile, "There is no file"),
        (["a\0b.c"], UnreadableFile, "cannot be read"),
        ([Path("/dev/null.c")], UnreadableFile, "There is no file"),
    ],
)
def test_what_is_no_source_is_said(arguments, error, words):
    with pytest.raises(error, match=words):
        labkit.build(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"language": "cobol"}, ArgumentError, "no language 'cobol'"),
        ({"kind": "program"}, ArgumentError, "kind has 'program'"),
        ({"optimize": "fast"}, ArgumentError, "optimize has 'fast'"),
        ({"target": "wasip9"}, ArgumentError, "target has 'wasip9'"),
        ({"kind": "library", "target": "wasip2"}, Unsupported, "A C library cannot be built for wasip2"),
        ({"features": "simd"}, ArgumentError, "is text"),
        ({"features": ["gc"]}, ArgumentError, "features has 'gc'"),
        ({"language": "go", "features": ["simd"]}, Unsupported, "Go cannot be built with simd"),
        ({"timeout_seconds": 0}, ArgumentError, "is no time"),
        ({"timeout_seconds": float("nan")}, ArgumentError, "is no time"),
        ({"output": "/proc/no/module.wasm"}, UnreadableFile, "cannot be written"),
    ],
)
def test_options_that_do_not_go_together_are_said(options, error, words):
    with pytest.raises(error, match=words):
        labkit.build("int main(void) { return 0; }", **{"language": "c", **options})


def test_a_source_too_large_is_refused(tmp_path):
    source = tmp_path / "large.c"
    with open(source, "wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(UnreadableFile, match="sources may have"):
        labkit.build(source)


def test_an_output_that_cannot_be_replaced_leaves_no_temporary_file(tmp_path):
    (tmp_path / "module.wasm").mkdir()
    with pytest.raises(UnreadableFile, match="cannot be written"):
        labkit.build("(module)", language="wat", output=tmp_path / "module.wasm")
    assert [path.name for path in tmp_path.iterdir()] == ["module.wasm"]
