"""Runs a bench in a process of its own, where nothing that the reader's session has loaded or started disturbs it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any

from labkit import errors
from labkit.bench.goals import Report, judge
from labkit.bench.interleave import Progress
from labkit.bench.registry import BENCH_MODULES, find_bench
from labkit.errors import BenchError, LabkitError

__all__ = ["QUICK_SECONDS", "SECONDS", "run_bench"]

#: How long a bench measures, unless it says otherwise.
SECONDS = 30.0
QUICK_SECONDS = 8.0
#: A bench that takes so many times its seconds is stopped.
_PATIENCE = 3.0
_LONGEST_QUICK_SECONDS = 29.0


def run_bench(name: str, *, quick: bool = False, progress: Progress | None = None) -> Report:
    """Run a bench and hold its goals against what it finds.

    Parameters
    ----------
    name : str
        One of `bench_names`.
    quick : bool, optional
        Measure for less time: with wider intervals, but never longer than 30 seconds in all.
    progress : callable, optional
        Told now and then which share of the time is over.

    Returns
    -------
    Report

    Raises
    ------
    ArgumentError
        If there is no such bench.
    BenchError
        If it fails, or does not end in three times its time; a quick one, in 30 seconds.
    """
    bench = find_bench(name)
    seconds = (bench.quick_seconds or QUICK_SECONDS) if quick else (bench.seconds or SECONDS)
    patience_seconds = min(seconds * _PATIENCE, _LONGEST_QUICK_SECONDS) if quick else seconds * _PATIENCE
    command = [sys.executable, "-m", "labkit.bench.worker", BENCH_MODULES[name], str(seconds)]
    late = threading.Event()
    with tempfile.TemporaryFile() as words, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words) as process:

        def stop() -> None:
            late.set()
            process.kill()

        patience = threading.Timer(patience_seconds, stop)
        patience.daemon = True
        patience.start()
        try:
            assert process.stdout is not None
            kind, answer = _listen(process.stdout, progress)
            process.wait()
        finally:
            patience.cancel()
            process.kill()
            process.wait()
        if kind == "findings":
            return judge(bench, answer)
        if kind == "error":
            raise _rebuild(*answer)
        if late.is_set():
            raise BenchError(f"The bench {name} had not ended after {patience_seconds:g} s, and was stopped.", remedy="Close what else runs.")
        words.seek(0)
        said = words.read().decode(errors="replace").strip().splitlines()
    last = f": {said[-1][:200]}" if said else ""
    raise BenchError(
        f"The process of the bench {name} ended with exit code {process.returncode}{last}.", remedy="Run it again; the next is a new process."
    )


def _listen(answers: IO[bytes], progress: Progress | None) -> tuple[str, Any]:
    """Read what the worker sends until it is done, or gone."""
    while True:
        try:
            kind, value = pickle.load(answers)
        except (EOFError, pickle.UnpicklingError):
            return "gone", None
        if kind != "progress":
            return kind, value
        if progress is not None:
            progress(value)


def _rebuild(kind: str, message: str, remedy: str) -> LabkitError:
    error: LabkitError = LabkitError.__new__(getattr(errors, kind, LabkitError))
    LabkitError.__init__(error, message, remedy=remedy)
    return error
