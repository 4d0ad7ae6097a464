"""The process a bench runs in: measures, and sends its progress and its findings to the one that started it."""

from __future__ import annotations

import signal
import sys
import time
from importlib import import_module

from labkit.bench.answers import Answers
from labkit.errors import LabkitError

__all__ = ["main"]

# Sending wakes the other process, which must not happen often while this one measures.
_SECONDS_BETWEEN_REPORTS = 0.25


def main() -> None:
    """Run the bench named on the command line, for the seconds named there."""
    # Interrupting a terminal reaches this process too, and there is nothing to say about it twice.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    module, seconds = sys.argv[1:]
    answers = Answers()
    reported = time.monotonic()

    def report(share: float) -> None:
        nonlocal reported
        if time.monotonic() - reported >= _SECONDS_BETWEEN_REPORTS:
            reported = time.monotonic()
            answers.send("progress", share)

    try:
        findings = import_module(module).BENCH.run(float(seconds), report)
    except LabkitError as error:
        answers.send("error", (type(error).__name__, error.message, error.remedy))
    else:
        answers.send("findings", findings)


if __name__ == "__main__":
    main()
