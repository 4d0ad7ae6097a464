"""Figures say their interval, or in words that they have none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.crowds import Crowds
from labkit.bench.density import Density
from labkit.bench.figures import Ratio, with_interval
from labkit.bench.kernel_table import KernelRun, Kernels
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.load import Load
from labkit.bench.results import Rows, record, side_by_side


def of_samples(count: int, *, control: float = 1.0) -> Comparison:
    """Two contenders, the second twice as slow, in so many blocks."""
    timings = [Timing("one", 1, (1.0,) * count), Timing("two", 1, (2.0,) * count)]
    return conclude(timings, (control,) * count, load=Load(0.0, 0.0, 0.0), overhead_seconds=0.0, wall_seconds=float(count), seed=1)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((1.25, 1.2, 1.3), "1.250 (1.200–1.300)"),
        ((1000.4, 998.0, 12345.6), "1,000 (998.0–12,346)"),
        ((0.5, 0.0, math.inf), "0.5000, no interval"),
    ],
)
def test_a_figure_is_written_with_its_interval_or_without(figures: tuple[float, float, float], words: str) -> None:
    assert with_interval(*figures) == words


@pytest.mark.parametrize(("count", "words"), [(1, "1 sample of each gives no interval"), (5, "5 samples of each give no interval")])
def test_few_samples_give_no_interval_no_winner_and_say_so(count: int, words: str) -> None:
    found = of_samples(count)
    assert found.ratio("two", "one").figures == found.ratio("two", "one").inverse.inverse.figures == "2.000, no interval"
    assert found.winner is None
    assert words in found.verdict
    assert "an interval takes 6 or more, so there is none" in found.warnings[0]
    for shown in (str(found), found._repr_html_()):
        assert "inf" not in shown


def test_six_samples_give_one() -> None:
    assert of_samples(6).winner == "one"


def test_a_control_that_excludes_1_casts_a_doubt_as_large_as_its_far_end() -> None:
    assert of_samples(20).control.doubt_cast == 1.0
    assert of_samples(20, control=1.1).ratio("two", "one").doubt == pytest.approx(1.1)
    assert of_samples(20, control=0.5).ratio("two", "one").doubt == pytest.approx(2.0)
    assert Ratio("a", "a", 1.0, 0.0, math.inf).doubt_cast == 1.0


def test_rungs_that_were_started_seldom_have_no_interval_and_are_named() -> None:
    slow = of_samples(2)
    rungs = (Rung("one", "nothing", (1.0,) * 2), Rung("two", "a wall", (2.0,) * 2, version="wall 1.0"))
    ladder = Ladder(rungs, (slow,))
    for shown in (str(ladder), ladder._repr_html_()):
        assert "2.000, no interval" in shown
        assert "So few had one, two." in shown
        assert "Measured: wall 1.0." in shown
        assert "inf)" not in shown
    assert "No interval:" not in str(replace(ladder, comparisons=(of_samples(20),)))


def test_few_programs_give_a_mean_without_an_interval() -> None:
    from labkit.bench.kernel_sources import KERNELS

    few = Kernels(tuple(KernelRun(kernel, of_samples(20), 0, {}, {}) for kernel in KERNELS[:2]), ("one",))
    mean = few.mean("two")
    assert mean is not None
    assert mean.figures == "2.00, no interval, 2 programs"
    assert "2.00, no interval" in str(few)
    assert "fewer than 6 programs has no interval" in few._repr_html_()


def test_a_crowd_held_once_is_compared_without_an_interval() -> None:
    crowds = Crowds(blocks={"instances, wasmtime": [10], "processes": [100], "processes, again": [100]})
    assert crowds.ratio(1).figures == "0.1000, no interval"
    assert "inf" not in str(Density({"instances": ((1, 10),)}))


def test_rows_of_few_samples_are_compared_in_words(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results.sqlite"))
    one, two, _ = rows = record(of_samples(1), "once")
    assert "two / one = 2.000, no interval (too few samples for one)." in str(side_by_side(two, one, Rows(rows)))
