"""The ``%%wasm`` magic in a real IPython shell: what a cell gives, and what a bad cell gets."""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from labkit.display import format_bytes
from labkit.errors import (
    ArgumentError,
    BuildError,
    CompileError,
    ExportNotFound,
    LabkitError,
    LinkError,
    ToolchainUnavailable,
    Unsupported,
    WatError,
)
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.run import Outcome
from labkit.toolchains import zig
from labkit.toolchains.component import find_adapter
from labkit.toolchains.language import FEATURES, Missing
from labkit.toolchains.registry import LANGUAGE_NAMES
from labkit.toolchains.request import OPTIMIZATIONS
from labkit.toolchains.wasm_opt import find_wasm_opt
from labkit.ui.cell_options import OPTIONS
from labkit.ui.live_output import LiveOutput
from labkit.ui.magics import run_cell
from tests.conftest import no_process
from tests.toolchains.conftest import SOURCES, need

ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
FOREVER = '(module (func (export "forever") (loop (br 0))))'


@pytest.fixture(scope="module")
def shell():
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "labkit")
    yield shell
    shell.set_custom_exc((), None)
    InteractiveShell.clear_instance()


def test_runs_on_each_runtime(runtime_name: str):
    report = run_cell(f"wat --run {runtime_name} --call add -1 2", ADD, {})
    assert [(call.runtime, call.result.values) for call in report.calls] == [(runtime_name, (1,))]


def test_report_says_what_is_inside():
    report = run_cell("wat --run wasmtime --call add 1 2", ADD, {})
    for text in (str(report), report._repr_html_()):
        for part in ("assembled in", "type 9 B", "code", "add: func (i32, i32)", "add(1, 2)", "wasmtime", "3"):
            assert part in text


def test_name_gets_the_bytes(shell):
    shell.run_cell(f"%%wasm wat --name added\n{ADD}")
    assert shell.user_ns["added"][:4] == b"\0asm"


def test_a_bad_cell_leaves_nothing_under_its_name():
    variables: dict[str, object] = {}
    with pytest.raises(WatError):
        run_cell("wat --name m", "(module", variables)
    assert variables == {"m": None}


@pytest.mark.parametrize("arg", ["-inf", "nan", "-0x1p-3", "-1e3", "-0"])
def test_negative_and_odd_floats(arg: str):
    wat = '(module (func (export "same") (param f64) (result f64) (local.get 0)))'
    if arg == "-0x1p-3":
        with pytest.raises(ArgumentError, match="no f64"):
            run_cell(f"wat --run wasmtime --call same {arg}", wat, {})
    else:
        (call,) = run_cell(f"wat --run wasmtime --call same {arg}", wat, {}).calls
        assert repr(call.result.values[0]) == repr(float(arg))


def test_an_endless_loop_costs_its_time_limit(runtime_name: str):
    (call,) = run_cell(f"wat --run {runtime_name} --call forever --time 0.2", FOREVER, {}).calls
    assert call.result.outcome is Outcome.TIME_LIMIT
    assert "--time" in call.result.message


def test_unavailable_runtime_is_a_row(monkeypatch):
    from labkit.runtimes import registry
    from labkit.ui import magics

    gone = registry.RuntimeTable([registry.RuntimeStatus("wasmer", "1.1.0", 2022, False, "it is not installed", "Install it.")])
    monkeypatch.setattr(magics, "runtimes", lambda: gone)
    report = run_cell("wat --run wasmer --call add 1 2", ADD, {})
    assert report.calls[0].result is None
    assert "it is not installed. Install it." in str(report)
    assert "opacity" in report._repr_html_()


