"""Limits are checked when they are written, not when they are needed."""

from __future__ import annotations

import dataclasses
import math

import pytest

from labkit.errors import ArgumentError, ArgumentRangeError
from labkit.limits import Limits, parse_size


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (0, 0),
        (4096, 4096),
        ("0", 0),
        ("12", 12),
        ("12B", 12),
        ("1kB", 1000),
        ("1KiB", 1024),
        ("64MiB", 64 * 2**20),
        (" 2 GB ", 2 * 10**9),
        ("3GiB", 3 * 2**30),
    ],
)
def test_sizes(written: int | str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "MiB", "1.5MiB", "-1", "64mib", "64 M", "1e6", "1_000", "٣", None, 1.5, True, b"1", []])
def test_what_is_no_size(written: object) -> None:
    with pytest.raises(ArgumentError, match="is not a size"):
        parse_size(written)  # type: ignore[arg-type]


def test_units_of_the_fields() -> None:
    limits = Limits(time=2, memory="1MiB", fuel=3, output="1kB")
    assert dataclasses.asdict(limits) == {"time_seconds": 2.0, "memory_bytes": 2**20, "fuel_units": 3, "output_bytes": 1000}
    assert limits.set_names() == ("time", "memory", "fuel", "output")
    assert Limits().set_names() == ()
    assert Limits(time=0, fuel=0).set_names() == ("time", "fuel")
    assert limits == Limits(time=2.0, memory=2**20, fuel=3, output=1000)
    assert len({limits, Limits()}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.fuel_units = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"time": "2"}, ArgumentError),
        ({"time": True}, ArgumentError),
        ({"time": math.nan}, ArgumentError),
        ({"time": -0.1}, ArgumentRangeError),
        ({"time": math.inf}, ArgumentRangeError),
        ({"time": 10**400}, ArgumentRangeError),
        ({"memory": -1}, ArgumentRangeError),
        ({"memory": 2**63}, ArgumentRangeError),
        ({"memory": "9" * 30}, ArgumentRangeError),
        ({"memory": "9" * 5000}, ArgumentError),
        ({"memory": 10**4000}, ArgumentRangeError),
        ({"memory": 1.0}, ArgumentError),
        ({"fuel": 1.0}, ArgumentError),
        ({"fuel": True}, ArgumentError),
        ({"fuel": -1}, ArgumentRangeError),
        ({"fuel": 2**63}, ArgumentRangeError),
        ({"output": "lots"}, ArgumentError),
        ({"output": -5}, ArgumentRangeError),
    ],
)
def test_bad_limits(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        Limits(**options)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 400
