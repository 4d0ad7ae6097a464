"""Functions in a worker: values, traps and limits are the same on every runtime."""

from __future__ import annotations

import math

import pytest

import labkit
from labkit.errors import ArgumentError, CompileError, ExportNotFound, LinkError, RuntimeUnavailable, TrapKind, UnsupportedLimit
from labkit.sandbox import Outcome
from tests.sandbox.guests import ARITHMETIC


def run(runtime_name: str, export: str, *args: object, **options: object) -> labkit.Result:
    return labkit.run(ARITHMETIC, export=export, args=args, runtime=runtime_name, **options)


def test_values(runtime_name: str):
    result = run(runtime_name, "add", 2, 3)
    assert (result.outcome, result.values, result.exit_code, result.trap) == (Outcome.RETURNED, (5,), None, None)
    assert result.wall_seconds > 0
    assert run(runtime_name, "pair", -(2**63), 1.5).values == (-(2**63),)
    assert run(runtime_name, "nothing").values == ()


@pytest.mark.parametrize(("word", "value"), [("3", 1.5), ("-inf", -math.inf), ("1e3", 500.0)])
def test_words_are_read_as_the_parameter_wants(runtime_name: str, word: str, value: float):
    assert run(runtime_name, "half", word).values == (value,)
    assert run(runtime_name, "add", "-1", "0x10").values == (15,)
    assert math.isnan(run(runtime_name, "half", "nan").values[0])


def test_trap(runtime_name: str):
    result = run(runtime_name, "divide", 1, 0)
    assert (result.outcome, result.trap) == (Outcome.TRAPPED, TrapKind.INTEGER_DIVIDE_BY_ZERO)
    assert "divide" in result.message


def test_endless_loop(runtime_name: str):
    result = run(runtime_name, "loop", limits=labkit.Limits(time=0.2))
    assert result.outcome is Outcome.TIME_LIMIT
    assert "0.2 s" in result.message
    assert run(runtime_name, "add", 1, 1).values == (2,)


def test_memory_beyond_the_limit_from_the_start(runtime_name: str):
    wat = '(module (memory 200) (func (export "f")))'
    assert labkit.run(wat, export="f", runtime=runtime_name, limits=labkit.Limits(memory="1MiB")).outcome is Outcome.MEMORY_LIMIT
    assert labkit.run(wat, export="f", runtime=runtime_name, limits=labkit.Limits(memory="13MiB")).outcome is Outcome.RETURNED


def test_growing_stops_exactly_at_the_limit(runtime_name: str):
    wat = '(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))'
    limits = labkit.Limits(memory="1MiB")
    assert labkit.run(wat, export="grow", args=[15], runtime=runtime_name, limits=limits).values == (1,)
    assert labkit.run(wat, export="grow", args=[16], runtime=runtime_name, limits=limits).values == (-1,)


def test_fuel(runtime_name: str):
    limits = labkit.Limits(fuel=10_000)
    if runtime_name.startswith("wasmer"):
        with pytest.raises(UnsupportedLimit, match="no fuel"):
            run(runtime_name, "loop", limits=limits)
    else:
        result = run(runtime_name, "loop", limits=limits)
        assert (result.outcome, result.trap) == (Outcome.FUEL_LIMIT, TrapKind.OUT_OF_FUEL)
        assert run(runtime_name, "add", 1, 2, limits=limits).values == (3,)


def test_what_does_not_compile_is_raised(runtime_name: str):
    with pytest.raises(CompileError, match=runtime_name):
        labkit.run('(module (func (export "f") (result i32) (i32.add)))', export="f", runtime=runtime_name)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"export": "missing"}, ExportNotFound),
        ({"export": "add", "args": [1]}, ArgumentError),
        ({"export": "add", "args": [1, "one"]}, ArgumentError),
        ({"export": "add", "args": [1, 2**31]}, ArgumentError),
        ({"export": "add", "args": [1, 2], "env": {"A": "B"}}, ArgumentError),
        ({"export": "add", "args": [1, 2], "limits": labkit.Limits(output=1)}, UnsupportedLimit),
        ({"export": "add", "args": [1, 2], "runtime": "tape"}, RuntimeUnavailable),
        ({}, ExportNotFound),
    ],
)
def test_what_cannot_be_run_is_raised(options: dict, error: type):
    with pytest.raises(error):
        labkit.run(ARITHMETIC, **options)


def test_host_functions_are_refused():
    with pytest.raises(LinkError, match=r"env\.log"):
        labkit.run('(module (import "env" "log" (func)) (func (export "f")))', export="f")


def test_a_result_shows_itself():
    result = run("wasmtime", "add", 2, 3)
    assert "wasmtime" in str(result)
    assert "5" in str(result)
    assert "<table>" in result._repr_html_()
