"""What is recorded says all that the figures depend on, and a recorded run is never kept as a live one."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest

from labkit.bench import Bench, Direction, Findings, Goal, Measured, Share, Source, measured, record
from labkit.bench.goals import judge
from labkit.bench.results import from_json, load_rows, to_json
from labkit.errors import ArgumentError, BenchError
from labkit.machine import this_machine


class Sizes:
    """A part that is no comparison: one figure, in bytes, and one that could not be had."""

    def __str__(self) -> str:
        return "sizes"

    def _repr_html_(self) -> str:
        return "sizes"

    def summary(self) -> dict[str, int]:
        return {"image": 1_500_000}

    def measured(self):
        yield Measured("image", (1_500_000.0,), unit="B", artifact_sha256="ab" * 32)
        yield Measured("podman image", error="podman does not start. Install it.")


def test_a_row_holds_what_its_figure_depends_on(comparison) -> None:
    first, second, control = record(comparison, "a thing", versions=["it 1.0 (2026)"], artifact_sha256="cd" * 32, command="notebook 05")
    assert first.samples == comparison.timings[0].samples_seconds
    assert control.is_control
    assert control.samples == comparison.control_seconds
    assert (first.command, first.comparison, first.contender, second.contender) == ("notebook 05", "a thing", "one", "two")
    assert first.machine == this_machine()
    assert first.load == comparison.load
    assert (first.seed, first.calls, second.calls) == (7, 3, 2)
    assert first.versions == ("it 1.0 (2026)",)
    assert first.artifact_sha256 == "cd" * 32
    assert first.source is Source.LIVE
    assert first.date.endswith("+00:00")
    assert first.labkit_version


def test_a_report_is_recorded_part_by_part_with_what_was_missing(comparison) -> None:
    bench = Bench("sizes", "What sizes there are.", (Goal("all", 0.5, Direction.AT_LEAST),), lambda seconds, progress: Findings({}, {}, ()))
    parts = {"A comparison": comparison, "Sizes": Sizes()}
    findings = Findings({"all": Share(1, 2)}, parts, ("it 1.0",), (), {"three": "It is missing. Get it."}, {"A comparison": "ef" * 32})
    rows = record(judge(bench, findings))
    assert {row.run for row in rows} == {rows[0].run}
    assert {row.command for row in rows} == {"python -m labkit bench sizes"}
    told = {row.name: (row.comparison, row.source, row.error, row.artifact_sha256) for row in rows}
    assert told["one"] == ("A comparison", Source.LIVE, "", "ef" * 32)
    assert told["image"] == ("Sizes", Source.LIVE, "", "ab" * 32)
    assert told["podman image"] == ("Sizes", Source.UNAVAILABLE, "podman does not start. Install it.", "")
    assert told["three"] == ("What sizes there are.", Source.UNAVAILABLE, "It is missing. Get it.", "")
    shown = str(rows)
    assert "1.5 MB" in shown
    assert "Row 5 is unavailable: podman does not start. Install it." in shown
    assert 'style="opacity:0.55"' in rows._repr_html_()


class Rungs(Sizes):
    """A part made of a comparison, which knows what was measured and how."""

    versions = ("crun 1.2.3",)

    def __init__(self, comparison) -> None:
        first, second = comparison.timings
        self.inner = replace(comparison, timings=(first, replace(second, version="crun 1.2.3", note="without cgroups")))

    def measured(self):
        yield Measured("two: image", (1_500_000.0,), unit="B", version="crun 1.2.3", note="without cgroups")

    def parts(self):
        return {"both": self.inner}


def test_rows_hold_the_version_of_what_was_measured_and_how(comparison) -> None:
    rows = record(Rungs(comparison), "rungs")
    assert {row.comparison for row in rows} == {"rungs", "rungs: both"}
    assert rows[0].versions == ("crun 1.2.3", f"Python {platform.python_version()}")
    assert {row.name: (row.version, row.note) for row in load_rows()} == {
        "two: image": ("crun 1.2.3", "without cgroups"),
        "one": ("", ""),
        "two": ("crun 1.2.3", "without cgroups"),
        "one (again)": ("", ""),
    }
    again = from_json(to_json(rows)).comparison("rungs: both")
    assert again.timings == Rungs(comparison).inner.timings
    assert "Measured: crun 1.2.3." in str(again)
    assert "two: without cgroups" in again._repr_html_()
    assert "Row 3: without cgroups" in str(rows)


def test_a_comparison_that_a_report_shows_by_itself_too_is_kept_once(comparison) -> None:
    rungs = Rungs(comparison)
    bench = Bench("rungs", "What rungs there are.", (), lambda seconds, progress: Findings({}, {}, ()))
    rows = record(judge(bench, Findings({}, {"Rungs": rungs, "Rungs: both": rungs.inner}, ())))
    assert [row.name for row in rows] == ["two: image", "one", "two", "one (again)"]
    assert rows.comparison("Rungs: both").ratios == comparison.ratios


def test_rows_fit_a_terminal_of_a_hundred_columns(comparison) -> None:
    words = " ".join(["It is missing, for a reason that takes a whole sentence of many words to tell."] * 3)
    record(comparison, "From start to hello, the rungs that are slow", unavailable={"a contender of forty characters, or about": words})
    lines = str(load_rows()).splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(line.strip() for line in lines).count(words) == 1


def test_the_end_of_a_notebook_shows_what_this_session_recorded_and_nothing_else(comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(measured()) == "Nothing is recorded."
    record(comparison, "of another kernel")
    monkeypatch.setattr("labkit.bench.results.recording._SESSION", [])
    record(comparison, "first")
    record(comparison, "second")
    assert list(dict.fromkeys(row.comparison for row in measured())) == ["first", "second"]
    assert len(load_rows()) == 9


def test_a_notebook_is_named_without_its_folder(comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/someone/lab/notebooks/04_runtimes.ipynb")
    assert record(comparison, "a thing")[0].command == "notebook 04_runtimes"


def test_a_recorded_comparison_is_not_recorded_as_live(comparison) -> None:
    recorded = from_json(to_json(record(comparison, "a thing"))).comparison("a thing")
    assert recorded.source is Source.RECORDED
    with pytest.raises(BenchError, match="recorded run"):
        record(recorded, "a thing")
    assert len(load_rows()) == 3


@pytest.mark.parametrize(("result", "title"), [(None, "a thing"), (3.5, "a thing"), (Sizes(), "")])
def test_what_is_no_measurement_or_has_no_title_is_refused(result, title) -> None:
    with pytest.raises(ArgumentError, match="Write record"):
        record(result, title)


def test_what_could_not_be_read_again_is_refused() -> None:
    class Odd(Sizes):
        def measured(self):
            yield Measured("image", (float("nan"),))

    with pytest.raises(BenchError, match="cannot be kept"):
        record(Odd(), "odd")
    assert load_rows() == ()