@pytest.mark.parametrize(
    ("cell", "line", "error", "said"),
    [
        ("", "wat", WatError, "parenthesis"),
        ("/etc/passwd", "wat", WatError, "parenthesis"),
        ("labkit/__init__.py", "wat", WatError, "parenthesis"),
        ("(module\n  (func\n    (i32.nope)))", "wat", WatError, "Line 4, column 6"),
        ("(module\n(func $a) (func $a))", "wat", WatError, "Line 3"),
        ("(module \0)", "wat", WatError, "Line 2"),
        ("(module \ud800)", "wat", WatError, "surrogate"),
        ("(" * 100_000, "wat", WatError, ""),
        (ADD, "wat --call nope", ExportNotFound, "add"),
        (ADD, "wat --call add 1", ArgumentError, "2 arguments"),
        (ADD, "wat --call add 1 99999999999", ArgumentError, "does not fit i32"),
        (ADD, "wat --call add 1 two", ArgumentError, "no i32"),
        ('(module (import "env" "f" (func)) (func (export "g")))', "wat --call g", LinkError, "env.f"),
        ("(component)", "wat", Unsupported, "component"),
    ],
)
def test_bad_cells(cell: str, line: str, error: type[LabkitError], said: str):
    with pytest.raises(error) as caught:
        run_cell(line, cell, {})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        (
            '(module\n (func $f (export "f") (result i32)\n  (i32.const 1)\n  i32.add))',
            "In function $f of line 3, at i32.add (line 5): type mismatch",
        ),
        ("(module\n (func (result i32)\n  i64.const 1))", "In function 0, at an end (instruction 2): type mismatch"),
        ('(module (func (export "f")\n  nop ;; drop\n  drop))', 'In the function exported as "f", at drop (line 4)'),
        ("(module (func\n i32.const 1 drop\n drop))", "In function 0, at drop (instruction 3)"),
    ],
)
def test_invalid_modules_name_the_place(cell: str, place: str):
    with pytest.raises(CompileError) as caught:
        run_cell("wat", cell, {})
    assert place in str(caught.value)


def test_invalid_outside_the_code():
    with pytest.raises(CompileError, match="offset"):
        run_cell("wat", '(module (memory 1) (export "m" (memory 0)) (data (i64.const 0) "x"))', {})


def test_markup_in_names_is_escaped():
    wat = '(module (func (export "<script>alert(1)</script>")))'
    html = run_cell("wat --run wasmtime --call '<script>alert(1)</script>'", wat, {})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_any_cell_is_compiled_or_refused(cell: str):
    try:
        run_cell("wat", cell, {})
    except LabkitError:
        pass


def test_error_is_shown_in_short(shell, capsys):
    result = shell.run_cell("import labkit\nx = 1\nlabkit.to_wasm('(module')")
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, WatError)
    assert "Traceback" not in shown
    assert "WatError" in shown
    assert "Correct the text there and try again." in shown
    assert "In line 3 of the cell: labkit.to_wasm('(module')" in shown
    assert len(shown.splitlines()) < 12
    assert isinstance(sys.last_value, WatError)
    shell.run_line_magic("tb", "")
    full = capsys.readouterr().out
    assert "Traceback" in full
    assert "load.py" in full


def test_error_of_a_magic_names_no_line_of_python(shell, capsys):
    shell.run_cell("%%wasm wat --call\n(module)")
    shown = capsys.readouterr().out
    assert "names no function" in shown
    assert "run_cell_magic" not in shown


def test_other_errors_keep_their_traceback(shell, capsys):
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%%wasm ", LANGUAGE_NAMES),
        ("%%wasm w", ["wat"]),
        ("%%wasm --", ["--help"]),
        ("%%wasm wat --", OPTIONS),
        ("%%wasm c --optimize ", OPTIMIZATIONS),
        ("%%wasm c --tim", ["--time", "--timeout"]),
        ("%%wasm c --optimize s", ["size", "speed"]),
        ("%%wasm c --features simd,", FEATURES),
        ("%%wasm c --run wasmtime --", OPTIONS),
        ("%%wasm wat --run ", [*RUNTIME_NAMES, "all"]),
        ("%%wasm wat --run wasmtime,", RUNTIME_NAMES),
        ("%%wasm wat --run wasmtime,wasm", [name for name in RUNTIME_NAMES if name.startswith("wasm")]),
    ],
)
def test_completion(shell, line: str, offered: list[str]):
    with provisionalcompleter():
        found = {completion.text for completion in shell.Completer.completions(line, len(line))}
    assert set(offered) <= found


ECHO = """
#include <stdio.h>
extern char **environ;
int main(int count, char **words) {
    for (int i = 1; i < count; i++) printf("%s\\n", words[i]);
    for (char **entry = environ; *entry; entry++) printf("%s\\n", *entry);
    int letter;
    while ((letter = getchar()) != EOF) putchar(letter);
    return count;
}
"""


