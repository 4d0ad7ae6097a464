"""A clock that can be stopped, for what must happen between the timed parts of a sample and is not to be in it."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    """Tells the time in seconds, as `time.perf_counter` does, but for the time it stood still.

    Examples
    --------
    >>> clock = Clock()
    >>> begin = clock()
    >>> clock.stop()
    >>> time.sleep(0.1)
    >>> clock.go()
    >>> clock() - begin < 0.1
    True
    """

    def __init__(self) -> None:
        self._stood_seconds = 0.0
        self._stopped_at = 0.0

    def __call__(self) -> float:
        """The time, of a clock that runs."""
        return time.perf_counter() - self._stood_seconds

    def stop(self) -> None:
        """Stand still from now on."""
        self._stopped_at = time.perf_counter()

    def go(self) -> None:
        """Go on from where it was stopped."""
        self.skip(time.perf_counter() - self._stopped_at)

    def skip(self, seconds: float) -> None:
        """Leave out a time that is over already."""
        self._stood_seconds += seconds
