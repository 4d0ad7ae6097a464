"""Comparing on a clock that the test turns: what must come out is known exactly."""

from __future__ import annotations

import gc
import json
from functools import partial

import numpy as np
import pytest

from labkit import bench
from labkit.bench import timing
from labkit.bench.comparison import Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load
from labkit.cli.output import to_jsonable
from labkit.errors import ArgumentError, BenchError

READING_SECONDS = 5e-8


class Clock:
    """A clock that costs time to read and stands still otherwise, until a contender moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += READING_SECONDS
        return self.now

    def taking(self, seconds: float):
        def contender() -> None:
            self.now += seconds

        return contender


class ContrivedWatch:
    """Says of the machine what the test wants."""

    load = Load(0.0, 0.0, 0.0)

    def read(self) -> Load:
        return self.load


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (Load(0.1, 0.0, 0.2), None),
        (Load(1.6, 0.0, 0.2), "Other programs kept 1.6"),
        (Load(0.1, 0.4, 0.2), "took 0.40 processors away"),
        (Load(None, None, 500.0), "The load average was 500.0"),
    ],
)
def test_a_machine_that_others_use_is_warned_of(load, words, monkeypatch):
    monkeypatch.setattr(ContrivedWatch, "load", load)
    monkeypatch.setattr("labkit.bench.interleave.LoadWatch", ContrivedWatch)
    clock = Clock()
    found = bench.compare({"a": clock.taking(0.001), "b": clock.taking(0.002)}, seconds=0.5, timer=clock)
    assert [words in warning for warning in found.warnings] == ([] if words is None else [True])
    assert found.winner == "a"


def test_interruptions_a_warm_up_and_a_short_run_are_warned_of(monkeypatch):
    monkeypatch.setattr("labkit.bench.interleave.LoadWatch", ContrivedWatch)
    clock = Clock()
    calls = {"interrupted": 0, "warming": 0}

    def counted(name, seconds):
        def contender():
            calls[name] += 1
            clock.now += seconds(calls[name])

        return contender

    interrupted = counted("interrupted", lambda count: 0.05 if count % 10 == 0 else 0.001)
    warming = counted("warming", lambda count: 0.004 if count < 60 else 0.001)
    found = bench.compare({"steady": clock.taking(0.001), "interrupted": interrupted, "warming": warming}, seconds=3.0, timer=clock)
    assert any("far above" in warning and "'interrupted'" in warning for warning in found.warnings)
    assert any("Times changed" in warning and "'warming'" in warning and "faster" in warning for warning in found.warnings)
    short = bench.compare({"a": clock.taking(0.1), "b": clock.taking(0.1)}, seconds=3.0, timer=clock)
    assert ["Only" in warning and "intervals are wide" in warning for warning in short.warnings] == [True]


@pytest.mark.parametrize("call_seconds", [1e-7, 1e-5, 1e-3, 2.0])
def test_times_come_out_without_what_measuring_costs(call_seconds):
    clock = Clock()
    found = bench.compare({"a": clock.taking(call_seconds), "b": clock.taking(1.3 * call_seconds)}, seconds=max(0.1, 60 * call_seconds), timer=clock)
    a, b = found.timings
    assert a.median_seconds == pytest.approx(call_seconds, rel=1e-6)
    assert b.median_seconds == pytest.approx(1.3 * call_seconds, rel=1e-6)
    assert found.ratio("b", "a").figures == "1.300 (1.300–1.300)"
    assert found.winner == "a"
    assert a.calls * call_seconds == pytest.approx(max(0.001, call_seconds), rel=0.5)


def test_a_machine_that_slows_down_changes_times_but_not_ratios():
    clock = Clock()

    def taking(seconds):
        def contender():
            clock.now += seconds * (1 if clock.now < 0.1 else 10)

        return contender

    found = bench.compare({"a": taking(1e-4), "b": taking(1.3e-4)}, seconds=1.0, timer=clock)
    assert found.ratio("b", "a").median == pytest.approx(1.3, rel=0.01)
    assert found.control.covers_one
    assert any("Times changed" in warning and "slower" in warning for warning in found.warnings)


def blocks_of(seed: int) -> list[tuple[str, ...]]:
    """Which contender each sample was of, block by block; a call takes longer than a sample must, so a sample is a call."""
    clock, order = Clock(), []

    def contender(name):
        order.append(name)
        clock.now += 0.08

    bench.compare({name: partial(contender, name) for name in "abc"}, seconds=11.0, seed=seed, timer=clock)
    calls = order[6:]  # two of each are the calibration's
    return [tuple(calls[i : i + 4]) for i in range(0, len(calls), 4)]


def test_each_block_holds_every_contender_once_and_the_first_twice_in_random_order():
    blocks = blocks_of(7)
    assert len(blocks) > 30
    assert {tuple(sorted(block)) for block in blocks} == {("a", "a", "b", "c")}
    assert len(set(blocks)) > 8
    assert blocks == blocks_of(7) != blocks_of(8)


def test_a_seed_is_kept_and_gives_the_same_intervals_again():
    def measured(seed):
        clock = Clock()
        draws = np.random.default_rng(5)

        def contender():
            clock.now += 1e-3 * draws.lognormal(0, 0.1)

        return bench.compare({"a": contender, "b": contender}, seconds=0.5, seed=seed, timer=clock)

    first, again = measured(3), measured(3)
    assert first.seed == 3
    assert (first.control, first.ratios, first.timings) == (again.control, again.ratios, again.timings)
    assert measured(None).seed != measured(None).seed


def test_a_slow_first_call_and_interruptions_do_not_make_samples_too_short():
    clock, calls = Clock(), 0

    def contender():
        nonlocal calls
        calls += 1
        clock.now += {1: 1.0, 2: 0.002, 3: 0.003}.get(calls, 1e-6)

    found = bench.compare({"a": contender}, seconds=1.2, timer=clock)
    assert found.timings[0].calls == pytest.approx(2000, rel=0.1)  # a sample of 2 ms: 300 blocks of two in 1.2 s
    assert found.timings[0].median_seconds == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_on_a_machine_shared_with_many_a_thing_gets_samples_of_one_length(seed):
    """Four milliseconds for us, then ten or more for the others: calibration must not take an interruption for the contender's own time."""
    clock, draws, left = Clock(), np.random.default_rng(seed), 0.0

    def contender():
        nonlocal left
        clock.now += 2.5e-6
        left -= 2.5e-6
        if left < 0:
            clock.now += draws.uniform(0.01, 0.03)
            left = draws.exponential(0.004)

    found = bench.compare({"one": contender, "the other": contender}, seconds=0.3, timer=clock)
    assert [timing.calls for timing in found.timings] == pytest.approx([400, 400], rel=0.05)


