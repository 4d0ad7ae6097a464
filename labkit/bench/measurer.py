"""The process an experiment runs in: measures, and sends what it has, some times a second, to the one that started it."""

from __future__ import annotations

import pickle
import signal
import sys
import time
from types import FrameType
from typing import Any

from labkit.bench.answers import Answers
from labkit.bench.experiment import Experiment
from labkit.errors import BenchError, LabkitError
from labkit.sandbox.confinement import die_with_parent

__all__ = ["main"]

# Sending takes time from measuring; and it is told more often than it is drawn, so that what is drawn is new.
_SECONDS_BETWEEN_TELLS = 0.05


def main() -> None:
    """Measure the experiment that stands in standard input, for the process whose number is on the command line."""
    die_with_parent(int(sys.argv[1]))
    answers = Answers()
    experiment: Experiment = pickle.load(sys.stdin.buffer)
    if experiment.cleans_up:
        signal.signal(signal.SIGTERM, _leave)
    told = 0.0

    def tell(share: float, so_far: Any) -> None:
        nonlocal told
        if time.monotonic() - told >= _SECONDS_BETWEEN_TELLS:
            answers.send("so far", (share, so_far))
            told = time.monotonic()

    try:
        result = experiment.measure(tell)
    except LabkitError as error:
        answers.send("error", error)
    except Exception as error:  # a fault of labkit's own is shown where the reader looks
        answers.send("error", BenchError(f"{type(error).__name__}: {error}.", remedy="Please report this as a fault of labkit's."))
        raise
    else:
        answers.send("result", result)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    main()
