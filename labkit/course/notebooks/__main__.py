"""Build, check and replay the course's notebooks: ``python -m labkit.course.notebooks``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from labkit.course.notebooks.build import build
from labkit.course.notebooks.drift import problems, strays
from labkit.course.notebooks.replay import replay
from labkit.course.notebooks.workshop import Pair, pairs
from labkit.errors import LabkitError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; give 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m labkit.course.notebooks", description="Build, check and replay the course's notebooks.")
    parser.add_argument("command", choices=("build", "check", "replay"))
    parser.add_argument("numbers", nargs="*", metavar="NN", help="numbers or names of notebooks; all if none is given")
    options = parser.parse_args(arguments)
    commands: dict[str, Callable[[Pair], list[str]]] = {"build": _build, "check": _check, "replay": _replay}
    failures = 0
    try:
        for pair in pairs(tuple(options.numbers)):
            begin = time.perf_counter()
            found = commands[options.command](pair)
            failures += len(found)
            _say(f"{pair.name}: {'; '.join(found) if found else 'good'} ({time.perf_counter() - begin:.1f} s)")
        if not options.numbers:
            for path in strays():
                failures += 1
                _say(f"{path.name}: no source makes it. Remove it, or write its source.")
    except LabkitError as error:
        _say(str(error))
        return 1
    return 1 if failures else 0


def _build(pair: Pair) -> list[str]:
    build(pair)
    return _check(pair)


def _check(pair: Pair) -> list[str]:
    return [f"{_kind(solved)}: {problem}" for solved in (False, True) for problem in problems(pair, solved=solved)]


def _replay(pair: Pair) -> list[str]:
    return [f"{_kind(solved)}: {problem}" for solved in (False, True) for problem in replay(pair.path(solved=solved))]


def _kind(solved: bool) -> str:
    return "solved" if solved else "learner's"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
