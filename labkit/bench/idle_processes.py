"""Idle native processes, held while their memory is measured, and ended whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labkit.bench.arguments import checked_counts, expect
from labkit.bench.peers.processes import need_pss, pss_bytes
from labkit.errors import BenchError, LabkitError, Unsupported

__all__ = ["hold_processes", "most_processes"]

# What a process may take with all that the kernel keeps for it: twice what was seen.
_PROCESS_BYTES = 512 * 2**10
_PATIENCE_SECONDS = 5.0


def most_processes() -> int:
    """How many idle processes this system bears: half of what its limits on processes and its free memory allow."""
    import resource

    limits = [resource.getrlimit(resource.RLIMIT_NPROC)[0], *map(_number_in, ("/proc/sys/kernel/pid_max", "/sys/fs/cgroup/pids.max"))]
    available_kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemAvailable:")), 0)
    return min(*(limit // 2 for limit in limits if limit > 0), available_kib * 1024 // 2 // _PROCESS_BYTES)


def _number_in(path: str) -> int:
    words = "".join(_lines(path)).split()
    return int(words[0]) if words and words[0].isdigit() else -1


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(path).read_text().splitlines()
    return []


def hold_processes(program: Path | LabkitError, counts: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Start idle processes, measure them at each count, and end them all.

    Parameters
    ----------
    program : Path or LabkitError
        As `labkit.bench.native_process.native_program` gives it: a program that ends when its standard input does, or why there is none.
    counts : sequence of int
        Rising.

    Returns
    -------
    tuple of (int, int)
        How many there were, and their PSS together in bytes.

    Raises
    ------
    BenchError
        If so many cannot be started.
    Unsupported
        If the system does not tell how much memory a process takes; Linux does.
    """
    need_pss()
    if isinstance(program, LabkitError):
        raise program
    program = expect(program, Path, by="hold_processes", remedy='Write hold_processes(native_program("idle"), [100]).')
    counts, points = checked_counts(counts), []
    with _crowd() as (pids, start):
        for count in counts:
            while len(pids) < count:
                start(program)
            _wait_until_idle(pids[-1])
            total = pss_bytes(pids)
            if total is None:
                raise Unsupported("This system does not let one read the memory of one's own processes.", remedy="Allow /proc/PID/smaps_rollup.")
            points.append((count, total))
    return tuple(points)


class _Start:
    """Starts programs whose standard input is one pipe, and keeps their process ids."""

    def __init__(self, stdin: int) -> None:
        self.pids: list[int] = []
        self._actions = [(os.POSIX_SPAWN_DUP2, stdin, 0)]

    def __call__(self, program: Path) -> None:
        try:
            self.pids.append(os.posix_spawn(str(program), [program.name], {}, file_actions=self._actions))
        except OSError as error:
            if not self.pids:
                raise BenchError(f"{program.name} cannot be started: {error.strerror}.", remedy="Give a program that can.") from None
            raise BenchError(
                f"No more than {len(self.pids):,} idle processes could be started: {error.strerror}.", remedy="Raise the limit on processes."
            ) from None


@contextmanager
def _crowd() -> Iterator[tuple[list[int], _Start]]:
    """End all when the context is left. Were this process killed, the pipe would end, and with it all that wait for it."""
    stdin, keeping = os.pipe()
    start = _Start(stdin)
    try:
        yield start.pids, start
    finally:
        os.close(keeping)
        os.close(stdin)
        _reap(start.pids)


def _reap(pids: Sequence[int]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for pid in pids:
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            time.sleep(0.001)


def _wait_until_idle(pid: int) -> None:
    """Wait until the process that was started last sleeps in its read; those before it do, too, give or take a few."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and not any(line.split()[1:2] == ["S"] for line in _lines(f"/proc/{pid}/status") if line.startswith("State:")):
        time.sleep(0.001)
    time.sleep(0.02)
