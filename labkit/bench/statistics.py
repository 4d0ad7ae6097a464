"""The statistics of paired samples: medians with their bootstrap intervals, change points, outliers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FEWEST_SAMPLES",
    "ChangePoint",
    "Numbers",
    "change_point",
    "median_interval",
    "outlier_fraction",
    "paired_ratio",
    "sign_test_rank",
    "student_quantile",
    "tail_share",
]

Numbers = NDArray[np.float64]

#: Of fewer values not even the smallest and the largest enclose their median in 95 % of all cases.
FEWEST_SAMPLES = 6
_RESAMPLES = 2_000
_TWO_SIDED = NormalDist().inv_cdf(0.975)
# So many standard deviations, the largest over all places to split at, are one false alarm in thousands of samples that do not change.
_CHANGE_DEVIATIONS = 4.75
_CHANGE_FRACTION = 0.03
_OUTLIER_RANGES = 3.0


def student_quantile(degrees: int) -> float:
    """Give what 95 % of Student's t stay below in absolute value, by the first terms of its expansion about the normal quantile.

    Examples
    --------
    >>> round(student_quantile(118), 3)
    1.98
    """
    return _TWO_SIDED + (_TWO_SIDED**3 + _TWO_SIDED) / (4 * degrees)


def median_interval(values: Numbers, generator: np.random.Generator) -> tuple[float, float]:
    """Give the 95 % interval of a median by the expanded percentile bootstrap, never inside the interval of the sign test.

    The plain bootstrap is too narrow for few values; the expanded one reaches as far into the tails as Student's t does. On a busy machine
    values come in lumps (undisturbed, the one disturbed, the other disturbed), between which resampled medians say little. The sign test's
    interval, from one order statistic to another, covers the median in at least 95 % of all cases whatever the values' distribution.

    Parameters
    ----------
    values : array of float, shape (n,)
    generator : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    low, high : float
        Without bounds where there are fewer than `FEWEST_SAMPLES` values.

    Examples
    --------
    >>> low, high = median_interval(np.arange(101.0), np.random.default_rng(1))
    >>> 35 < low < 50 < high < 65
    True
    """
    count = len(values)
    if count < FEWEST_SAMPLES:
        return -np.inf, np.inf
    ordered, beyond, tail = np.sort(values), sign_test_rank(count), tail_share(count)
    low, high = np.quantile(_medians_of_resamples(ordered, generator), (tail, 1 - tail))
    return float(min(low, ordered[beyond])), float(max(high, ordered[-1 - beyond]))


def sign_test_rank(count: int) -> int:
    """Tell how many of so many values lie beyond each end of the sign test's 95 % interval of their median.

    By the normal approximation with its correction for continuity; it equals the binomial rank, or is the one below (checked to 1,500 values).

    Examples
    --------
    >>> sign_test_rank(6), sign_test_rank(10), sign_test_rank(100)
    (0, 1, 39)
    """
    return int((count - 1 - _TWO_SIDED * count**0.5) / 2)


def _medians_of_resamples(ordered: Numbers, generator: np.random.Generator) -> Numbers:
    """Medians of resamples of values that are in order.

    Which value is a resample's median is told by the median of as many uniform numbers: that one's rank is the number's integer part,
    times the count. The middle ones of uniform numbers are known to follow beta distributions, so they are drawn, and nothing is resampled.
    Half of them are the others' mirror images, so that the values' negatives give the negatives.
    """
    count = len(ordered)
    lower = generator.beta((count + 1) // 2, count // 2 + 1, _RESAMPLES // 2)
    upper = lower if count % 2 else lower + (1 - lower) * generator.beta(1, count // 2, _RESAMPLES // 2)
    below, above = (
        np.minimum((numbers * count).astype(int), count - 1) for numbers in (np.concatenate([lower, 1 - upper]), np.concatenate([upper, 1 - lower]))
    )
    return np.asarray((ordered[below] + ordered[above]) / 2)


def tail_share(count: int) -> float:
    """Tell which share of a bootstrap's resamples lies beyond each end of the expanded 95 % interval of so many values.

    Examples
    --------
    >>> 0.01 < tail_share(11) < tail_share(1000) < 0.025
    True
    """
    return NormalDist().cdf(-student_quantile(count - 1) * (count / (count - 1)) ** 0.5)


def paired_ratio(numerator: Numbers, denominator: Numbers, generator: np.random.Generator) -> tuple[float, float, float]:
    """Give the median of the ratios of pairs, and its 95 % interval.

    Reckoned in logarithms, so that exchanging the two gives exactly the inverse.

    Parameters
    ----------
    numerator, denominator : array of float, shape (n,)
        Positive; entries of the same place are a pair.
    generator : numpy.random.Generator

    Returns
    -------
    median, low, high : float

    Examples
    --------
    >>> [round(value, 6) for value in paired_ratio(np.full(20, 6.0), np.full(20, 4.0), np.random.default_rng(1))]
    [1.5, 1.5, 1.5]
    """
    logarithms = np.log(numerator) - np.log(denominator)
    low, high = median_interval(logarithms, generator)
    return float(np.exp(np.median(logarithms))), float(np.exp(low)), float(np.exp(high))


@dataclass(frozen=True)
class ChangePoint:
    """Where samples changed.

    Attributes
    ----------
    index : int
        Of the first sample after the change.
    factor : float
        Median of the samples from there on, over the median of those before.
    """

    index: int
    factor: float


def change_point(samples: Numbers) -> ChangePoint | None:
    """Find where samples changed from one level to another, as those of a contender do that warms up.

    Of all places to split at, the one with the largest rank-sum statistic in its own standard deviations (the maximally selected
    rank statistic of Miller and Siegmund, 1982); that needs no level to be known, nor where the change should be.

    Parameters
    ----------
    samples : array of float, shape (n,)
        In the order they were taken.

    Returns
    -------
    ChangePoint or None
        None where chance gives as much, or the levels differ by less than 3 %.

    Examples
    --------
    >>> change_point(np.concatenate([np.linspace(2.0, 2.1, 30), np.linspace(1.0, 1.1, 90)])).index
    30
    """
    count = len(samples)
    if count < 2:
        return None
    _, places, counts = np.unique(samples, return_inverse=True, return_counts=True)
    # Equal samples share the middle of their ranks.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    before = np.arange(1, count)
    surplus = np.cumsum(ranks)[:-1] - before * (count + 1) / 2
    deviations = np.abs(surplus) / np.sqrt(before * (count - before) * (count + 1) / 12)
    index = int(np.argmax(deviations)) + 1
    factor = float(np.median(samples[index:]) / np.median(samples[:index]))
    return ChangePoint(index, factor) if deviations[index - 1] > _CHANGE_DEVIATIONS and abs(factor - 1) >= _CHANGE_FRACTION else None


def outlier_fraction(samples: Numbers) -> float:
    """Tell what share of samples lies more than three interquartile ranges above the upper quartile.

    Examples
    --------
    >>> outlier_fraction(np.array([1.0] * 9 + [50.0]))
    0.1
    """
    lower, upper = np.quantile(samples, (0.25, 0.75))
    return float(np.mean(samples > upper + _OUTLIER_RANGES * (upper - lower)))
