"""The geometric mean of ratios over several comparisons, with an interval for both of its doubts: the samples, and the choice of programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.figures import with_interval
from labkit.bench.statistics import FEWEST_SAMPLES, tail_share
from labkit.errors import ArgumentError

__all__ = ["MeanRatio", "geometric_mean"]

_RESAMPLES = 2_000


@dataclass(frozen=True)
class MeanRatio:
    """One contender's time over another's, over several programs.

    Attributes
    ----------
    contender, reference : str
    mean : float
        The geometric mean of the programs' ratios: the one that does not depend on which of the two is below the line.
    low, high : float
        Its 95 % interval, over the blocks of each comparison and over the programs: what other programs of their kind may give.
        0.0 and infinity where there are fewer than six programs, which give none.
    count : int
        Of programs.
    doubt : float
        How far off the comparisons' controls were, as a factor, by the same mean.
    """

    contender: str
    reference: str
    mean: float
    low: float
    high: float
    count: int
    doubt: float = 1.0

    @property
    def value(self) -> float:
        """The mean, which a goal is about."""
        return self.mean

    @property
    def figures(self) -> str:
        """The mean, its interval, and of how many.

        Examples
        --------
        >>> MeanRatio("a", "b", 1.25, 1.1, 1.4, 11).figures
        '1.25 (1.10–1.40), 11 programs'
        """
        return f"{self.interval}, {self.count} programs"

    @property
    def interval(self) -> str:
        """The mean and its interval, or that so few programs give none."""
        return with_interval(self.mean, self.low, self.high, digits=3)

    def __str__(self) -> str:
        return f"{self.contender} / {self.reference} = {self.figures}"


def geometric_mean(comparisons: Sequence[Comparison], contender: str, reference: str, *, seed: int = 0) -> MeanRatio | None:
    """Give the geometric mean of a ratio over the comparisons that have both contenders.

    The interval is a bootstrap of two levels: each time, as many comparisons as there are, drawn with replacement, and of each the
    median of as many blocks as it has, drawn likewise. Like `labkit.bench.statistics.median_interval` it is expanded, since a plain
    percentile interval of a dozen programs is too narrow.

    Parameters
    ----------
    comparisons : sequence of Comparison
    contender, reference : str
    seed : int, optional
        Of the resamples.

    Returns
    -------
    MeanRatio or None
        None where no comparison has both.

    Raises
    ------
    ArgumentError
        If contender and reference are the same.

    Examples
    --------
    >>> from labkit.bench.conclusion import conclude
    >>> from labkit.bench.load import Load
    >>> def made(factor):
    ...     timings = [Timing("a", 1, (1.0,) * 20), Timing("b", 1, (factor,) * 20)]
    ...     return conclude(timings, (1.0,) * 20, load=Load(0, 0, 0), overhead_seconds=0, wall_seconds=60, seed=1)
    >>> round(geometric_mean([made(1.0), made(4.0)], "b", "a").mean, 6)
    2.0
    """
    if contender == reference:
        raise ArgumentError(f"{contender!r} over itself is 1.", remedy="Name two contenders.")
    pairs = [(comparison, found) for comparison in comparisons if (found := _columns(comparison, contender, reference)) is not None]
    if not pairs:
        return None
    generator = np.random.default_rng(seed)
    logarithms = [np.log(np.array(top.samples_seconds)) - np.log(np.array(bottom.samples_seconds)) for _, (top, bottom) in pairs]
    count = len(pairs)
    mean = float(np.exp(np.mean([np.median(values) for values in logarithms])))
    doubt = float(np.exp(np.mean([np.log(comparison.ratio(contender, reference).doubt) for comparison, _ in pairs])))
    low, high = 0.0, float("inf")
    if count >= FEWEST_SAMPLES:
        medians = np.array([np.median(values[generator.integers(0, len(values), (_RESAMPLES, len(values)))], axis=1) for values in logarithms])
        drawn = medians[generator.integers(0, count, (_RESAMPLES, count)), generator.integers(0, _RESAMPLES, (_RESAMPLES, count))]
        tail = tail_share(count)
        low, high = (float(np.exp(value)) for value in np.quantile(drawn.mean(axis=1), (tail, 1 - tail)))
    return MeanRatio(contender, reference, mean, low, high, count, doubt)


def _columns(comparison: Comparison, contender: str, reference: str) -> tuple[Timing, Timing] | None:
    timings = {timing.name: timing for timing in comparison.timings}
    return (timings[contender], timings[reference]) if contender in timings and reference in timings else None
