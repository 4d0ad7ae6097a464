"""Comparisons made of given samples, so that what a plot must show is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.interleave import _ratios
from labkit.bench.load import Load


@pytest.fixture
def make_comparison():
    """Make a comparison of samples by contender; the control is the first against its samples in another order."""

    def make(samples: dict[str, Sequence[float]]) -> Comparison:
        first = next(iter(samples.values()))
        generator = np.random.default_rng(1)
        columns = np.array([*samples.values(), list(reversed(first))]).T
        control, ratios = _ratios(list(samples), columns, generator)
        timings = tuple(Timing(name, 1, tuple(values)) for name, values in samples.items())
        return Comparison(timings, control, ratios, (), Load(None, None, None), 0.0, 1.0, 1)

    return make
