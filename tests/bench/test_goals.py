"""A goal is met or missed by the median, and a failed control counts against it."""

from __future__ import annotations

import json

import pytest

from labkit.bench import Bench, Direction, Findings, Goal, Ratio
from labkit.bench.goals import Judgement, judge
from labkit.cli.output import to_jsonable

AT_MOST, AT_LEAST = Goal("new / old", 1.25, Direction.AT_MOST), Goal("old / new", 25.0, Direction.AT_LEAST)


def ratio(median: float, doubt: float = 1.0) -> Ratio:
    return Ratio("new", "old", median, median * 0.99, median * 1.01, doubt)


@pytest.mark.parametrize(
    ("goal", "found", "met"),
    [
        (AT_MOST, ratio(1.25), True),
        (AT_MOST, ratio(1.26), False),
        (AT_MOST, ratio(1.2, doubt=1.03), True),
        (AT_MOST, ratio(1.2, doubt=1.1), False),
        (AT_MOST, ratio(float("nan")), False),
        (AT_LEAST, ratio(25.0), True),
        (AT_LEAST, ratio(24.9), False),
        (AT_LEAST, ratio(26.0, doubt=1.1), False),
        (AT_LEAST, ratio(float("nan")), False),
    ],
)
def test_a_goal_is_judged_by_the_median_and_what_the_control_was_off(goal, found, met):
    assert Judgement(goal, found).met is met


def test_what_is_held_against_a_goal_is_said():
    assert Judgement(AT_MOST, ratio(1.2, doubt=1.1)).words == "NO (the control was off by 1.100)"
    assert Judgement(AT_MOST, ratio(1.2)).words == "yes"


def report(median: float):
    bench = Bench("speed", "Which is faster, <old> or new.", (AT_MOST,), lambda seconds, progress: Findings({}, {}, ()))
    figures = {"new / old": ratio(median), "another": Ratio("x", "y", 2.0, 0.0, float("inf"))}
    return judge(bench, Findings(figures, {}, ("thing 1.0 (2026)",), ("Other is not measured: it is missing. Install it.",)))


def test_a_report_shows_goals_further_figures_versions_and_what_is_missing():
    shown = str(report(1.3))
    assert "NO" in shown
    assert "at most 1.25" in shown
    assert "another" in shown
    assert "thing 1.0 (2026)" in shown
    assert "Install it." in shown
    assert "NO" not in str(report(1.2))
    assert "&lt;old&gt;" in report(1.2)._repr_html_()


def test_a_report_is_valid_json_even_where_an_interval_has_no_bounds():
    summary = json.loads(json.dumps(to_jsonable(report(1.3).summary()), allow_nan=False))
    assert summary["met"] is False
    assert summary["goals"][0]["goal"]["direction"] == "at most"
    assert summary["figures"]["another"]["high"] is None
