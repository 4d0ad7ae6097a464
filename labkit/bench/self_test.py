"""The bench of the bench: a thing is compared with itself on a machine kept busy, again and again, and must not be found different."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.figures import Share
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.load import available_cpus
from labkit.bench.measured import Measured
from labkit.bench.methods import METHODS, Trial
from labkit.bench.neighbours import Neighbours
from labkit.display import html_table, text_table

__all__ = ["BENCH", "Trials"]

_TRIALS = 200
#: About what that many take on two processors kept busy by nothing but this test.
_SECONDS = 300.0
_QUICK_SECONDS = 15.0
#: How many times that it goes on for them: less than after which a bench is stopped.
_PATIENCE = 2.5
#: For each method in each trial, besides starting processes.
_MEASURING_SECONDS = 0.3
_OURS = next(iter(METHODS))
_GOAL = Goal(f"{_OURS}: intervals that cover 1 / all", 0.93, Direction.AT_LEAST)


@dataclass(frozen=True)
class FewTrials(Share):
    """A share of too few trials to tell it from the goal: the goal is missed only where they exclude it.

    Examples
    --------
    >>> FewTrials(13, 14).value > 0.93 > FewTrials(9, 14).value
    True
    """

    @property
    def value(self) -> float:
        """The upper end of the interval."""
        return self.interval[1]

    @property
    def figures(self) -> str:
        """The share, and what is held against the goal."""
        return f"{super().figures}; few, so {self.value:.3f} counts"


@dataclass(frozen=True)
class Trials:
    """What each method said of a thing and itself, trial by trial.

    Attributes
    ----------
    methods : mapping of str to tuple of Trial
        The same trials in each.
    """

    methods: Mapping[str, tuple[Trial, ...]]

    _HEADER = ("method", "equal is among what it allows", "95 % of its ratios", "named a winner")

    def share(self, method: str) -> Share:
        """How often a method allowed that the two are equal."""
        trials = self.methods[method]
        return Share(sum(trial.covers_one for trial in trials), len(trials))

    def _rows(self) -> list[list[str]]:
        rows = []
        for method, trials in self.methods.items():
            low, high = np.quantile([trial.ratio for trial in trials], (0.025, 0.975))
            rows.append([method, self.share(method).figures, f"{low:.3f}–{high:.3f}", f"{sum(trial.named_winner for trial in trials)} times"])
        return rows

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows(), caption="A thing compared with itself on a busy machine")

    def summary(self) -> list[dict[str, Any]]:
        """The same for JSON."""
        return [{"method": method, "share": self.share(method), "trials": trials} for method, trials in self.methods.items()]

    def measured(self) -> Iterable[Measured]:
        """Each method's ratios, and whether it allowed that they are 1, for the store."""
        for method, trials in self.methods.items():
            yield Measured(f"{method}: ratio", tuple(trial.ratio for trial in trials), unit="1")
            yield Measured(f"{method}: covers 1", tuple(float(trial.covers_one) for trial in trials), unit="1")


def _run(seconds: float, progress: Progress) -> Findings:
    """Take all trials; with less than their time, or on a machine that is much slower, as many as fit."""
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    generator = np.random.default_rng(seed)
    end = time.monotonic() + (seconds if seconds < _SECONDS else seconds * _PATIENCE)
    found: dict[str, list[Trial]] = {method: [] for method in METHODS}
    with Neighbours(seed) as neighbours:
        for done in range(_TRIALS):
            # In another order each time, so that none is always the one after a pause.
            for method in generator.permutation(list(METHODS)):
                found[method].append(METHODS[method](_MEASURING_SECONDS, generator))
            progress((done + 1) / _TRIALS)
            if time.monotonic() > end:
                break
    trials = Trials({method: tuple(rows) for method, rows in found.items()})
    ours = trials.share(_OURS)
    return Findings(
        {_GOAL.figure: ours if ours.total == _TRIALS else FewTrials(ours.count, ours.total)},
        {"A thing compared with itself": trials},
        (PYTHON_VERSION, f"NumPy {np.__version__}"),
        tuple(_notes(trials, neighbours.count)),
    )


def _notes(trials: Trials, neighbours: int) -> Iterable[str]:
    busy = [trial.others_cpus for trial in trials.methods[_OURS] if trial.others_cpus is not None]
    if busy:
        yield (
            f"{neighbours} processes of this test's own came and went meanwhile: "
            f"other programs kept {np.median(busy):.1f} of {available_cpus()} processors busy (median)."
        )
    count = len(trials.methods[_OURS])
    if count < _TRIALS:
        yield f"Only {count} of {_TRIALS} trials fitted in the time: too few to tell 93 % from 95 %. Run it without --quick, with less else running."


BENCH = Bench(
    "self-test",
    "Whether the bench itself is to be trusted: on a busy machine a thing must not be found different from itself.",
    (_GOAL,),
    _run,
    _SECONDS,
    _QUICK_SECONDS,
)
