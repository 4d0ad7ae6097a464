"""The intervals cover what they should, on timings made up so that the truth is known."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.bench.statistics import FEWEST_SAMPLES, change_point, median_interval, outlier_fraction, paired_ratio, sign_test_rank

TRIALS = 400


def block_factors(generator: np.random.Generator, count: int) -> np.ndarray:
    """How a machine whose load wanders slows both samples of each block."""
    return np.exp(np.cumsum(generator.normal(0, 0.05, count)))


def noise(generator: np.random.Generator, count: int) -> np.ndarray:
    """What disturbs a single sample: a little always, and now and then an interruption."""
    return np.exp(generator.normal(0, 0.02, count)) + (generator.random(count) < 0.1) * generator.exponential(1.0, count)


def coverage(true_ratio: float, count: int) -> tuple[float, float]:
    """The share of trials whose interval covers the truth, and of those that exclude 1."""
    generator = np.random.default_rng(count)
    covers = excludes = 0
    for _ in range(TRIALS):
        shared = block_factors(generator, count)
        slow, fast = true_ratio * shared * noise(generator, count), shared * noise(generator, count)
        _, low, high = paired_ratio(slow, fast, generator)
        covers += low <= true_ratio <= high
        excludes += low > 1 or high < 1
    return covers / TRIALS, excludes / TRIALS


@pytest.mark.parametrize("count", [FEWEST_SAMPLES, 15, 40, 151])
def test_the_interval_of_a_thing_against_itself_covers_one_about_95_times_in_a_hundred(count):
    covers, _ = coverage(1.0, count)
    assert 0.93 <= covers <= 0.99


@pytest.mark.parametrize("count", [15, 40])
def test_a_true_factor_of_one_point_three_is_found_and_its_interval_covers_it(count):
    covers, excludes = coverage(1.3, count)
    assert covers >= 0.93
    assert excludes >= 0.95


@pytest.mark.parametrize("count", [10, 17, 25])
def test_the_interval_holds_where_most_blocks_were_disturbed_on_one_side(count):
    generator = np.random.default_rng(count)
    covers = 0
    for _ in range(TRIALS):
        disturbed = generator.choice([-2.0, 0.0, 2.0], count, p=[0.45, 0.1, 0.45]) * generator.random(count)
        low, high = median_interval(disturbed + generator.normal(0, 1e-4, count), generator)
        covers += low <= 0 <= high
    assert covers / TRIALS >= 0.93


def test_as_many_values_lie_beyond_as_the_sign_test_allows():
    def tail(count: int, beyond: int) -> float:
        return sum(comb(count, positive) for positive in range(beyond + 1)) / 2**count

    for count in range(FEWEST_SAMPLES, 300):
        beyond = sign_test_rank(count)
        # The most it allows, or in a few places one fewer.
        assert tail(count, beyond) <= 0.025 < tail(count, beyond + 2)


positive = st.floats(1e-9, 1e3)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=60))
def test_exchanging_the_two_gives_the_inverse(pairs):
    one, other = np.array(pairs).T
    median, low, high = paired_ratio(one, other, np.random.default_rng(1))
    exchanged, exchanged_low, exchanged_high = paired_ratio(other, one, np.random.default_rng(1))
    assert exchanged == pytest.approx(1 / median)
    if len(pairs) >= FEWEST_SAMPLES:
        assert (exchanged_low, exchanged_high) == (pytest.approx(1 / high), pytest.approx(1 / low))
    else:
        assert (low, high) == (exchanged_low, exchanged_high) == (0.0, np.inf)


@given(st.lists(st.tuples(positive, positive, st.floats(0.01, 100)), min_size=1, max_size=60))
def test_what_slows_both_samples_of_a_block_alike_changes_nothing(rows):
    one, other, slowness = np.array(rows).T
    quiet = paired_ratio(one, other, np.random.default_rng(1))
    assert paired_ratio(one * slowness, other * slowness, np.random.default_rng(1)) == pytest.approx(quiet)


@given(st.lists(positive, min_size=FEWEST_SAMPLES, max_size=60), st.integers(0, 2**32))
def test_the_interval_holds_the_median_and_stays_among_the_values(numbers, seed):
    values = np.array(numbers)
    low, high = median_interval(values, np.random.default_rng(seed))
    assert values.min() <= low <= high <= values.max()


def test_steady_samples_change_in_no_trial():
    generator = np.random.default_rng(1)
    found = [change_point(noise(generator, count)) for count in (20, 60, 200) for _ in range(700)]
    assert sum(change is not None for change in found) <= 2


@pytest.mark.parametrize("warm", [10, 60, 150])
def test_where_warming_up_ended_is_found(warm):
    samples = noise(np.random.default_rng(2), 200) * np.where(np.arange(200) < warm, 1.5, 1.0)
    warming = change_point(samples)
    assert warming.index == pytest.approx(warm, abs=3)
    assert warming.factor == pytest.approx(1 / 1.5, rel=0.05)
    slowing = change_point(samples[::-1])
    assert slowing.index == pytest.approx(200 - warm, abs=3)
    assert slowing.factor == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize("samples", [[], [1.0], [5.0, 1.0], [3.0] * 50, [1.0] * 100 + [1.02] * 100, [1.0, 2.0] * 50])
def test_what_is_short_constant_nearly_so_or_alternates_has_no_change_point(samples):
    assert change_point(np.array(samples)) is None


def test_outliers_are_counted_as_a_share_of_the_samples():
    assert outlier_fraction(np.array([1.0, 1.1, 1.2, 1.1] * 20 + [9.0] * 20)) == pytest.approx(0.2)
    assert outlier_fraction(np.full(7, 3.0)) == 0.0
