"""The process between a panel and what measures for it: starts the one, and draws for the other.

Drawing takes tens of milliseconds a picture. Here it keeps neither the reader's kernel from answering nor the measurement
from measuring. However the kernel ends, this process sees that its parent is gone, and ends the measurement with all its
guests.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from types import FrameType
from typing import IO, Any

from labkit.bench.answers import Answers
from labkit.errors import BenchError
from labkit.ui.drawn import GRACE_SECONDS, SIZE_BYTES

__all__ = ["main"]

_FRAME_SECONDS = 0.1
# Where there is one processor, what is drawn is not measured.
_REST_SHARE = 0.5
_LOOK_SECONDS = 0.2


class _Painter:
    """Hears what the measurement tells, and draws the newest of it."""

    def __init__(self, experiment: bytes, parent: int, words: IO[bytes]) -> None:
        self._parent = parent
        self._answers = Answers()
        self._words = words
        self._heard = threading.Event()
        self._so_far: tuple[float, Any] | None = None
        self._end: tuple[str, Any] | None = None
        command = [sys.executable, "-m", "labkit.bench.measurer", str(os.getpid())]
        self._measurer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words)
        # It ends with the measurement, which is of the same group, and not before it.
        signal.signal(signal.SIGTERM, self._leave)
        assert self._measurer.stdin is not None
        assert self._measurer.stdout is not None
        threading.Thread(target=self._listen, args=(self._measurer.stdout,), daemon=True).start()
        with self._measurer.stdin as stdin:
            stdin.write(experiment)
        # Imported while the measurement starts: matplotlib takes its time.
        self._views = import_module("labkit.ui.views")
        self._easel = import_module("labkit.ui.plots.easel").Easel()

    def work(self) -> None:
        """Draw until the measurement has ended, or nobody looks any more."""
        try:
            while True:
                self._heard.wait(_LOOK_SECONDS)
                self._heard.clear()
                if os.getppid() != self._parent:
                    break
                if self._end is not None:
                    self._answers.send(*self._last(*self._end))
                    return
                self._draw()
        except BrokenPipeError:
            pass
        os.killpg(0, signal.SIGTERM)

    def _draw(self) -> None:
        newest, self._so_far = self._so_far, None
        if newest is None:
            return
        share, so_far = newest
        began = time.monotonic()
        self._answers.send("so far", (share, self._views.glimpse(so_far, self._easel)))
        took = time.monotonic() - began
        time.sleep(max(_FRAME_SECONDS - took, took * _REST_SHARE))

    def _last(self, kind: str, value: Any) -> tuple[str, Any]:
        if kind == "result":
            return "result", self._views.see(value, result=value)
        if kind == "error":
            return "error", value
        self._measurer.wait()
        self._words.seek(0)
        said = self._words.read().decode(errors="replace").strip().splitlines()
        last = f": {said[-1][:200]}" if said else ""
        return "error", BenchError(
            f"The process that measured ended with exit code {self._measurer.returncode}{last}.", remedy="Run it again; the next is a new process."
        )

    def _listen(self, answers: IO[bytes]) -> None:
        """The thread that reads: it only keeps what it hears, or the measurement would wait for it."""
        kind, value = "gone", None
        try:
            while True:
                kind, value = pickle.load(answers)
                if kind != "so far":
                    break
                self._so_far = value
                self._heard.set()
        except (EOFError, pickle.UnpicklingError):
            kind = "gone"
        self._end = kind, value
        self._heard.set()

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        """End after the measurement, which has got the same signal."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            self._measurer.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Draw the experiment that stands in standard input, for the process on the command line; of a session of its own, which it ends."""
    with tempfile.TemporaryFile() as words:
        # Not until the end: a process that was forked from the kernel just then may hold the other end, too.
        size = int.from_bytes(sys.stdin.buffer.read(SIZE_BYTES), "little")
        _Painter(sys.stdin.buffer.read(size), int(sys.argv[1]), words).work()


if __name__ == "__main__":
    main()
