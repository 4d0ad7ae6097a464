"""The ``%%wasm`` magic in a real IPython shell: what a cell gives, and what a bad cell gets."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from labkit.errors import ArgumentError, CompileError, ExportNotFound, LabkitError, LinkError, Unsupported, WatError
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.run import Outcome
from labkit.ui.magics import run_cell

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
        ("%%wasm ", ["wat"]),
        ("%%wasm w", ["wat"]),
        ("%%wasm wat --", ["--name", "--run", "--call", "--time"]),
        ("%%wasm wat --run ", [*RUNTIME_NAMES, "all"]),
        ("%%wasm wat --run wasmtime,", RUNTIME_NAMES),
        ("%%wasm wat --run wasmtime,wasm", RUNTIME_NAMES),
    ],
)
def test_completion(shell, line: str, offered: list[str]):
    with provisionalcompleter():
        found = {completion.text for completion in shell.Completer.completions(line, len(line))}
    assert set(offered) <= found
