"""What else the machine did while it measured: other programs, and a host that took the processor away."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

__all__ = ["Load", "LoadWatch", "available_cpus"]


def available_cpus() -> int:
    """How many processors this process may run on.

    Examples
    --------
    >>> available_cpus() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Load:
    """What else ran, where the system tells it (Linux); None where it does not.

    Attributes
    ----------
    others_cpus : float or None
        Processors that other programs kept busy, on average.
    stolen_cpus : float or None
        Processors that the host of a virtual machine gave to others, on average.
    average : float or None
        The system's own load average of the minute before.
    """

    others_cpus: float | None
    stolen_cpus: float | None
    average: float | None


class LoadWatch:
    """Watches from when it is made until `read`."""

    def __init__(self) -> None:
        self._begin = _times()
        self._average = os.getloadavg()[0] if hasattr(os, "getloadavg") else None

    def read(self) -> Load:
        """What ran since; children count as this process's own once they have ended and been waited for."""
        if self._begin is None or (end := _times()) is None:
            return Load(None, None, self._average)
        wall, busy, stolen, own = (after - before for before, after in zip(self._begin, end))
        wall = max(wall, 1e-9)
        return Load(max(busy - own, 0.0) / wall, max(stolen, 0.0) / wall, self._average)


def _times() -> tuple[float, float, float, float] | None:
    """Seconds so far: by the clock, of all processors busy, of all processors stolen, of this process."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _idle, _wait, interrupts, soft_interrupts, stolen = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    tick_seconds = 1 / os.sysconf("SC_CLK_TCK")
    return (
        time.monotonic(),
        (user + nice + system + interrupts + soft_interrupts) * tick_seconds,
        stolen * tick_seconds,
        sum(os.times()[:4]),
    )