def test_a_failed_control_names_no_winner_and_says_why():
    timings = [Timing("a", 1, (1.0,) * 30), Timing("b", 1, (1.5,) * 30)]
    conditions = {"load": Load(0.0, 0.0, 0.0), "overhead_seconds": 0.0, "wall_seconds": 60.0, "seed": 1}
    assert conclude(timings, (1.0,) * 30, **conditions).winner == "a"
    failed = conclude(timings, (1.1,) * 30, **conditions)
    assert not failed.control.covers_one
    assert failed.ratios[0].doubt == pytest.approx(1.1)
    assert failed.winner is None
    assert "'a' against itself gave 1.100" in failed.verdict
    assert "No winner" in str(failed)


def test_the_same_comparison_follows_from_its_samples_and_seed():
    draws = np.random.default_rng(5)
    clock = Clock()

    def contender():
        clock.now += 1e-3 * draws.lognormal(0, 0.1)

    found = bench.compare({"a": contender, "b": contender}, seconds=0.5, timer=clock)
    conditions = {"load": found.load, "overhead_seconds": found.overhead_seconds, "wall_seconds": found.wall_seconds, "seed": found.seed}
    assert conclude(found.timings, found.control_seconds, **conditions) == found


def test_an_interval_that_covers_one_names_no_winner_and_says_why():
    clock = Clock()
    found = bench.compare({"a": clock.taking(1e-3), "b": clock.taking(1e-3)}, seconds=0.5, timer=clock)
    assert found.winner is None
    assert "No winner" in found.verdict
    assert "does not exclude 1" in found.verdict


def test_too_few_blocks_give_no_interval_no_winner_and_a_warning_that_says_how_long_it_takes():
    clock = Clock()
    found = bench.compare({"a": clock.taking(10.0), "b": clock.taking(20.0)}, seconds=1.0, timer=clock)
    assert found.timings[0].count == 1
    assert (found.ratios[0].median, found.ratios[0].low, found.ratios[0].high) == (pytest.approx(2.0), 0.0, float("inf"))
    assert found.winner is None
    assert "Only 1 block of samples" in found.warnings[0]
    assert "so there is none" in found.warnings[0]
    assert found.ratio("a", "b").high == float("inf")


def test_each_block_is_told_as_it_was_taken():
    clock, blocks = Clock(), []
    found = bench.compare({"a": clock.taking(0.02), "b": clock.taking(0.04)}, seconds=1.0, operations=2, timer=clock, on_block=blocks.append)
    columns = list(zip(*blocks))
    assert columns == [timing.samples_seconds for timing in found.timings] + [found.control_seconds]
    assert columns[1][0] == pytest.approx(0.02)


