"""Hints, one stage at a time."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.course.exercises import exercises, names
from labkit.course.markup import inline_html
from labkit.course.progress_file import record_hints
from labkit.errors import CourseError

__all__ = ["Hint", "hint"]

# Stages shown since this kernel started: a notebook that runs anew begins with the first.
_shown: dict[str, int] = {}


@dataclass(frozen=True)
class Hint:
    """The hints of an exercise up to a stage.

    Attributes
    ----------
    hints : tuple of str
    stages : int
        How many there are in all.
    """

    hints: tuple[str, ...]
    stages: int

    def _foot(self) -> str:
        left = self.stages - len(self.hints)
        return f"Run the cell again for {'the last one' if left == 1 else f'the next of {left} more'}." if left else "That was the last one."

    def __str__(self) -> str:
        lines = [f"Hint {stage} of {self.stages}: {hint}" for stage, hint in enumerate(self.hints, 1)]
        return "\n".join([*lines, self._foot()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{inline_html(hint)}</li>" for hint in self.hints)
        return f"<ol>{items}</ol><p>{self._foot()}</p>"


def hint(name: str) -> Hint:
    """Show the next hint of an exercise, below those already seen.

    Parameters
    ----------
    name : str
        The exercise.

    Returns
    -------
    Hint
        In a new kernel the first; once all are shown, all.

    Raises
    ------
    CourseError
        If there is no such exercise.

    Examples
    --------
    >>> str(hint("magic_size")).startswith("Hint 1 of ")
    True
    """
    exercise = exercises().get(name)
    if exercise is None:
        raise CourseError(f"There is no exercise {name!r}.", remedy=f"Choose one of {', '.join(names())}.")
    stage = min(_shown.get(name, 0) + 1, len(exercise.hints))
    _shown[name] = stage
    record_hints(name, stage)
    return Hint(exercise.hints[:stage], len(exercise.hints))
