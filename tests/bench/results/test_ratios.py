"""A ratio comes from one interleaved run, and from nothing else."""

from __future__ import annotations

import pytest

from labkit.bench import Measured, record, reference
from labkit.bench.results import Rows, from_json, load_rows, ratio, side_by_side, to_json
from labkit.errors import ArgumentError, BenchError


def test_within_one_interleaved_run_the_ratio_is_that_of_the_comparison(comparison) -> None:
    one, two, again = rows = record(comparison, "a thing")
    assert ratio(two, one, rows) == comparison.ratio("two", "one")
    assert ratio(one, two, load_rows()) == comparison.ratio("one", "two")
    assert ratio(again, one, rows) == comparison.control
    assert "two / one = 1.4" in str(side_by_side(two, one, rows))


def refused(one, other, among) -> str:
    found = side_by_side(one, other, among)
    assert found.ratio is None
    assert found.summary()["ratio"] is None
    assert str(found).count(str(one.machine)) == 2
    assert f"No ratio: {found.reason}" in str(found)
    assert "No ratio" in found._repr_html_()
    with pytest.raises(BenchError, match="No ratio is taken"):
        ratio(one, other, among)
    return found.reason


def test_never_across_live_and_recorded_not_even_of_the_very_same_run(comparison) -> None:
    live = record(comparison, "a thing")
    recorded = from_json(to_json(live))
    everything = Rows([*live, *recorded])
    for one in live:
        for other in recorded:
            assert "recorded" in refused(one, other, everything)
            assert "recorded" in refused(other, one, everything)
    assert ratio(recorded[1], recorded[0], everything) == comparison.ratio("two", "one")
    assert everything.comparison("a thing") == recorded.comparison("a thing")
    assert "from a recorded run" in str(side_by_side(recorded[1], recorded[0], everything))


def test_never_across_live_and_what_the_lab_ships(comparison) -> None:
    live, shipped = record(comparison, "a thing"), reference("calls")
    assert "recorded" in side_by_side(live[0], shipped[0], Rows([*live, *shipped])).reason


def test_never_across_runs_or_comparisons_or_what_was_not_interleaved(comparison) -> None:
    first, second = record(comparison, "a thing"), record(comparison, "a thing")
    everything = load_rows()
    assert "two runs" in refused(first[0], second[1], everything)
    other = Rows([first[0], Rows([second[1]])[0]])
    assert "two runs" in refused(other[0], other[1], other)

    class OneAfterTheOther:
        def measured(self):
            yield Measured("one", (1.0, 2.0))
            yield Measured("two", (1.0, 2.0))

    apart = record(OneAfterTheOther(), "apart")  # type: ignore[arg-type]
    assert "not interleaved" in refused(apart[0], apart[1], load_rows())
    with pytest.raises(BenchError, match="not interleaved"):
        apart.comparison("apart")


def test_nothing_is_held_against_what_was_unavailable_itself_or_a_control(comparison) -> None:
    one, two, again, missing = rows = record(comparison, "a thing", unavailable={"three": "It is missing. Get it."})
    assert "It is missing. Get it." in refused(one, missing, rows)
    assert "It is missing. Get it." in refused(missing, one, rows)
    assert "same row" in refused(one, one, rows)
    assert "control" in refused(two, again, rows)
    assert "control" in refused(again, two, rows)


def test_a_title_that_was_not_compared_is_refused_with_those_that_were(comparison) -> None:
    with pytest.raises(ArgumentError, match="'a thing'"):
        record(comparison, "a thing").comparison("another")


def test_the_newest_comparison_of_a_title_is_given(comparison) -> None:
    record(comparison, "a thing")
    newer = record(comparison, "a thing", command="newer")
    rows = load_rows()
    assert rows.comparison("a thing") == newer.comparison("a thing")
    assert [run[0].command for run in rows.runs()][-1] == "newer"