def test_a_program_gets_what_the_line_grants(runtime_name: str):
    report = run_cell(f"c --name echo --run {runtime_name} --args a 'b c' --env K=v L= --stdin 'one\\ntwo' -- ", ECHO, variables := {})
    (call,) = report.calls
    assert (call.text, call.runtime, call.result.outcome, call.result.exit_code) == ("echo a 'b c'", runtime_name, Outcome.EXITED, 3)
    assert call.result.stdout == b"a\nb c\nK=v\nL=\none\ntwo"
    assert variables["echo"] == report.wasm == report.artifact.read_bytes()
    for text in (str(report), report._repr_html_()):
        for part in ("compiled by Zig&#x27;s clang" if "<p>" in text else "compiled by Zig's clang", "code", "from wasi_snapshot_preview1: ", "b c"):
            assert part in text


def test_after_a_lone_double_hyphen_all_words_are_arguments():
    (call,) = run_cell("c --run wasmtime --args -- --verbose -x --run", ECHO, {}).calls
    assert call.result.stdout == b"--verbose\n-x\n--run\n"


def test_what_several_runtimes_wrote_alike_is_shown_once():
    report = run_cell("c --run wasmtime,wasmtime-winch --args once", ECHO, {})
    assert str(report).count("\nonce") == 1
    assert "stdout on wasmtime, wasmtime-winch:" in str(report)


def test_without_a_run_a_cell_is_compiled_and_no_more():
    report = run_cell("c --name echo", ECHO, {})
    assert report.calls == ()
    assert report.artifact.kind == "command"


def test_a_function_of_a_library_is_called(runtime_name: str):
    source = '__attribute__((export_name("add"))) int add(int a, int b) { return a + b; }'
    report = run_cell(f"c --run {runtime_name} --call add -1 2 --call add 20 22", source, {})
    assert [call.result.values for call in report.calls] == [(1,), (42,)]
    assert "Imports: none" in str(report)


@pytest.mark.parametrize(("language", "suffix"), [("rust", "rs"), ("javascript", "js"), ("python", "py"), ("zig", "zig")])
def test_each_language_says_hello(language: str, suffix: str):
    need(language, "wasip1")
    cell = (SOURCES / f"hello.{suffix}").read_text()
    report = run_cell(f"{language} --run wasmtime --args a --env K=v --stdin line --time 20", cell, {})
    assert report.calls[0].result.stdout == b"argument 1: a\nenvironment: K=v\ninput: line\n" or language == "python"
    assert report.calls[0].result.stdout.startswith(b"argument 1: a\nenvironment: K=v\ninput: line")
    assert report.artifact.toolchain in str(report)


def test_before_and_after_the_optimizer_are_shown():
    found = find_wasm_opt()
    if isinstance(found, Missing):
        pytest.skip(f"wasm-opt is missing: {found.reason}. {found.remedy}")
    report = run_cell("c --optimize size", ECHO, {})
    assert report.artifact.compiled_size_bytes > report.artifact.size_bytes
    assert f"Before {found}: {format_bytes(report.artifact.compiled_size_bytes)}; after it: " in str(report)


def test_without_an_optimizer_the_report_says_so(monkeypatch: pytest.MonkeyPatch):
    gone = Missing("wasm-opt", "it is not here", {"labkit": "python -m labkit install assemblyscript"})
    for module in ("labkit.toolchains.build", "labkit.ui.magics"):
        monkeypatch.setattr(import_module(module), "find_wasm_opt", lambda: gone)
    report = run_cell("c --optimize speed", ECHO, {})
    assert "The level is the compiler's alone: it is not here. Run: python -m labkit install assemblyscript" in str(report)


def test_a_component_shows_its_layers():
    found = find_adapter()
    if isinstance(found, Missing):
        pytest.skip(f"{found.name} is missing: {found.reason}. {found.remedy}")
    report = run_cell("c --target wasip2 --run wasmtime,wasmtime-winch --args a", ECHO, {})
    assert "A component of" in str(report)
    assert "wasi:cli/run@0.2." in str(report)
    assert [call.result.stdout for call in report.calls] == [b"a\n"] * 2


