"""A bench: what it measures, the goals it sets itself, and the report of whether they are met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from html import escape
from typing import Any

from labkit.bench.figures import Figure
from labkit.bench.interleave import Progress
from labkit.bench.measured import Part
from labkit.display import html_table, text_table

__all__ = ["Bench", "Direction", "Findings", "Goal", "Judgement", "Report", "judge"]


class Direction(Enum):
    """On which side of its bound a figure must be."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True)
class Goal:
    """What a bench wants to show.

    Attributes
    ----------
    figure : str
        Which of the bench's figures.
    bound : float
    direction : Direction
    """

    figure: str
    bound: float
    direction: Direction

    def __str__(self) -> str:
        return f"{self.direction.value} {self.bound:g}"


@dataclass(frozen=True)
class Findings:
    """What a bench measured.

    Attributes
    ----------
    figures : mapping of str to Ratio, Share or Unavailable
        Those that its goals are about, and more where it has them.
    comparisons : mapping of str to Part
        The runs they come from, each mostly a `Comparison`, by what was compared.
    versions : tuple of str
        What was measured, each with its version and year.
    notes : tuple of str
        What is missing, and why.
    unavailable : mapping of str to str
        Contenders that could not be measured, each with why and what to do about it.
    artifacts : mapping of str to str
        By what was compared, the SHA-256 of the module that ran, in hexadecimal, where all contenders ran the same.
    """

    figures: Mapping[str, Figure]
    comparisons: Mapping[str, Part]
    versions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A measurement with goals.

    Attributes
    ----------
    name : str
    sentence : str
        What it shows.
    goals : tuple of Goal
    run : callable
        Measures for about so many seconds and tells its progress; runs in a process of its own.
    seconds, quick_seconds : float or None
        How long it measures, and how long with ``--quick``, where that is not what benches usually take.
    """

    name: str
    sentence: str
    goals: tuple[Goal, ...]
    run: Callable[[float, Progress], Findings]
    seconds: float | None = None
    quick_seconds: float | None = None


@dataclass(frozen=True)
class Judgement:
    """A goal beside what was measured.

    Attributes
    ----------
    goal : Goal
    figure : Ratio, Share or Unavailable
    """

    goal: Goal
    figure: Figure

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side; where the run's control failed, by more than the control was off."""
        if self.goal.direction is Direction.AT_MOST:
            return self.figure.value * self.figure.doubt <= self.goal.bound
        return self.figure.value / self.figure.doubt >= self.goal.bound

    @property
    def words(self) -> str:
        """Whether it is met, and what was held against it."""
        return ("yes" if self.met else "NO") + (f" (the control was off by {self.figure.doubt:.3f})" if self.figure.doubt != 1 else "")


@dataclass(frozen=True)
class Report:
    """A bench that was run.

    Attributes
    ----------
    name, sentence : str
    judgements : tuple of Judgement
        One for each goal.
    findings : Findings
    """

    name: str
    sentence: str
    judgements: tuple[Judgement, ...]
    findings: Findings

    @property
    def met(self) -> bool:
        """Whether every goal is met."""
        return all(judgement.met for judgement in self.judgements)

    _HEADER = ("figure", "measured (95 %)", "goal", "met")

    def _rows(self) -> list[list[str]]:
        judged = [[j.goal.figure, j.figure.figures, str(j.goal), j.words] for j in self.judgements]
        names = {judgement.goal.figure for judgement in self.judgements}
        return judged + [[name, figure.figures, "", ""] for name, figure in self.findings.figures.items() if name not in names]

    def __str__(self) -> str:
        parts = [f"{self.name}: {self.sentence}", text_table(self._HEADER, self._rows())]
        parts += [f"{title}\n{comparison}" for title, comparison in self.findings.comparisons.items()]
        parts.append("\n".join([f"Measured: {', '.join(self.findings.versions)}.", *self.findings.notes]))
        return "\n\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [html_table(self._HEADER, self._rows(), caption=f"{self.name}: {self.sentence}")]
        parts += [f"<p><b>{escape(title)}</b></p>{comparison._repr_html_()}" for title, comparison in self.findings.comparisons.items()]
        parts += [f"<p>{escape(line)}</p>" for line in (f"Measured: {', '.join(self.findings.versions)}.", *self.findings.notes)]
        return "".join(parts)

    def summary(self) -> dict[str, Any]:
        """The same for JSON, without the samples."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "met": self.met,
            "goals": [{"goal": judgement.goal, "measured": judgement.figure, "met": judgement.met} for judgement in self.judgements],
            "figures": self.findings.figures,
            "comparisons": {title: comparison.summary() for title, comparison in self.findings.comparisons.items()},
            "versions": self.findings.versions,
            "notes": self.findings.notes,
        }


def judge(bench: Bench, findings: Findings) -> Report:
    """Hold a bench's goals against what it found.

    Examples
    --------
    >>> from labkit.bench.figures import Share
    >>> goal = Goal("new / old", 1.25, Direction.AT_MOST)
    >>> bench = Bench("speed", "The new one is no slower.", (goal,), lambda seconds, progress: Findings({}, {}, ()))
    >>> judge(bench, Findings({"new / old": Share(131, 100)}, {}, ())).met
    False
    """
    return Report(bench.name, bench.sentence, tuple(Judgement(goal, findings.figures[goal.figure]) for goal in bench.goals), findings)
