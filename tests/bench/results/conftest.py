"""A result store for each test, and comparisons whose samples are made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labkit.bench import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load


@pytest.fixture(autouse=True)
def results_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's store is, or will be."""
    path = tmp_path / "kept" / "results.sqlite"
    monkeypatch.setenv("LABKIT_RESULTS", str(path))
    monkeypatch.setattr("labkit.bench.results.recording._SESSION", [])
    return path


@pytest.fixture
def comparison() -> Comparison:
    """Two contenders in 40 blocks; the second takes half as long again."""
    generator = np.random.default_rng(1)
    one, two, again = (tuple((factor * generator.lognormal(0, 0.05, 40)).tolist()) for factor in (1e-3, 1.5e-3, 1e-3))
    timings = [Timing("one", 3, one), Timing("two", 2, two)]
    return conclude(timings, again, load=Load(0.25, 0.0, 0.5), overhead_seconds=1e-8, wall_seconds=2.0, seed=7)
