"""The bench of fresh instances: what it shows, and what it says where there is no native program to measure against."""

from __future__ import annotations

import json
import math

import pytest

from labkit.bench import instance
from labkit.bench.figures import Ratio, Unavailable
from labkit.bench.goals import judge
from labkit.bench.native_process import native_program, spawner
from labkit.cli.output import to_jsonable
from labkit.errors import BenchError, LabkitError, ToolchainUnavailable


def test_every_goal_gets_a_figure():
    report = judge(instance.BENCH, instance.BENCH.run(1.0, lambda share: None))
    assert len(report.judgements) == 4
    for figure in report.findings.figures.values():
        assert isinstance(figure, Ratio), figure.figures
        assert math.isfinite(figure.median)
        assert figure.median > 0
    assert "posix_spawn" in str(report)


def test_without_a_native_program_the_figure_is_unavailable_and_its_goal_not_met(monkeypatch: pytest.MonkeyPatch):
    absent = ToolchainUnavailable("A native program cannot be built here: there is no <Zig>.", remedy="Install it.")
    monkeypatch.setattr(instance, "native_program", lambda name: absent)
    report = judge(instance.BENCH, instance.BENCH.run(0.5, lambda share: None))
    judged = next(judgement for judgement in report.judgements if "native process" in judgement.goal.figure)
    assert isinstance(judged.figure, Unavailable)
    assert not judged.met
    assert not report.met
    assert "unavailable: A native program cannot be built here: there is no <Zig>. Install it." in str(report)
    assert "<Zig>" not in report._repr_html_()
    assert "Install it" in report.findings.unavailable["a native process"]
    json.dumps(to_jsonable(report.summary()), allow_nan=False)


def test_the_native_program_ends_with_zero_and_leaves_no_process():
    program = native_program("answer")
    assert not isinstance(program, LabkitError)
    spawn = spawner(program)
    assert [spawn() for _ in range(3)] == [0, 0, 0]


def test_a_program_that_cannot_be_started_is_said(tmp_path):
    with pytest.raises(BenchError, match="cannot be started"):
        spawner(tmp_path / "absent")()
