"""The first line of a ``%%wasm`` cell: what is understood, and what every line that is not gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import ArgumentError, LabkitError
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes
from labkit.toolchains.build import TIMEOUT_SECONDS
from labkit.ui.cell_options import read_options


def test_everything_given():
    options = read_options("wat --name m --run wasmtime,wasmer --call add -1 0x10 --call 'a b' -inf --time 2.5")
    assert (options.language, options.name, options.runtime_names, options.time_seconds) == ("wat", "m", ("wasmtime", "wasmer"), 2.5)
    assert options.calls == (("add", "-1", "0x10"), ("a b", "-inf"))


def test_what_a_program_is_given():
    options = read_options("c++ --args a --env K=v=w L= --args 'b c' -1 --stdin 'x\\ny' --optimize size --features simd,threads --target wasip2")
    assert (options.language, options.kind, options.runs_program, options.calls) == ("cpp", "command", True, ())
    assert (options.arguments, options.environment, options.stdin) == (("a", "b c", "-1"), {"K": "v=w", "L": ""}, "x\ny")
    assert (options.optimize, options.features, options.target) == ("size", ("simd", "threads"), "wasip2")
    assert options.timeout_seconds == TIMEOUT_SECONDS


def test_how_long_a_run_and_a_compiler_may_take():
    options = read_options("c --time 2 --timeout 900")
    assert (options.time_seconds, options.timeout_seconds) == (2.0, 900.0)


def test_a_call_makes_a_library_and_nothing_runs_unasked():
    assert read_options("c --call f").kind == "library"
    assert not read_options("c --call f").runs_program
    assert not read_options("c --name m").runs_program
    assert read_options("c --name m --run wasmtime").runs_program


def test_equals_sign():
    assert read_options("wat --name=m --time=2").name == "m"


def test_default_runtimes_are_those_that_work():
    works = {row.name for row in runtimes() if row.available}
    assert read_options("wat").runtime_names == tuple(name for name in ("wasmtime", "wasmer") if name in works)
    assert set(read_options("wat --run all").runtime_names) == works


def test_runtime_twice_runs_once():
    assert read_options("wat --run wasmtime,wasmtime").runtime_names == ("wasmtime",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "names no language"),
        ("cobol", "'cobol'"),
        ("wat add 1 2", "before any option"),
        ("wat --cal add", "--cal"),
        ("wat --call", "names no function"),
        ("wat --call add --call", "names no function"),
        ("wat --name", "--name takes one word"),
        ("wat --name a b", "--name takes one word"),
        ("wat --name a --name b", "--name takes one word"),
        ("wat --name 1x", "no name for a variable"),
        ("wat --name class", "no name for a variable"),
        ("wat --name 'a;import os'", "no name for a variable"),
        ("wat --run v9", "v9"),
        ("wat --run ,", "names no runtime"),
        ("wat --time soon", "no number"),
        ("wat --time nan", "not between"),
        ("wat --time -1", "not between"),
        ("wat --time 1e300", "not between"),
        ("c --timeout soon", "--timeout 'soon' is no number"),
        ("c --timeout 0", "--timeout 0 is not between 0 and 3600"),
        ("c --timeout inf", "not between"),
        ("wat --call 'add", "quotation"),
        ("wat --call add --args x", "--args is for a program"),
        ("c --call add --kind command", "--kind says command"),
        ("c --kind library --run all", "add --call"),
        ("c --kind module", "--kind is 'module'"),
        ("c --optimize fast", "may be none, size, speed"),
        ("c --target wasip9", "may be freestanding"),
        ("c --features simd,gc", "'gc' is none of the features"),
        ("c --env PATH", "wants NAME=value"),
        ("c --env =x", "wants NAME=value"),
        ("c --stdin a b", "--stdin takes one word"),
        ("wat --" + "x" * 10_000, "no option"),
    ],
)
def test_misunderstood(line: str, said: str):
    with pytest.raises(ArgumentError, match=said) as caught:
        read_options(line)
    assert len(str(caught.value)) < 400


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(line: str):
    try:
        options = read_options("wat " + line)
    except LabkitError:
        return
    assert set(options.runtime_names) <= set(RUNTIME_NAMES)
