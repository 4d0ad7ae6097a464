"""Functions in a worker: values, traps and limits are the same on every runtime."""

from __future__ import annotations

import math

import pytest

import labkit
from labkit.data_files import data_folder
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
    if "fuel" not in labkit.runtime(runtime_name).enforces:
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
        ({"export": "add", "args": [1, 2], "compile_seconds": 0}, ArgumentError),
        ({"export": "add", "args": [1, 2], "compile_seconds": "long"}, ArgumentError),
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


#: A library for WASI: it may be called only after it was initialised, and counts how often that was.
REACTOR = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (data (i32.const 64) "\\08\\00\\00\\00\\05\\00\\00\\00")
  (data (i32.const 8) "words")
  (func (export "_initialize") (global.set $count (i32.add (global.get $count) (i32.const 1))))
  (func (export "initialised") (result i32) (global.get $count))
  (func (export "say") (result i32) (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)))
  (func (export "variables") (result i32) (drop (call $environ (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))
  (func (export "leave") (call $exit (i32.const 7))))"""


def test_a_library_for_wasi_is_initialised_once_and_given_what_it_is_granted(runtime_name: str):
    def run(export: str, **options: object) -> labkit.Result:
        return labkit.run(REACTOR, export=export, runtime=runtime_name, **options)

    assert run("initialised").values == (1,)
    assert run("_initialize").values == ()
    said = run("say")
    assert (said.values, said.stdout) == ((0,), b"words")
    assert [run("variables", env=env).values for env in (None, {"A": "B"})] == [(0,), (1,)]
    # Of a library's function the command wasmedge does not tell with what it has exited.
    assert (run("leave").outcome, run("leave").exit_code) == (Outcome.EXITED, 134 if runtime_name == "wasmedge" else 7)
    assert run("say", limits=labkit.Limits(output=3)).outcome is Outcome.OUTPUT_LIMIT


def test_a_library_is_initialised_where_it_imports_nothing_too(runtime_name: str):
    wat = """(module (global $ready (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $ready (i32.const 1))) (func (export "ready") (result i32) (global.get $ready)))"""
    assert labkit.run(wat, export="ready", runtime=runtime_name).values == (1,)


def test_a_trap_while_a_library_is_initialised(runtime_name: str):
    wat = '(module (func (export "_initialize") unreachable) (func (export "f")))'
    assert labkit.run(wat, export="f", runtime=runtime_name).trap is TrapKind.UNREACHABLE


@pytest.mark.any_python
@pytest.mark.parametrize("language", ["go", "js"])
def test_functions_of_languages_that_bring_a_runtime_of_their_own(runtime_name: str, language: str, readers_cache):
    module = data_folder() / "modules" / f"fib-{language}.wasm"
    result = labkit.run(module, export="fib", args=[15], runtime=runtime_name, compile_seconds=250)
    assert result.values == (610,)


def test_a_result_shows_itself():
    result = run("wasmtime", "add", 2, 3)
    assert "wasmtime" in str(result)
    assert "5" in str(result)
    assert "<table>" in result._repr_html_()