def test_a_component_is_refused_by_name_where_it_cannot_run():
    found = find_adapter()
    if isinstance(found, Missing):
        pytest.skip(f"{found.name} is missing: {found.reason}. {found.remedy}")
    (call,) = run_cell("c --target wasip2 --run wasmer", ECHO, {}).calls
    assert call.result is None
    assert "wasmer" in call.reason.lower()


def test_text_can_be_optimized_too():
    found = find_wasm_opt()
    if isinstance(found, Missing):
        pytest.skip(f"wasm-opt is missing: {found.reason}. {found.remedy}")
    wasteful = '(module (func (export "f") (result i32) (drop (i32.const 7)) (i32.add (i32.const 40) (i32.const 2))))'
    report = run_cell("wat --optimize size --run wasmtime --call f", wasteful, {})
    assert report.calls[0].result.values == (42,)
    assert report.artifact.size_bytes < report.artifact.compiled_size_bytes


@pytest.mark.parametrize(
    ("language", "cell"),
    [
        ("c", "int main(void) {\n  return missing;\n}"),
        ("cpp", "int main() {\n  return missing;\n}"),
        ("zig", "pub fn main() void {\n  missing();\n}"),
        ("rust", "fn main() {\n  missing();\n}"),
        ("go", "package main\nfunc main() { missing() }"),
        ("assemblyscript", "let a: i32 = 1;\nlet b: i32 = missing;"),
        ("javascript", "let a = 1;\nlet missing = ;"),
    ],
)
def test_a_compilers_error_counts_the_cells_lines(shell, capsys, language: str, cell: str):
    need(language, "wasip1")
    result = shell.run_cell(f"%%wasm {language} --name refused --run all\n{cell}")
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, BuildError)
    assert result.error_in_exec.line == 3
    assert "refuses this" in shown
    assert "Correct the source and build again." in shown
    assert shell.user_ns["refused"] is None
    for ours in ("/tmp", "labkit-build", "site-packages", str(Path.home()), sys.prefix, "main.", "Traceback"):
        assert ours not in shown


@pytest.mark.parametrize("cell", ["\0\x1b[31m\ud800", "é" * 10, "#include <nowhere.h>\n", '#include "/etc/passwd"\n', "#error \x1b[2J<b>\n"])
def test_odd_sources_are_refused(cell: str):
    with pytest.raises(BuildError) as caught:
        run_cell("c --run wasmtime", cell, {})
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("c --call nope", ExportNotFound, "f"),
        ("c --call f 1", ArgumentError, "no arguments|0 arguments"),
        ("c --optimize speed --features gc --call f", ArgumentError, "'gc' is none of the features"),
        ("go --features simd", Unsupported, "Go cannot be built with simd"),
        ("c --kind library --target wasip2", Unsupported, "A C library cannot be built for wasip2"),
    ],
)
def test_lines_that_do_not_fit_the_source(line: str, error: type[LabkitError], said: str):
    with pytest.raises(error, match=said):
        run_cell(line, '__attribute__((export_name("f"))) int f(void) { return 7; }', {})


def test_text_that_is_no_program_is_told_how_to_be_called():
    with pytest.raises(ExportNotFound, match=r"is no program.*with --call and its name"):
        run_cell("wat --run wasmtime", ADD, {})


def test_an_endless_program_costs_its_time_limit(runtime_name: str):
    (call,) = run_cell(f"c --run {runtime_name} --time 0.3", '#include <stdio.h>\nint main(void) { puts("on"); for (;;) puts("and on"); }', {}).calls
    assert call.result.outcome in (Outcome.TIME_LIMIT, Outcome.OUTPUT_LIMIT)


def test_what_a_program_writes_is_no_markup_and_no_order_to_a_terminal():
    source = '#include <stdio.h>\nint main(void) { printf("<script>alert(1)</script>\\x1b[2J\\xff\\a"); }'
    report = run_cell("c --run wasmtime", source, {})
    assert "<script>" not in report._repr_html_()
    assert "\x1b" not in report._repr_html_() + str(report)
    assert "\\x1b[2J" in str(report)


def test_a_hanging_compiler_ends_with_an_interrupt(compiler, fresh_cache):
    compiler("sleep 65432")
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    variables = {"echo": b"of an earlier cell"}
    with pytest.raises(KeyboardInterrupt):
        run_cell("c --name echo --run wasmtime", ECHO, variables)
    assert variables["echo"] is None
    assert no_process("65432")


