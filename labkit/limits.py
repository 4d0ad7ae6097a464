"""What a guest may use up: time, memory, fuel, output."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields

from labkit.display import shorten
from labkit.errors import ArgumentError, ArgumentRangeError

__all__ = ["Limits", "parse_size"]

_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"\s*([0-9]{1,30})\s*([A-Za-z]*)\s*")


def parse_size(size: int | str) -> int:
    """Read a size in bytes.

    Parameters
    ----------
    size : int or str
        Bytes, or a whole number with a unit: B, kB, MB, GB, KiB, MiB, GiB.

    Returns
    -------
    int
        The size in bytes.

    Raises
    ------
    ArgumentError
        If it is neither.

    Examples
    --------
    >>> parse_size("64MiB")
    67108864
    """
    if isinstance(size, int) and not isinstance(size, bool):
        return size
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None or match[2] not in _UNITS:
        raise ArgumentError(
            f"{shorten(repr(size), 60)} is not a size.", remedy=f'Write bytes, or a whole number with one of {", ".join(list(_UNITS)[1:])}: "64MiB".'
        )
    return int(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True, init=False)
class Limits:
    """Limits under which a guest runs. A limit left out is not set.

    A runtime that cannot enforce a limit raises `UnsupportedLimit`; no limit is ever ignored.

    Parameters
    ----------
    time : float, optional
        Seconds of wall time for each call into the guest.
    memory : int or str, optional
        Largest size of each linear memory: bytes, or text such as ``"64MiB"``.
    fuel : int, optional
        Units of work, about one a WebAssembly instruction, for the life of the instance.
    output : int or str, optional
        Bytes that a program may write to standard output and standard error together.

    Attributes
    ----------
    time_seconds : float or None
    memory_bytes : int or None
    fuel_units : int or None
    output_bytes : int or None

    Raises
    ------
    ArgumentError
        If a limit is not a number (or a size), or is negative.

    Examples
    --------
    >>> Limits(time=2.0, memory="64MiB")
    Limits(time_seconds=2.0, memory_bytes=67108864, fuel_units=None, output_bytes=None)
    """

    time_seconds: float | None
    memory_bytes: int | None
    fuel_units: int | None
    output_bytes: int | None

    def __init__(
        self,
        *,
        time: float | None = None,
        memory: int | str | None = None,
        fuel: int | None = None,
        output: int | str | None = None,
    ) -> None:
        checked: dict[str, float | int | None] = {
            "time_seconds": None if time is None else _seconds(time),
            "memory_bytes": None if memory is None else parse_size(memory),
            "fuel_units": None if fuel is None else _whole(fuel),
            "output_bytes": None if output is None else parse_size(output),
        }
        for name, value in checked.items():
            if value is not None and not 0 <= value < 2**63:
                raise ArgumentRangeError(
                    f"{name} is {shorten(repr(value), 60)}, outside 0 to 2**63 - 1.", remedy="Give a limit in that range, or leave it out."
                )
            object.__setattr__(self, name, value)

    def set_names(self) -> tuple[str, ...]:
        """Names of the limits that are set, as the constructor spells them.

        Examples
        --------
        >>> Limits(fuel=1000).set_names()
        ('fuel',)
        """
        return tuple(field.name.split("_")[0] for field in fields(self) if getattr(self, field.name) is not None)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise ArgumentError(f"time={value!r} is not a number of seconds.", remedy="Write seconds: Limits(time=2.0).")
    try:
        return float(value)
    except OverflowError:  # an int beyond any float
        return math.inf if value > 0 else -math.inf


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError(f"fuel={value!r} is not a whole number.", remedy="Write units of fuel: Limits(fuel=1_000_000).")
    return value
