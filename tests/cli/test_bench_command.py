"""The bench command: its list, its exit codes, its JSON, its progress; on benches made up for it."""

from __future__ import annotations

import json
import sys

import pytest

from labkit.bench.registry import BENCH_MODULES, bench_names

MADE_UP = """
import time
from labkit.bench.figures import Ratio
from labkit.bench.goals import Bench, Direction, Findings, Goal
def run(seconds, progress):
    time.sleep(0.3)
    progress(0.42)
    ratio = Ratio("new", "old", {median}, 1.0, float("inf"))
    return Findings({{"new / old": ratio}}, {{}}, ("thing 1.0 (2026)",))
BENCH = Bench("made-up", "Shows nothing.", (Goal("new / old", 1.25, Direction.AT_MOST),), run)
"""


@pytest.fixture(params=[True, False], ids=["met", "missed"])
def made_up(request, tmp_path, monkeypatch):
    """Whether its goal is met, of a bench called made-up."""
    module = f"made_up_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{module}.py").write_text(MADE_UP.format(median=1.2 if request.param else 1.3))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setitem(BENCH_MODULES, "made-up", module)
    return request.param


def test_without_a_name_the_benches_are_listed_with_their_goals(labkit_main):
    assert "bound by hand at most 1.25" in labkit_main("bench").out
    benches = json.loads(labkit_main("bench", "--json").out)["benches"]
    assert [bench["name"] for bench in benches] == list(bench_names())
    assert benches[0]["goals"][0]["bound"] == 1.25


def test_only_check_lets_a_missed_goal_fail(labkit_main, made_up):
    assert labkit_main("bench", "made-up").code == 0
    checked = labkit_main("bench", "made-up", "--check", "--quick")
    assert checked.code == (0 if made_up else 1)
    assert ("NO" in checked.out) is not made_up
    assert checked.err == ""


def test_json_holds_what_the_table_shows_and_check_counts_there_too(labkit_main, made_up):
    ran = labkit_main("bench", "made-up", "--json", "--check")
    report = json.loads(ran.out, parse_constant=pytest.fail)
    assert report["met"] is made_up
    assert report["goals"][0]["met"] is made_up
    assert report["figures"]["new / old"]["high"] is None
    assert ran.code == (0 if made_up else 1)


def test_progress_is_shown_on_a_terminal_and_wiped_away(labkit_main, made_up, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    ran = labkit_main("bench", "made-up")
    assert "\rmade-up:  42%" in ran.err
    assert ran.err.endswith("\r\x1b[K")
    assert "42%" not in ran.out
