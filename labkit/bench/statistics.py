"""The statistics of paired samples: medians with their bootstrap intervals, drift, outliers."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_SAMPLES", "Numbers", "drift", "median_interval", "outlier_fraction", "paired_ratio"]

Numbers = NDArray[np.float64]

#: Of fewer values not even the smallest and the largest enclose their median in 95 % of all cases.
FEWEST_SAMPLES = 6
_RESAMPLES = 2_000
_TWO_SIDED = NormalDist().inv_cdf(0.975)
# Four standard deviations: one false alarm in sixteen thousand samples that do not drift.
_DRIFT_DEVIATIONS = 4.0
_DRIFT_FRACTION = 0.03
_OUTLIER_RANGES = 3.0


def median_interval(values: Numbers, generator: np.random.Generator) -> tuple[float, float]:
    """Give the 95 % interval of a median by the expanded percentile bootstrap.

    The plain one is too narrow for few values; this one reaches as far into the tails as Student's t does.

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
    medians = np.median(values[generator.integers(0, count, (_RESAMPLES, count))], axis=1)
    # Student's quantile, by the first terms of its expansion about the normal one.
    student = _TWO_SIDED + (_TWO_SIDED**3 + _TWO_SIDED) / (4 * (count - 1))
    tail = NormalDist().cdf(-student * (count / (count - 1)) ** 0.5)
    low, high = np.quantile(medians, (tail, 1 - tail))
    return float(low), float(high)


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


def drift(samples: Numbers) -> float:
    """Tell by which factor samples changed from their first quarter to their last half.

    Parameters
    ----------
    samples : array of float, shape (n,)
        In the order they were taken.

    Returns
    -------
    float
        Median of the last half over median of the first quarter; 1.0 where a rank-sum test sees no drift, or a small one.

    Examples
    --------
    >>> drift(np.concatenate([np.linspace(2.0, 2.1, 30), np.linspace(1.0, 1.1, 90)])) < 0.6
    True
    """
    first, last = samples[: len(samples) // 4], samples[len(samples) // 2 :]
    factor = float(np.median(last) / np.median(first)) if len(first) else 1.0
    if len(first) < 4 or abs(factor - 1) < _DRIFT_FRACTION:
        return 1.0
    ranks = np.argsort(np.argsort(np.concatenate([first, last])))[: len(first)]
    pairs = len(first) * len(last)
    surplus = ranks.sum() - len(first) * (len(first) - 1) / 2 - pairs / 2
    deviations = surplus / np.sqrt(pairs * (len(first) + len(last) + 1) / 12)
    return factor if abs(deviations) > _DRIFT_DEVIATIONS else 1.0


def outlier_fraction(samples: Numbers) -> float:
    """Tell what share of samples lies more than three interquartile ranges above the upper quartile.

    Examples
    --------
    >>> outlier_fraction(np.array([1.0] * 9 + [50.0]))
    0.1
    """
    lower, upper = np.quantile(samples, (0.25, 0.75))
    return float(np.mean(samples > upper + _OUTLIER_RANGES * (upper - lower)))
