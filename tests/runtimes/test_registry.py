"""The registry: every runtime is in it, and each that does not work here says why and what to do."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

import labkit
from labkit.errors import RuntimeUnavailable
from labkit.runtimes import RUNTIME_NAMES, RuntimeStatus
from labkit.runtimes.registry import RuntimeTable


def test_every_runtime_is_listed_in_order():
    rows = labkit.runtimes()
    assert tuple(row.name for row in rows)[: len(RUNTIME_NAMES)] == RUNTIME_NAMES
    assert {"wasmtime", "wasmtime-winch", "wasmer", "wasmer-singlepass", "wasmer-llvm", "wasmedge", "v8"} <= set(RUNTIME_NAMES)
    assert {row.name for row in rows if not row.in_process} == {"wasmedge", "v8"}
    for row in rows:
        assert row.version
        assert bool(row.reason) == bool(row.remedy) == (not row.available)
        assert row.reason[-1:] != "."  # it goes into sentences


def test_versions_and_years_are_the_packages_own():
    rows = {row.name: row for row in labkit.runtimes()}
    for name in ("wasmtime", "wasmtime-winch"):
        assert (rows[name].version, rows[name].release_year, rows[name].available) == (version("wasmtime"), 2026, True)
    for name in ("wasmer", "wasmer-singlepass", "wasmer-llvm"):
        assert (rows[name].version, rows[name].release_year) == ("1.1.0", 2022)


def test_a_runtime_that_is_available_makes_itself_and_says_what_it_is(engine):
    assert labkit.runtime(engine.name) is engine
    assert repr(engine).startswith(f"<Runtime {engine.name} {engine.version}")
    row = next(row for row in labkit.runtimes() if row.name == engine.name)
    assert (engine.version, engine.release_year) == (row.version, row.release_year)


@pytest.mark.parametrize("name", ["nonsense", "", "Wasmtime", "wasmtime ", None, 3, ("wasmtime",)])
def test_a_runtime_there_is_not_is_refused_with_all_names(name):
    with pytest.raises(RuntimeUnavailable, match="There is no runtime") as caught:
        labkit.runtime(name)
    for known in RUNTIME_NAMES:
        assert known in caught.value.remedy


def test_an_unhashable_name_is_refused_too():
    with pytest.raises(RuntimeUnavailable, match="There is no runtime"):
        labkit.runtime(["wasmtime"])


def test_the_table_shows_every_row_and_greys_what_is_missing():
    rows = RuntimeTable(
        [
            RuntimeStatus("here", "1.0", 2026, True),
            RuntimeStatus("gone", "0.9", None, False, "it is <not> installed", "Install it & try again."),
        ]
    )
    text = repr(rows).splitlines()
    assert text[0].split() == ["runtime", "version", "released", "here", "what", "to", "do"]
    assert "2026" in text[1]
    assert "yes" in text[1]
    assert "no: it is <not> installed" in text[2]
    assert "Install it & try again." in text[2]
    html = rows._repr_html_()
    assert html.count("<tr") == 3
    assert html.count("opacity") == 1
    assert "&lt;not&gt;" in html
    assert "Install it &amp; try again." in html
    assert "opacity" not in RuntimeTable(rows[:1])._repr_html_()


@pytest.mark.parametrize("name", ["wasmer", "wasmer-singlepass", "wasmer-llvm"])
def test_wasmer_works_on_python_3_10_and_says_why_not_on_a_newer_one(name):
    row = next(row for row in labkit.runtimes() if row.name == name)
    if sys.version_info < (3, 11):
        assert row.available, row.reason
        return
    assert not row.available
    assert "3.10" in row.reason or "3.10" in row.remedy
    with pytest.raises(RuntimeUnavailable) as caught:
        labkit.runtime(name)
    assert row.reason in str(caught.value)
    assert row.remedy == caught.value.remedy


def test_another_version_of_wasmtime_is_used_through_its_public_api(run_python):
    program = """
        import importlib.metadata, labkit.errors
        real = importlib.metadata.version
        importlib.metadata.version = lambda name: "51.0.0" if name == "wasmtime" else real(name)
        import labkit
        rows = {row.name: row for row in labkit.runtimes()}
        assert (rows["wasmtime"].version, rows["wasmtime"].release_year, rows["wasmtime"].available) == ("51.0.0", None, True)
        assert "50.0.1" in rows["wasmtime-winch"].reason and "51.0.0" in rows["wasmtime-winch"].reason
        assert not labkit.runtime("wasmtime").interruptible
        print(labkit.runtime("wasmtime").compile('(module (func (export "f") (result i32) i32.const 4))').instantiate().func("f")())
    """
    assert run_python(program).strip() == "4"
