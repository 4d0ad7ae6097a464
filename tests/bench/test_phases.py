"""The phases of a run: what is measured, on which runtimes, and how it shows itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labkit.bench import Source, compare, record
from labkit.bench.density import Density
from labkit.bench.goals import judge
from labkit.bench.phases import BY_HAND, InstanceMemory, Missing, Phase, Phases, measure_phases
from labkit.bench.registry import find_bench
from labkit.bench.results import from_json, to_json
from labkit.cli.output import to_jsonable
from labkit.errors import ArgumentError, BenchError, ExportNotFound, LabkitError, RuntimeUnavailable
from tests.conftest import COMMAND_NAMES, require


@pytest.fixture
def made_up() -> Phases:
    """Two phases, one of which one runtime lacks."""
    call = compare({"wasmtime": lambda: sum(range(9)), BY_HAND: lambda: sum(range(3))}, seconds=0.05)
    run = compare({"wasmtime": lambda: sum(range(99))}, seconds=0.05)
    missing = (Missing("wasmer", "there are no wheels.", "Use <Python 3.10>."),)
    return Phases({Phase.STEADY_CALL: call, Phase.RUN: run}, (InstanceMemory("wasmtime", 10, 4096.5),), missing, ("wasmtime 50.0.1 (2026)",))


def test_rows_are_every_phase_on_every_runtime(made_up):
    assert [(row.runtime, row.phase) for row in made_up.rows] == [
        ("wasmtime", Phase.STEADY_CALL),
        (BY_HAND, Phase.STEADY_CALL),
        ("wasmtime", Phase.RUN),
    ]
    assert made_up.runtimes == ("wasmtime", BY_HAND)
    assert made_up.timing("wasmtime", Phase.RUN).median_seconds > 0
    assert made_up.timing(BY_HAND, Phase.RUN) is None


def test_the_table_shows_what_is_missing_and_why(made_up):
    for shown in (str(made_up), made_up._repr_html_()):
        assert "4.1 kB" in shown
        assert "–" in shown
        assert "wasmer is not measured: there are no wheels." in shown
    assert "<Python 3.10>" not in made_up._repr_html_()
    summary = json.loads(json.dumps(to_jsonable(made_up.summary())))
    assert summary["memory"][0]["pss_bytes"] == 4096.5
    assert summary["phases"]["steady call"]["timings"][1]["name"] == BY_HAND


def test_density_shows_how_much_one_takes():
    density = Density({"native processes": ((10, 450_000), (100, 4_100_000))}, ("No <wasmer> here.",))
    for word in ("native processes", "41 kB", "4.1 MB", "45 kB"):
        assert word in str(density).replace(".0 ", " ")
    assert "&lt;wasmer&gt;" in density._repr_html_()
    assert json.loads(json.dumps(to_jsonable(density.summary())))["series"]["native processes"][1] == [100, 4_100_000]


def test_the_store_keeps_phases_and_density_so_that_they_can_be_drawn_again(made_up, tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results.sqlite"))
    rows = record(made_up, "sums")
    again = Phases.of_rows(rows, "sums")
    assert again.comparisons == made_up.comparisons
    assert again.memory == made_up.memory
    assert str(again.missing[0]) == str(made_up.missing[0])
    recorded = Phases.of_rows(from_json(to_json(rows)), "sums")
    assert {comparison.source for comparison in recorded.comparisons.values()} == {Source.RECORDED}
    assert recorded.timing("wasmtime", Phase.RUN) == made_up.timing("wasmtime", Phase.RUN)
    with pytest.raises(ArgumentError, match="the title"):
        Phases.of_rows(rows, "products")

    density = Density({"native processes": ((10, 450_000), (100, 4_100_000)), "instances × 2": ((10, 45_000),)})
    rows = record(density, "density")
    assert Density.of_rows(rows) == density
    assert Density.of_rows(from_json(to_json(rows))).source is Source.RECORDED


ADD = '(module (memory (export "memory") 1) (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'


def test_every_phase_is_measured_on_every_runtime(runtime_name):
    shares = []
    found = measure_phases(ADD, export="add", arguments=[20, 22], runtimes=[runtime_name], seconds=0.3, progress=shares.append)
    assert [row.phase for row in found.rows if row.runtime == runtime_name] == list(Phase)
    assert found.runtimes[0] == runtime_name
    assert all(min(row.timing.samples_seconds) > 0 for row in found.rows)
    assert found.memory[0].pss_bytes > 0
    assert found.versions[0].startswith(f"{runtime_name} ")
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1.0 + 1e-9
    by_hand = [row.phase for row in found.rows if row.runtime == BY_HAND]
    wanted = [Phase.COMPILE, Phase.DESERIALIZE, Phase.INSTANTIATE, Phase.STEADY_CALL] if runtime_name == "wasmtime" else []
    assert by_hand == wanted


def test_a_function_that_is_not_bound_by_hand_is_measured_without():
    wat = '(module (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2))))'
    found = measure_phases(wat, export="half", arguments=[3.0], runtimes=["wasmtime"], seconds=0.2)
    assert found.timing(BY_HAND, Phase.STEADY_CALL) is None
    assert found.timing(BY_HAND, Phase.INSTANTIATE) is not None


def test_what_is_not_here_is_missing_with_its_reason():
    found = measure_phases(ADD, export="add", arguments=[1, 2], runtimes=["absent", "wasmtime"], seconds=0.2)
    assert found.missing[0].runtime == "absent"
    assert "There is no runtime 'absent'" in str(found)
    assert found.runtimes[0] == "wasmtime"


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_of_a_command_the_whole_run_is_measured_and_it_says_why_no_more(name: str):
    require(name)
    found = measure_phases(ADD, export="add", arguments=[20, 22], runtimes=["wasmtime", name], seconds=1)
    assert [timing.name for timing in found.comparisons[Phase.RUN].timings] == ["wasmtime", name]
    assert [row.phase for row in found.rows if row.runtime == name] == [Phase.RUN]
    assert f"each step on {name} is not measured: {name} is a command" in str(found)
    assert f"on {name}, the start of the command" in str(found)
    alone = measure_phases(ADD, export="add", arguments=[20, 22], runtimes=[name], seconds=0.2)
    assert (list(alone.comparisons), alone.memory) == ([Phase.RUN], ())


def test_where_no_runtime_can_the_first_ones_error_is_told():
    with pytest.raises(ExportNotFound, match="no export 'absent'"):
        measure_phases(ADD, export="absent", runtimes=["wasmtime"], seconds=0.2)
    with pytest.raises(RuntimeUnavailable):
        measure_phases(ADD, export="add", arguments=[1, 2], runtimes=["absent"], seconds=0.2)
    with pytest.raises(ArgumentError, match="no runtime to measure"):
        measure_phases(ADD, export="add", runtimes=[], seconds=0.2)
    with pytest.raises(LabkitError):
        measure_phases('(module (import "a" "b" (func)) (func (export "f")))', export="f", runtimes=["wasmtime"], seconds=0.2)


def test_runtimes_that_disagree_are_not_timed(monkeypatch):
    import labkit.bench.phase_measures as measures

    honest = measures.PhaseMeasures._subject
    values = iter([41, 42])
    monkeypatch.setattr(measures.PhaseMeasures, "_subject", lambda self, name: replace(honest(self, name), value=next(values)))
    with pytest.raises(BenchError, match="disagree on add: wasmtime gave 41, wasmtime-winch gave 42"):
        measure_phases(ADD, export="add", arguments=[20, 22], runtimes=["wasmtime", "wasmtime-winch"], seconds=0.2)


def test_a_run_in_the_sandbox_that_does_not_return_is_missing(monkeypatch):
    import labkit.bench.whole_run as whole_run

    def refuse(*arguments, **options):
        raise BenchError("No worker can be made.", remedy="Wait.")

    monkeypatch.setattr(whole_run, "run", refuse)
    found = measure_phases(ADD, export="add", arguments=[1, 2], runtimes=["wasmtime"], seconds=0.2)
    assert found.timing("wasmtime", Phase.RUN) is None
    assert "wasmtime, whole run is not measured: No worker can be made. Wait." in str(found)


def test_the_bench_of_phases_shows_labkit_beside_hand_bound_functions():
    bench = find_bench("phases")
    report = judge(bench, bench.run(0.5, lambda share: None))
    assert len(report.judgements) == 2
    assert "compile: labkit / bound by hand" in str(report)
    assert set(report.findings.comparisons) >= {"The phases of fib(20)", "The phases of fib(20): steady call"}
