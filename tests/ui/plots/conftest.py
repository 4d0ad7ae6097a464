"""Comparisons made of given samples, so that what a plot must show is known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load
from labkit.bench.source import Source


@pytest.fixture
def make_comparison():
    """Make a comparison of samples by contender; the control is the first against its samples in another order."""

    def make(samples: dict[str, Sequence[float]], source: Source = Source.LIVE) -> Comparison:
        timings = [Timing(name, 1, tuple(values)) for name, values in samples.items()]
        control, quiet = tuple(reversed(timings[0].samples_seconds)), Load(0.0, 0.0, 0.0)
        return conclude(timings, control, load=quiet, overhead_seconds=0.0, wall_seconds=60.0, seed=1, source=source)

    return make
