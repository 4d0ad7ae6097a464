"""The benches of the sandbox: they measure what they say, and show it in every form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labkit.bench import hostile
from labkit.bench.goals import judge
from labkit.bench.registry import find_bench
from labkit.cli.output import to_jsonable
from labkit.sandbox.attacks import stage


def test_the_sandbox_bench_measures_a_warm_run_against_the_same_in_process():
    bench = find_bench("sandbox")
    findings = bench.run(2.0, lambda share: None)
    report = judge(bench, findings)
    assert set(findings.comparisons) == {"A hello on Wasmtime", "Until a process is ready for a guest"}
    # Which side the goal falls on is the machine's to say; that a process costs something is not.
    assert findings.figures["a warm run / the same in process"].median > 1
    assert "ms more" in str(report)


def test_the_hostile_bench_shows_a_row_for_each_attack(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hostile, "ATTACKS", ["flood", "odd exit code"])
    bench = find_bench("hostile")
    report = judge(bench, bench.run(1.0, lambda share: None))
    assert report.met
    for word in ("flood", "odd exit code", "wasmtime-winch", "stopped at its output limit"):
        assert word in str(report)
        assert word in report._repr_html_()
    assert '"held": true' in json.dumps(to_jsonable(report.summary()))


def test_an_attack_that_got_through_misses_the_goal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hostile, "ATTACKS", ["odd exit code"])
    monkeypatch.setattr(hostile, "stage", lambda name, runtime: replace(stage(name, runtime=runtime), unharmed=False))
    bench = find_bench("hostile")
    report = judge(bench, bench.run(1.0, lambda share: None))
    assert not report.met
    assert "BROKEN" in str(report)