def test_the_time_is_kept_and_progress_goes_from_nothing_to_all():
    clock, shares = Clock(), []
    bench.compare({"a": clock.taking(1e-3), "b": clock.taking(3e-3)}, seconds=1.0, timer=clock, progress=shares.append)
    assert clock.now <= 1.0
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] == 1.0


def test_times_are_given_for_one_operation():
    clock = Clock()
    found = bench.compare({"a": clock.taking(1e-3)}, seconds=0.2, operations=100, timer=clock)
    assert found.timings[0].median_seconds == pytest.approx(1e-5, rel=1e-3)
    assert found.winner is None
    assert "one contender" in found.verdict


def test_a_contender_that_raises_is_named_and_its_error_is_the_cause():
    with pytest.raises(BenchError, match=r"The contender 'b' raised ZeroDivisionError: division by zero\.") as caught:
        bench.compare({"a": lambda: None, "b": lambda: 1 / 0}, seconds=0.1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert gc.isenabled()


def test_an_interrupt_comes_through_as_it_is():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.compare({"a": interrupted}, seconds=0.1)
    assert gc.isenabled()


@pytest.mark.parametrize("collecting", [True, False])
def test_no_garbage_is_collected_during_a_sample_and_afterwards_all_is_as_before(collecting):
    clock, seen = Clock(), set()

    def contender():
        seen.add(gc.isenabled())
        clock.now += 0.01

    (gc.enable if collecting else gc.disable)()
    try:
        bench.compare({"a": contender}, seconds=0.1, timer=clock)
        assert seen == {False}
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


def test_a_partial_is_taken_apart_and_one_that_cannot_be_is_called_as_it_is():
    class Louder(partial):
        calls = 0

        def __call__(self):
            Louder.calls += 1
            return super().__call__()

    clock, seen = Clock(), []

    def contender(*positional, **named):
        seen.append((positional, named))
        clock.now += 0.01

    for contestant in (partial(contender, 1, key=2), partial(contender, **{"class": 3, "two words": 4}), Louder(contender, 5)):
        bench.compare({"a": contestant}, seconds=0.05, timer=clock)
    assert {str(call) for call in seen} == {"((1,), {'key': 2})", "((), {'class': 3, 'two words': 4})", "((5,), {})"}
    assert Louder.calls > 0


def test_a_contender_that_takes_no_time_is_refused(monkeypatch):
    monkeypatch.setattr(timing, "_MOST_CALLS", 1000)
    with pytest.raises(BenchError, match="'a' took no time"):
        bench.compare({"a": lambda: None}, seconds=0.1, timer=Clock())


@pytest.mark.parametrize(
    ("contenders", "options"),
    [
        ({}, {}),
        ([len], {}),
        ({"a": 3}, {}),
        ({1: len}, {}),
        ({"a": len}, {"seconds": 0}),
        ({"a": len}, {"seconds": float("nan")}),
        ({"a": len}, {"seconds": float("inf")}),
        ({"a": len}, {"seconds": "5"}),
        ({"a": len}, {"seconds": True}),
        ({"a": len}, {"operations": 0}),
        ({"a": len}, {"operations": 1.5}),
    ],
)
def test_bad_input_is_refused_before_anything_runs(contenders, options):
    with pytest.raises(ArgumentError):
        bench.compare(contenders, **options)


def test_a_pair_that_does_not_exist_is_refused():
    clock = Clock()
    found = bench.compare({"a": clock.taking(0.1), "b": clock.taking(0.1)}, seconds=0.5, timer=clock)
    with pytest.raises(ArgumentError, match="Choose two of 'a', 'b'"):
        found.ratio("a", "c")


def test_a_comparison_shows_itself_as_text_as_html_and_as_json():
    clock = Clock()
    found = bench.compare({"<b>": clock.taking(10.0), "b": clock.taking(20.0)}, seconds=0.5, timer=clock)
    assert "10 s" in str(found)
    assert "itself" in str(found)
    assert "<b>" not in found._repr_html_().replace("&lt;b&gt;", "")
    summary = json.loads(json.dumps(to_jsonable(found.summary()), allow_nan=False))
    assert summary["ratios"][0]["high"] is None
    assert summary["timings"][1]["median_seconds"] == pytest.approx(20.0)
    assert summary["control"]["contender"] == "<b>"


def test_real_callables_from_nanoseconds_to_milliseconds_are_told_apart():
    found = bench.compare({"short": partial(len, ()), "long": partial(sum, range(20_000))}, seconds=0.5)
    assert found.ratio("long", "short").low > 10
    assert all(timing.minimum_seconds > 0 for timing in found.timings)
    assert found.timings[0].calls > found.timings[1].calls
