"""The results command: what it shows, exports and refuses; and that benches fill what it shows."""

from __future__ import annotations

import json
import sqlite3
from functools import partial

import pytest

from labkit import bench
from labkit.bench.registry import BENCH_MODULES
from labkit.bench.results import from_json

MADE_UP = """
from functools import partial
from labkit.bench import Bench, Direction, Findings, Goal, compare
def run(seconds, progress):
    found = compare({"one": partial(sum, range(10)), "two": partial(sum, range(20))}, seconds=0.2)
    return Findings({"two / one": found.ratio("two", "one")}, {"Sums": found}, ("thing 1.0 (2026)",), (), {"three": "There is none. Get it."})
BENCH = Bench("made-up", "Shows nothing.", (Goal("two / one", 1000.0, Direction.AT_MOST),), run)
"""


@pytest.fixture(autouse=True)
def results_file(tmp_path, monkeypatch):
    path = tmp_path / "results.sqlite"
    monkeypatch.setenv("LABKIT_RESULTS", str(path))
    return path


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    module = f"recorded_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{module}.py").write_text(MADE_UP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setitem(BENCH_MODULES, "made-up", module)


@pytest.fixture
def recorded():
    """One run, of two contenders."""
    found = bench.compare({"one": partial(sum, range(10)), "two": partial(sum, range(20))}, seconds=0.2)
    return bench.record(found, "sums")


def test_a_bench_records_itself_unless_told_not_to(labkit_main, made_up, results_file):
    assert labkit_main("bench", "made-up", "--no-record").code == 0
    assert not results_file.exists()
    assert labkit_main("bench", "made-up", "--quick", "--json").code == 0
    shown = labkit_main("results")
    assert "python -m labkit bench made-up --quick: measured on" in shown.out
    assert "Row 4 is unavailable: There is none. Get it." in shown.out
    rows = json.loads(labkit_main("results", "show", "--json").out)["rows"]
    assert [row["source"] for row in rows] == ["live", "live", "live", "unavailable"]


def test_a_bench_whose_store_is_damaged_still_shows_its_figures(labkit_main, made_up, results_file):
    results_file.write_text("no database at all")
    ran = labkit_main("bench", "made-up", "--check")
    assert ran.code == 0
    assert "two / one" in ran.out
    assert "The run is not recorded." in ran.err
    assert "LABKIT_RESULTS" in ran.err
    assert results_file.read_text() == "no database at all"


def test_nothing_recorded_is_said(labkit_main, results_file):
    assert labkit_main("results").out == "Nothing is recorded.\n"
    assert not results_file.exists()


def test_only_the_last_runs_are_shown_and_the_rest_is_counted(labkit_main, recorded):
    found = bench.compare({"one": partial(sum, range(10))}, seconds=0.05)
    for turn in range(6):
        bench.record(found, f"turn {turn}", command=f"command {turn}")
    shown = labkit_main("results").out
    assert "turn 1" in shown
    assert "turn 0" not in shown
    assert "2 earlier runs: --last 7 shows all." in shown
    assert "turn 0" in labkit_main("results", "show", "--last", "7").out
    assert "turn 5" not in labkit_main("results", "show", "--command", "command 2").out


@pytest.mark.parametrize("action", ["show", "export"])
def test_a_command_that_nothing_is_recorded_of_is_told_with_those_that_are(labkit_main, recorded, action):
    bench.record(bench.compare({"one": partial(sum, range(10))}, seconds=0.05), "sums", command="notebook 06")
    ran = labkit_main("results", action, "--command", "nothing")
    assert ran.code == 1
    assert "'nothing' in it is recorded" in ran.err
    assert "a Python session; notebook 06." in ran.err
    assert ran.out == ""


def test_json_can_be_read_again_and_csv_is_a_table(labkit_main, recorded, tmp_path):
    assert from_json(labkit_main("results", "export").out)[0].samples == recorded[0].samples
    assert labkit_main("results", "export", "--format", "csv").out.splitlines()[0].startswith("run,date,source,")
    assert labkit_main("results", "export", "--output", str(tmp_path / "out.json")).code == 0
    assert len(from_json((tmp_path / "out.json").read_text())) == 3
    refused = labkit_main("results", "export", "--output", str(tmp_path / "nowhere" / "out.json"))
    assert refused.code == 1
    assert "cannot be written" in refused.err
    (tmp_path / "folder").mkdir()
    assert labkit_main("results", "export", "--output", str(tmp_path / "folder")).code == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("folder")] == ["folder"]


def test_two_rows_of_one_run_are_compared(labkit_main, recorded):
    ran = labkit_main("results", "compare", "2", "1")
    assert ran.code == 0
    assert "two / one = " in ran.out
    assert json.loads(labkit_main("results", "compare", "2", "1", "--json").out)["ratio"]["contender"] == "two"


def test_rows_of_two_runs_are_shown_with_their_machines_and_no_ratio(labkit_main, recorded):
    bench.record(bench.compare({"one": partial(sum, range(10))}, seconds=0.05), "sums")
    for other, words in (("4", "two runs"), ("calls/1", "recorded")):
        ran = labkit_main("results", "compare", "1", other)
        assert ran.code == 1
        assert words in ran.out
        assert ran.out.count(str(recorded[0].machine.cpu)) >= 1
        assert "No ratio" in ran.out
        assert json.loads(labkit_main("results", "compare", "1", other, "--json").out)["ratio"] is None


def test_what_the_lab_ships_is_shown_as_recorded(labkit_main):
    shown = labkit_main("results", "show", "--reference", "calls")
    assert shown.code == 0
    assert "recorded, not measured here" in shown.out
    assert " live " not in shown.out


@pytest.mark.parametrize(
    "arguments",
    [("compare",), ("compare", "1"), ("compare", "1", "2", "3"), ("show", "1"), ("show", "--last", "0"), ("delete",)],
    ids=str,
)
def test_wrong_usage_is_refused(labkit_main, arguments):
    assert labkit_main("results", *arguments).code == 2


@pytest.mark.parametrize(
    "arguments", [("compare", "1", "99"), ("compare", "1", "calls/999"), ("compare", "1", "nonsense/1"), ("show", "--reference", "x")]
)
def test_what_is_not_there_is_told(labkit_main, recorded, arguments):
    ran = labkit_main("results", *arguments)
    assert ran.code == 1
    assert ran.err.startswith("labkit: ")


def test_the_file_is_a_plain_database(recorded, results_file):
    """Whoever prefers SQL has it."""
    with sqlite3.connect(results_file) as connection:
        assert connection.execute("SELECT contender, cpu FROM results WHERE is_control = 0 ORDER BY number").fetchall() == [
            ("one", recorded[0].machine.cpu),
            ("two", recorded[0].machine.cpu),
        ]
    connection.close()
