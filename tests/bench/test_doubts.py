"""Warnings appear where there is something to warn of, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.bench.comparison import Timing
from labkit.bench.doubts import doubts
from labkit.bench.load import Load, LoadWatch

QUIET = Load(0.1, 0.0, 0.2)
STEADY = Timing("a", 10, tuple(np.random.default_rng(1).normal(1.0, 0.01, 100)))


def test_a_quiet_machine_and_steady_samples_are_not_warned_of():
    assert doubts([STEADY], QUIET, wall_seconds=1.0) == ()


@pytest.mark.parametrize(
    ("load", "word"),
    [
        (Load(1.7, 0.0, 0.2), "Other programs kept 1.7"),
        (Load(0.1, 0.3, 0.2), "took 0.30 processors away"),
        (Load(None, None, 999.0), "load average was 999.0"),
    ],
)
def test_a_busy_machine_is_warned_of(load, word):
    (warning,) = doubts([STEADY], load, wall_seconds=1.0)
    assert word in warning


def test_a_short_run_is_told_how_long_it_should_be():
    (warning,) = doubts([Timing("a", 1, STEADY.samples_seconds[:10])], QUIET, wall_seconds=5.0)
    assert "Only 10 blocks" in warning
    assert "seconds= to about 10" in warning


def test_outliers_and_changes_name_the_contender():
    spiky = Timing("spiky", 1, STEADY.samples_seconds[:80] + (9.0,) * 20)
    warming = Timing("warming", 1, tuple(np.array(STEADY.samples_seconds) * np.where(np.arange(100) < 30, 2.0, 1.0)))
    warnings = doubts([STEADY, spiky, warming], QUIET, wall_seconds=1.0)
    assert any("'spiky'" in warning and "far above" in warning for warning in warnings)
    assert any("'warming' (50% faster from block 3" in warning for warning in warnings)
    assert not any("'a'" in warning for warning in warnings)


def test_the_load_is_read_from_the_system():
    load = LoadWatch().read()
    assert load.others_cpus is None or load.others_cpus >= 0
    assert load.stolen_cpus is None or load.stolen_cpus >= 0
