"""The phases of a run: what is measured, on which runtimes, and how it shows itself."""

from __future__ import annotations

import json

import pytest

from labkit.bench import Source, compare, record
from labkit.bench.density import Density
from labkit.bench.phases import BY_HAND, InstanceMemory, Missing, Phase, Phases
from labkit.bench.results import from_json, to_json
from labkit.cli.output import to_jsonable
from labkit.errors import ArgumentError


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
