"""The bench of precompiled modules shows what it has a goal for, and leaves no file."""

from __future__ import annotations

import math
import tempfile

from labkit.bench import precompiled
from labkit.bench.goals import judge


def test_every_way_of_reading_gets_a_figure_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(precompiled, "_MODULE", "hello-rs.wasm")
    report = judge(precompiled.BENCH, precompiled.BENCH.run(1.0, lambda share: None))
    assert [judgement.goal.bound for judgement in report.judgements] == [500]
    assert len(report.findings.figures) == 4
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in report.findings.figures.values())
    assert "hello-rs.wasm, 79.0 kB" in str(report)
    assert list(tmp_path.iterdir()) == []