def test_a_compiler_is_stopped_when_the_cell_says_so(compiler, fresh_cache):
    compiler("sleep 54321")
    with pytest.raises(BuildError, match=r"had not ended after .* and was stopped\. Give it more, with timeout_seconds=… or --timeout"):
        run_cell("c --timeout 0.5", ECHO, {})
    assert no_process("54321")


@pytest.mark.parametrize(
    ("language", "cell", "said"),
    [
        ("c", "int f(void) { return 7; }", r'in C, write __attribute__\(\(export_name\("f"\)\)\) before the function\.'),
        ("zig", "fn f() i32 { return 7; }", r"in Zig, write export before fn\."),
        ("rust", "pub fn f() -> i32 { 7 }", r'in Rust, write #\[no_mangle\] pub extern "C" before fn\.'),
        ("wat", "(module (func $f))", r'in WebAssembly text, write \(func \(export "f"\) …\)\.'),
    ],
)
def test_a_call_of_a_function_that_is_not_exported_is_told_how_to_export_it(language: str, cell: str, said: str):
    need(language, "freestanding")
    with pytest.raises(ExportNotFound, match=rf"exports no function 'f'\. It exports none\. To export it {said}"):
        run_cell(f"{language} --call f", cell, {})


def test_a_library_without_exports_says_so_in_its_report():
    report = run_cell("c --kind library", "int f(void) { return 7; }", {})
    for text in (str(report), report._repr_html_()):
        assert "It exports no function that could be called. To export one in C, write " in text


def test_an_endless_program_ends_with_an_interrupt():
    source = 'int main(void) { for (;;) __asm__ volatile(""); }'
    run_cell("c", source, {})
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run_cell("c --run wasmtime --time 60", source, {})


def test_without_the_compiler_a_program_of_the_course_is_prebuilt_and_another_is_told_why(monkeypatch: pytest.MonkeyPatch, fresh_cache):
    monkeypatch.setattr(zig, "package_folder", lambda name: None)
    monkeypatch.setattr(zig, "on_path", lambda name: None)
    hello = (SOURCES / "hello.c").read_text()
    report = run_cell("c --run wasmtime --args a", hello, {})
    assert report.calls[0].result.stdout == b"argument 1: a\n"
    assert "Prebuilt, because this machine cannot build it: neither the package ziglang nor a command zig is here. Run: " in str(report)
    with pytest.raises(ToolchainUnavailable, match="Run: python -m labkit install zig"):
        run_cell("c --run wasmtime", f"{hello}int more;\n", {})


def test_live_output_is_whole_safe_and_bounded(capsys):
    live = LiveOutput()
    live.begin("wasmtime")
    for data in (b"gr\xc3", b"\xbc\xc3\x9f", b"\x1b[31m\n"):
        live("stdout", data)
    assert capsys.readouterr().out == "wasmtime …\ngrüß\\x1b[31m\n"
    live.begin("wasmer")
    for _ in range(100):
        live("stderr", b"x" * 1000)
    shown = capsys.readouterr().out
    assert shown.startswith("wasmer …\nx")
    assert len(shown) < 21_000
    assert shown.endswith("is not shown while it runs)\n")


def test_output_is_shown_as_it_comes(capsys):
    seen: list[str] = []

    class Watched(LiveOutput):
        def __call__(self, stream: str, data: bytes) -> None:
            super().__call__(stream, data)
            seen.append(capsys.readouterr().out)

    run_cell("c --run wasmtime --args a", ECHO, {}, live=Watched())
    assert "wasmtime …\na\n" in "".join(seen)


@pytest.mark.parametrize("cell", ["%%wasm --help", "%%wasm --help\n", "%%wasm c --help\nint x;"])
def test_help(shell, capsys, cell: str):
    result = shell.run_cell(cell)
    result.raise_error()
    shown = capsys.readouterr().out
    for part in ("Languages: wat, c, cpp", *OPTIONS, "wasmtime-winch", "relaxed-simd", "%%wasm c --name hello"):
        assert part in shown


def test_a_line_without_a_cell_is_told_what_is_missing(shell, capsys):
    shell.run_cell("%%wasm wat")
    assert "does not begin with a parenthesis" in capsys.readouterr().out
