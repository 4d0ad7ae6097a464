"""The phases of a run: what is measured, on which runtimes, and how it shows itself."""

from __future__ import annotations

import json

import pytest

from labkit.bench import compare
from labkit.bench.density import Density
from labkit.bench.phases import BY_HAND, InstanceMemory, Missing, Phase, Phases
from labkit.cli.output import to_jsonable


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
