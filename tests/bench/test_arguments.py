"""Whoever gives a measurement something else than it takes is told what to write, before anything is prepared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from labkit import bench
from labkit.bench import idle_processes
from labkit.bench.boundary import compare_copies
from labkit.bench.climb import measure_ladder
from labkit.bench.idle_instances import hold_instances
from labkit.bench.idle_processes import hold_processes
from labkit.bench.kernel_sides import make_sides
from labkit.bench.native_process import native_program
from labkit.bench.system_calls import compare_system_calls
from labkit.errors import ArgumentError, BenchError, ToolchainUnavailable
from labkit.ui import ColdStartLadder, PhaseExplorer
from labkit.ui.plots import plot_ladder, plot_memory, plot_phases, plot_ratios

THING = {"thing": partial(sum, range(10))}
SQUARE = '(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))'
PHASES = partial(bench.measure_phases, SQUARE, export="square", arguments=[3], runtimes=["wasmtime"])

MEASURES: dict[str, Callable[..., object]] = {
    "compare": partial(bench.compare, THING),
    "ladder": partial(measure_ladder, names=["wasm instance"]),
    "phases": PHASES,
    "kernels": partial(bench.measure_kernels, ["sort"]),
    "system calls": partial(compare_system_calls, "clock"),
    "languages": partial(bench.survey_languages, ["c"]),
    "ladder's panel": ColdStartLadder,
    "phases' panel": partial(PhaseExplorer, export="fib", args=[3]),
}


@pytest.mark.parametrize("seconds", [-1, 0, "5", float("nan"), float("inf"), True], ids=str)
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())
def test_what_is_no_time_is_refused_at_once(measure: Callable[..., object], seconds: object) -> None:
    with pytest.raises(ArgumentError, match=r"is no time to measure for\. Give seconds above 0"):
        measure(seconds=seconds)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: measure_ladder(names="docker"), r"Write a list, even of one: \['docker'\]"),
        (lambda: measure_ladder(names=["dokcer"]), "no rung 'dokcer'. Is it 'docker'?"),
        (lambda: ColdStartLadder(["dokcer"]), "'wasm, fresh node', "),
        (lambda: ColdStartLadder("docker"), "Write a list"),
        (lambda: bench.measure_kernels("sort"), r"\['sort'\]"),
        (lambda: bench.measure_kernels(["srot"]), "Is it 'sort'?"),
        (lambda: bench.measure_kernels(3), "no list"),
        (lambda: bench.measure_kernels([]), "no kernel to measure"),
        (lambda: bench.survey_languages("c"), r"\['c'\]"),
        (lambda: bench.survey_languages(["c"], runtime_names=["wasmtmie"]), "Is it 'wasmtime'?"),
        (lambda: bench.measure_phases(SQUARE, export="square", arguments=3), r"Write arguments=\[3\]"),
        (lambda: bench.measure_phases(SQUARE, export="square", arguments=[3], runtimes="wasmtime"), "Write a list"),
        (lambda: PhaseExplorer(export="fib", args=[3], bounds=30), "bounds=30 is no list"),
        (lambda: hold_instances("wasmtime", 10), "numbers from 1 that rise"),
        (lambda: hold_instances("wasmtime", [100, 10]), "numbers from 1 that rise"),
        (lambda: hold_processes(native_program("idle"), [-1]), "numbers from 1 that rise"),
        (lambda: hold_processes("idle", [10]), "native_program"),
        (lambda: native_program("idel"), "Is it 'idle'?"),
        (lambda: make_sides("sort"), "find_kernel"),
        (lambda: compare_copies(True), "Choose from 1"),
        (lambda: compare_system_calls(["read"]), "Choose one of read, write, clock"),
        (lambda: bench.try_features(3), "survey_languages"),
        (lambda: bench.compare(THING, seed="x"), "no seed"),
        (lambda: bench.compare(THING, progress=3), "cannot be called"),
        (lambda: bench.compare(THING, versions=["thing 1.0"]), "Write versions="),
        (lambda: bench.record(ColdStartLadder(), "a panel"), "of a panel give its result"),
        (lambda: bench.record(bench.compare(THING, seconds=0.05), "a thing", versions="thing 1.0"), r"versions=\['thing 1.0'\]"),
        (lambda: plot_ratios(3), "takes a Comparison, and int is none"),
        (lambda: plot_ladder({}), "takes a Ladder, and dict is none"),
        (lambda: plot_memory({}), "Write Density"),
        (lambda: plot_phases(None), "measure_phases gave"),
    ],
)
def test_the_message_says_what_to_write(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        call()


def test_a_program_that_could_not_be_built_or_started_is_told_as_such() -> None:
    with pytest.raises(ToolchainUnavailable, match="There is no Zig"):
        hold_processes(ToolchainUnavailable("There is no Zig.", remedy="Get it."), [10])
    with pytest.raises(BenchError, match="nothing cannot be started: No such file"):
        idle_processes.hold_processes(Path("nothing"), [10])
