"""The bench of calls measures what its goals ask for, on every runtime that is here."""

from __future__ import annotations

import math

import pytest

import labkit.bench.process as process
from labkit.bench import run_bench
from labkit.bench.contenders import checked
from labkit.errors import BenchError
from labkit.runtimes.registry import runtimes


def test_every_goal_gets_a_finite_figure_and_wasmer_its_rows_where_it_is(monkeypatch):
    monkeypatch.setattr(process, "QUICK_SECONDS", 1.5)
    monkeypatch.setattr(process, "_PATIENCE", 60.0)  # starting takes its time on a busy machine
    report = run_bench("calls", quick=True)
    assert [judgement.goal.bound for judgement in report.judgements] == [1.25, 25.0, 0.25]
    assert all(math.isfinite(ratio.median) and ratio.median > 0 for ratio in report.findings.figures.values())
    status = {row.name: row for row in runtimes()}
    wasmer, libwasmer = status["wasmer"], status["libwasmer"]
    rows = [timing.name for comparison in report.findings.comparisons.values() for timing in comparison.timings]
    assert rows.count("labkit on wasmer") == rows.count("wasmer's own") == (2 if wasmer.available else 0)
    assert rows.count("labkit on libwasmer") == (2 if libwasmer.available else 0)
    for row in (wasmer, libwasmer):
        assert row.available or any(row.remedy in note for note in report.findings.notes)
    assert report.findings.versions[0].startswith("wasmtime ")


def test_a_contender_with_a_wrong_result_is_not_timed():
    with pytest.raises(BenchError, match="gave 41 where 42 is right"):
        checked({"wrong": lambda: 41}, 42)
