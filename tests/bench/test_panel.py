"""The bench of panels starts a real kernel, and counts an answer only while the panel measures."""

from __future__ import annotations

import pytest

from labkit.bench import panel
from labkit.bench.goals import judge
from labkit.errors import BenchError


def test_a_real_kernel_answers_while_a_panel_measures(monkeypatch):
    pytest.importorskip("jupyter_client", reason="jupyter_client is missing: pip install labkit[lab]")
    monkeypatch.setattr(panel, "_TRIES", 5)
    shares: list[float] = []
    report = judge(panel.BENCH, panel.BENCH.run(2.0, shares.append))
    (times,) = report.findings.comparisons.values()
    assert [len(samples) for samples in times.samples_seconds.values()] == [5, 5, 5]
    assert times.frames_per_second > 0
    assert "the panel's picture changed" in str(report)
    assert report.judgements[0].figure.value * 1e-3 == pytest.approx(sorted(times.samples_seconds[panel._MEASURING])[2])
    assert shares[-1] == pytest.approx(1.0)
    assert "a panel measures" in str(report)
    assert len(list(times.measured())) == 3


def test_a_cell_that_fails_is_no_answer():
    pytest.importorskip("jupyter_client", reason="jupyter_client is missing: pip install labkit[lab]")
    with panel._kernel() as kernel, pytest.raises(BenchError, match="ZeroDivisionError"):
        kernel.run("1 / 0")
