"""A busy machine on purpose: processes that keep its processors busy for a while, rest for a while, and begin again."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from labkit.bench.load import available_cpus

__all__ = ["Neighbours"]

# Busy and idle by turns, from 5 ms to half a second each, until the other end of its stdin is closed: even a bench that is killed leaves none.
_NEIGHBOUR = """
import random, select, sys, time
draws = random.Random(int(sys.argv[1]))
def span():
    return 10 ** draws.uniform(-2.3, -0.3)
print(flush=True)
while not select.select([sys.stdin], [], [], span())[0]:
    end = time.monotonic() + span()
    while time.monotonic() < end:
        pass
"""


class Neighbours:
    """Makes the machine busy from ``with`` until its end.

    Parameters
    ----------
    seed : int
        For when each is busy.
    count : int, optional
        How many; one for each processor where left out, so that none is spared.

    Examples
    --------
    >>> with Neighbours(1, count=1) as neighbours:
    ...     neighbours.count
    1
    """

    def __init__(self, seed: int, *, count: int | None = None) -> None:
        self.count = available_cpus() if count is None else count
        self._seed = seed
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Neighbours:
        try:
            for number in range(self.count):
                command = [sys.executable, "-I", "-S", "-c", _NEIGHBOUR, str(self._seed + number)]
                self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for process in self._processes:
                assert process.stdout is not None
                process.stdout.readline()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.communicate()
