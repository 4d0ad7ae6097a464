"""The kernel's side of a panel's measurement: starts the process that draws, hands on what it sends, and ends it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from labkit.bench.experiment import Experiment
from labkit.errors import BenchError, LabkitError
from labkit.ui.drawn import GRACE_SECONDS, SIZE_BYTES, Drawn

__all__ = ["Measurement"]


class Measurement:
    """An experiment under way. There is one at a time: two would measure each other.

    Parameters
    ----------
    experiment : Experiment
    on_frame : callable
        Called in a thread with the share of the time that is over and what there is to see.
    on_end : callable
        Called in that thread at the end with a `Drawn`, a `LabkitError`, or None where it was cancelled.
    """

    _under_way: Measurement | None = None
    _turn = threading.Lock()

    def __init__(
        self, experiment: Experiment, on_frame: Callable[[float, Drawn], object], on_end: Callable[[Drawn | LabkitError | None], object]
    ) -> None:
        self._experiment = experiment
        self._on_frame = on_frame
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.is_cancelled = False
        # A daemon: it must not keep a kernel from ending.
        self._thread = threading.Thread(target=self._work, name="labkit-measurement", daemon=True)

    def start(self) -> None:
        """Start, and return at once; a measurement that is under way elsewhere is cancelled first."""
        with Measurement._turn:
            before, Measurement._under_way = Measurement._under_way, self
        if before is not None:
            before.cancel()
        self._thread.start()

    def cancel(self) -> None:
        """End it, with all its processes: at once where it cleans nothing up, otherwise after a few seconds at most."""
        with self._lock:
            if self.is_cancelled:
                return
            self.is_cancelled = True
            if self._process is not None:
                self._signal(signal.SIGTERM if self._experiment.cleans_up else signal.SIGKILL)
        if self._experiment.cleans_up:
            last = threading.Timer(GRACE_SECONDS + 1, self._signal, [signal.SIGKILL])
            last.daemon = True
            last.start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most ``timeout`` seconds."""
        self._thread.join(timeout)

    def _signal(self, number: int) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def _work(self) -> None:
        end: Drawn | LabkitError | None = None
        try:
            end = self._run()
        except Exception as error:  # whatever it is, the panel must not run for ever
            end = BenchError(f"{type(error).__name__}: {error}.", remedy="Please report this as a fault of labkit's.")
            raise
        finally:
            with Measurement._turn:
                if Measurement._under_way is self:
                    Measurement._under_way = None
            self._on_end(None if self.is_cancelled else end)

    def _run(self) -> Drawn | LabkitError | None:
        command = [sys.executable, "-m", "labkit.ui.painter", str(os.getpid())]
        with tempfile.TemporaryFile() as words:
            with self._lock:
                if self.is_cancelled:
                    return None
                # A session of its own: an interrupt that is meant for the kernel is not meant for it, and it can be ended as a whole.
                process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, start_new_session=True)
                self._process = process
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                experiment = pickle.dumps(self._experiment)
                with suppress(BrokenPipeError), process.stdin as stdin:
                    stdin.write(len(experiment).to_bytes(SIZE_BYTES, "little") + experiment)
                end = self._listen(process.stdout)
            finally:
                # Until it is waited for its number is its own, so that no other group can be hit.
                with self._lock:
                    if not self.is_cancelled:
                        self._signal(signal.SIGKILL)
                process.wait()
                process.stdout.close()
            if end is not None:
                return end
            words.seek(0)
            said = words.read().decode(errors="replace").strip().splitlines()
        last = f": {said[-1][:200]}" if said else ""
        return BenchError(
            f"The process that draws ended with exit code {process.returncode}{last}.", remedy="Run it again; the next is a new process."
        )

    def _listen(self, answers: IO[bytes]) -> Drawn | LabkitError | None:
        """Hand on what the process sends until it is done, or gone."""
        while True:
            try:
                kind, value = pickle.load(answers)
            except (EOFError, pickle.UnpicklingError):
                return None
            if kind != "so far":
                assert isinstance(value, (Drawn, LabkitError))
                return value
            if not self.is_cancelled:
                self._on_frame(*value)
