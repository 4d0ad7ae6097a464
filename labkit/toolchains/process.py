"""Runs a compiler as a process that always ends: at its time limit, when it floods its output, when the kernel is interrupted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "end_group", "run_process"]

#: How much of a compiler's output is kept, and how much of it ends the compiler.
_KEPT_BYTES = 256 * 2**10
_FLOOD_BYTES = 32 * 2**20
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes
    ----------
    exit_code : int
        Negative where a signal ended it.
    output : str
        Standard output and standard error as they came, the first 256 KiB.
    wall_seconds : float
    stopped : str
        Why it was stopped: ``"time"``, ``"output"``, or empty.
    """

    exit_code: int
    output: str
    wall_seconds: float
    stopped: str = ""


def run_process(command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_seconds: float) -> Ended:
    """Run a command to its end, with nothing on its standard input, and end whatever it leaves running.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Where it runs.
    environment : mapping of str
        Its whole environment.
    timeout_seconds : float
        When it is killed, with all the processes it started.

    Returns
    -------
    Ended

    Raises
    ------
    OSError
        If it cannot be started.

    Examples
    --------
    >>> import sys, tempfile
    >>> run_process([sys.executable, "-c", "print(6 * 7)"], folder=Path(tempfile.gettempdir()), environment={}, timeout_seconds=60).output
    '42\\n'
    """
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    tap = _Tap(process)
    stopped = ""
    try:
        while process.poll() is None and not stopped:
            if tap.flooded.wait(_LOOK_SECONDS if time.perf_counter() - begin > 1 else 0.002):
                stopped = "output"
            elif time.perf_counter() - begin > timeout_seconds:
                stopped = "time"
    finally:
        end_group(process)
        tap.close()
    return Ended(process.returncode, tap.text(), time.perf_counter() - begin, stopped)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a session, and all that is left of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Tap:
    """Reads a process's output for as long as it comes, and keeps its beginning."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self._kept = bytearray()
        self._seen_bytes = 0
        self.flooded = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True, name="labkit-compiler-output")
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._pipe.fileno(), 65536):
            self._kept += chunk[: _KEPT_BYTES - len(self._kept)]
            self._seen_bytes += len(chunk)
            if self._seen_bytes > _FLOOD_BYTES:
                self.flooded.set()
                return

    def close(self) -> None:
        """Wait for the last of the output; something outside the group may still hold the pipe, and is not waited for long."""
        self._thread.join(2.0)
        if not self._thread.is_alive():
            self._pipe.close()

    def text(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")
