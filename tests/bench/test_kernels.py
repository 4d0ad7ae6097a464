"""The bench of kernels: no side is timed before its result is right, and means are taken of what can be compared."""

from __future__ import annotations

import json
import math

import pytest

from labkit.bench import kernel_sides
from labkit.bench.comparison import Timing
from labkit.bench.conclusion import conclude
from labkit.bench.geometric_mean import geometric_mean
from labkit.bench.goals import judge
from labkit.bench.kernel_sides import Sides, make_sides
from labkit.bench.kernel_sources import KERNELS, find_kernel
from labkit.bench.kernel_table import KernelRun, Kernels, measure_kernels
from labkit.bench.kernels import TITLE
from labkit.bench.load import Load
from labkit.bench.registry import find_bench
from labkit.cli.output import to_jsonable
from labkit.errors import ArgumentError, ToolchainUnavailable
from labkit.runtimes.registry import runtimes
from labkit.toolchains.language import Missing
from labkit.toolchains.shared_library import native_builds


def comparison_of(**factors: float):
    timings = [Timing(name, 1, tuple(factor * (1 + i / 1000) for i in range(20))) for name, factor in factors.items()]
    control = timings[0].samples_seconds
    return conclude(timings, control, load=Load(0.0, 0.0, 0.0), overhead_seconds=0.0, wall_seconds=60.0, seed=1)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_every_side_of_a_kernel_that_runs_gives_the_same_result(kernel):
    sides = make_sides(kernel)
    here = [row.name for row in runtimes() if row.available and row.in_process]
    assert set(sides.calls) >= {*here, "wasmtime, fuel", "wasmtime, epochs", *(build.name for build in native_builds()[0])}
    # Vector instructions were new when the older runtimes were made: one of them refuses them, one computes wrongly.
    assert [name for name in sides.wrong if not name.endswith(", simd")] == []
    assert {call() % 2**32 for call in sides.calls.values()} == {sides.result}


def test_kernels_compute_what_their_names_say():
    import hashlib

    blocks = find_kernel("sha256").argument
    digest = hashlib.sha256(b"\0" * 64 * blocks).digest()
    assert make_sides(find_kernel("sha256"), variants=False).result == int.from_bytes(digest[:4], "big")
    assert make_sides(find_kernel("fibonacci"), variants=False).result == 75_025
    assert make_sides(find_kernel("ackermann"), variants=False).result == 2 * find_kernel("ackermann").argument + 3


def test_a_side_with_another_result_is_named_and_not_timed():
    sides = Sides(find_kernel("sort"))
    sides.add("right", lambda number: number, "right 1.0")
    sides.add("wrong", lambda number: number + 1, "wrong 1.0")
    assert list(sides.calls) == ["right"]
    assert sides.versions == {"right": "right 1.0"}
    assert sides.wrong == {"wrong": find_kernel("sort").argument + 1}


def test_without_any_native_compiler_there_is_nothing_to_compare_with(monkeypatch):
    absent = Missing("Zig's clang", "it is not here", {"labkit": "python -m labkit install zig"})
    monkeypatch.setattr(kernel_sides, "native_builds", lambda: ((), (absent,)))
    with pytest.raises(ToolchainUnavailable, match="python -m labkit install zig"):
        make_sides(find_kernel("sort"))


def test_the_geometric_mean_does_not_depend_on_which_is_below_the_line():
    comparisons = [comparison_of(native=1.0, wasm=factor) for factor in (2.0, 0.5, 3.0) * 2]
    there, back = geometric_mean(comparisons, "wasm", "native"), geometric_mean(comparisons, "native", "wasm")
    assert there.mean == pytest.approx(3 ** (1 / 3))
    assert there.mean * back.mean == pytest.approx(1.0)
    assert there.low < there.mean < there.high
    assert there.count == 6


def test_one_program_says_nothing_about_others():
    mean = geometric_mean([comparison_of(native=1.0, wasm=2.0)], "wasm", "native")
    assert (mean.mean, mean.low, mean.high) == (2.0, 0.0, math.inf)
    assert geometric_mean([comparison_of(native=1.0)], "wasm", "native") is None
    with pytest.raises(ArgumentError, match="over itself"):
        geometric_mean([], "wasm", "wasm")


@pytest.mark.any_python
def test_the_interval_covers_the_mean_of_the_programs_that_others_were_drawn_from():
    import numpy as np

    generator, covered, trials = np.random.default_rng(5), 0, 200
    for trial in range(trials):
        factors = np.exp(generator.normal(0.5, 0.4, 11))
        mean = geometric_mean([comparison_of(native=1.0, wasm=float(factor)) for factor in factors], "wasm", "native", seed=trial)
        covered += mean.low <= math.exp(0.5) <= mean.high
    assert covered / trials >= 0.9


def test_no_mean_is_shown_over_fewer_programs_than_the_others_have():
    runs = (
        KernelRun(find_kernel("sort"), comparison_of(native=1.0, old=2.0, new=1.5), 7, {}, {"none": "it is missing. Install it."}),
        KernelRun(find_kernel("nbody"), comparison_of(native=1.0, new=1.5), 7, {"old": 8}, {"none": "it is missing. Install it."}),
    )
    table = Kernels(runs, ("native",))
    assert table._rows()[1][1:] == ["2.00", "–", "–"]
    assert table.agreement.figures.endswith("3 of 4")
    for shown in (str(table), table._repr_html_()):
        assert "old computes nbody wrongly: 8 in place of 7" in shown
        assert shown.count("none is not measured") == 1
    assert json.loads(json.dumps(to_jsonable(table.summary())))["means"][1]["mean"] == pytest.approx(1.5)


def test_the_table_says_how_far_native_builds_differ():
    runs = (
        KernelRun(find_kernel("sort"), comparison_of(native=1.0, other=1.5, wasm=9.0), 7, {}, {}),
        KernelRun(find_kernel("nbody"), comparison_of(native=3.5, other=1.0, wasm=9.0), 7, {}, {}),
    )
    told, few = Kernels(runs, ("native", "other")).notes
    assert told == "Native builds differ among themselves by up to 3.5 times (nbody): say which is meant by native."
    assert "no interval" in few
    assert Kernels(runs, ("native",)).notes == (few,)


def test_unknown_kernels_are_refused():
    with pytest.raises(ArgumentError, match="Choose of 'fibonacci', 'ackermann'"):
        measure_kernels(["quick"])
    with pytest.raises(ArgumentError, match="no kernel to measure"):
        measure_kernels([])


@pytest.mark.any_python
def test_the_bench_has_a_comparison_for_every_kernel_and_a_figure_for_every_goal():
    bench = find_bench("kernels")
    findings = bench.run(3.0, lambda share: None)
    report = judge(bench, findings)
    assert [judgement.figure.value for judgement in report.judgements if judgement.goal.bound == 1.0] == [1.0]
    assert {f"{TITLE}: {kernel.name}: {kernel.strains}" for kernel in KERNELS} <= set(findings.comparisons)
    json.dumps(to_jsonable(report.summary()))
    assert "geometric mean" in str(report)
    assert "wasmtime with simd / without, difference" in findings.figures
    assert "one call of the system: clock, wasmtime / native" in findings.figures
