"""From samples to a comparison: the same figures follow whether the samples were just taken or come out of the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.doubts import doubts
from labkit.bench.figures import Ratio
from labkit.bench.load import Load
from labkit.bench.source import Source
from labkit.bench.statistics import paired_ratio

__all__ = ["conclude", "ratio_of"]


def ratio_of(contender: Timing, reference: Timing, *, seed: int, doubt: float = 1.0) -> Ratio:
    """Give the ratio of two columns of the same blocks; samples and seed decide it wholly.

    Examples
    --------
    >>> slow, fast = Timing("slow", 1, (6.0, 9.0) * 10), Timing("fast", 1, (4.0, 6.0) * 10)
    >>> print(ratio_of(slow, fast, seed=1))
    slow / fast = 1.500 (1.500–1.500)
    """
    found = paired_ratio(np.array(contender.samples_seconds), np.array(reference.samples_seconds), np.random.default_rng(seed))
    return Ratio(contender.name, reference.name, *found, doubt)


def conclude(
    timings: Sequence[Timing],
    control_seconds: Sequence[float],
    *,
    load: Load,
    overhead_seconds: float,
    wall_seconds: float,
    seed: int,
    source: Source = Source.LIVE,
) -> Comparison:
    """Compare the first contender to itself, then every pair; where the control fails, each ratio carries how far it was off.

    Parameters
    ----------
    timings : sequence of Timing
        Columns of the same blocks.
    control_seconds : sequence of float
        The first contender's second column.
    load, overhead_seconds, wall_seconds, seed, source
        As `Comparison` has them.

    Examples
    --------
    >>> quiet = Load(0.0, 0.0, 0.0)
    >>> columns = [Timing("a", 1, (1.0,) * 20), Timing("b", 1, (2.0,) * 20)]
    >>> conclude(columns, (1.0,) * 20, load=quiet, overhead_seconds=0.0, wall_seconds=60.0, seed=1).winner
    'a'
    """
    first = timings[0]
    control = ratio_of(Timing(first.name, first.calls, tuple(control_seconds)), first, seed=seed)
    ratios = tuple(ratio_of(later, earlier, seed=seed, doubt=control.doubt_cast) for j, later in enumerate(timings) for earlier in timings[:j])
    warnings = (*_notice(source), *doubts(timings, load, wall_seconds=wall_seconds))
    return Comparison(tuple(timings), control, ratios, warnings, load, overhead_seconds, wall_seconds, seed, tuple(control_seconds), source)


def _notice(source: Source) -> tuple[str, ...]:
    """What stands under recorded figures wherever they are shown."""
    return () if source is Source.LIVE else ("These figures are recorded, and were not measured here. The record names their machine and date.",)
