"""Limits hold on every runtime, and the defaults keep a reader safe."""

from __future__ import annotations

import pytest

import labkit
from labkit.errors import ArgumentError, TrapKind, UnsupportedLimit
from labkit.sandbox import Outcome
from labkit.sandbox.run import RUN_LIMITS
from tests.sandbox.guests import CAT, FOR_EVER, HOSTILE, NOTHING


def test_the_defaults_limit_everything_but_fuel():
    assert set(RUN_LIMITS.set_names()) == {"time", "memory", "output"}


def test_time(runtime_name: str):
    result = labkit.run(FOR_EVER, runtime=runtime_name, limits=labkit.Limits(time=0.2))
    assert (result.outcome, result.exit_code) == (Outcome.TIME_LIMIT, None)
    assert result.peak_memory_bytes is not None


@pytest.mark.parametrize("limit", [0, 1, 1000, 100_000])
def test_output_is_cut_exactly_at_its_limit(runtime_name: str, limit: int):
    seen: list[bytes] = []
    limits = labkit.Limits(output=limit, time=30.0)
    result = labkit.run(HOSTILE / "flood.wat", runtime=runtime_name, limits=limits, on_output=lambda _, data: seen.append(data))
    assert result.outcome is Outcome.OUTPUT_LIMIT
    assert len(result.stdout) == limit
    assert b"".join(seen) == result.stdout


def test_output_of_exactly_the_limit_is_allowed(runtime_name: str):
    result = labkit.run(CAT, stdin=b"x" * 500, runtime=runtime_name, limits=labkit.Limits(output=1000))
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, 0)
    over = labkit.run(CAT, stdin=b"x" * 500, runtime=runtime_name, limits=labkit.Limits(output=999))
    assert over.outcome is Outcome.OUTPUT_LIMIT
    assert len(over.stdout) + len(over.stderr) == 999


def test_memory(runtime_name: str):
    result = labkit.run(HOSTILE / "grow_memory.wat", runtime=runtime_name, limits=labkit.Limits(memory="64MiB"))
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, 7)
    # What a runtime that is a command takes for itself is no part of the limit, and Node.js alone takes about as much as the guest may.
    idle = labkit.run(NOTHING, runtime=runtime_name)
    assert result.peak_memory_bytes is not None
    assert idle.peak_memory_bytes is not None
    assert 32 * 2**20 < result.peak_memory_bytes - idle.peak_memory_bytes < 128 * 2**20


def test_fuel(runtime_name: str):
    limits = labkit.Limits(fuel=100_000)
    if "fuel" not in labkit.runtime(runtime_name).enforces:
        with pytest.raises(UnsupportedLimit):
            labkit.run(NOTHING, runtime=runtime_name, limits=limits)
    else:
        result = labkit.run(FOR_EVER, runtime=runtime_name, limits=limits)
        assert (result.outcome, result.trap) == (Outcome.FUEL_LIMIT, TrapKind.OUT_OF_FUEL)
        assert labkit.run(CAT, stdin=b"x", runtime=runtime_name, limits=limits).stdout == b"x"


@pytest.mark.parametrize("limits", [5, "2s", {"time": 2.0}])
def test_what_are_no_limits_is_refused(limits: object):
    with pytest.raises(ArgumentError, match=r"are no limits\. Give labkit\.Limits"):
        labkit.run(NOTHING, limits=limits)
