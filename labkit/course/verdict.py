"""Check an answer, whatever it is: the verdict says whether it is right, and never raises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from html import escape

from labkit.course.answers import plain, type_name
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercises, names
from labkit.course.markup import inline_html
from labkit.course.progress_file import record_check
from labkit.errors import CourseError, LabkitError, RuntimeUnavailable, ToolchainUnavailable, UnsupportedLimit

__all__ = ["Status", "Verdict", "check"]


class Status(Enum):
    """What became of an answer."""

    CORRECT = "correct"
    WRONG = "wrong"
    NOT_ATTEMPTED = "not attempted"
    UNCHECKABLE = "cannot be checked here"


_SIGNS = {Status.CORRECT: "✔", Status.WRONG: "✘", Status.NOT_ATTEMPTED: "…", Status.UNCHECKABLE: "!"}
_COLOURS = {Status.CORRECT: "#2e7d32", Status.WRONG: "#c62828", Status.NOT_ATTEMPTED: "#757575", Status.UNCHECKABLE: "#b26a00"}


@dataclass(frozen=True)
class Verdict:
    """What became of an answer, and why.

    Attributes
    ----------
    title : str
        Of the exercise.
    status : Status
    reason : str
        Whole sentences; empty where the answer is correct.
    """

    title: str
    status: Status
    reason: str = ""

    def __str__(self) -> str:
        return f"{_SIGNS[self.status]} {self.title}: {self.status.value}. {self.reason}".rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = f"<strong>{_SIGNS[self.status]} {escape(self.title)}: {self.status.value}.</strong>"
        style = f"border-left:4px solid {_COLOURS[self.status]};padding:0.3em 0.8em;white-space:pre-wrap"
        return f'<div role="status" style="{style}">{head} {inline_html(self.reason)}</div>'


def check(name: str, answer: object) -> Verdict:
    """Check the answer to an exercise.

    Parameters
    ----------
    name : str
        The exercise.
    answer : object
        A plain Python value, or the bytes of a module that ``%%wasm … --name …`` left in a variable. A module runs in a
        process of its own, on inputs of which the exercise says nothing.

    Returns
    -------
    Verdict
        Nothing is raised, whatever the answer is.

    Examples
    --------
    >>> check("magic_size", 4).status
    <Status.WRONG: 'wrong'>
    """
    exercise = exercises().get(name) if type(name) is str else None
    if exercise is None:
        shown = repr(name[:40]) if type(name) is str else f"of type {type_name(name)}"
        return Verdict("Unknown exercise", Status.UNCHECKABLE, f"There is no exercise {shown}. Choose one of {', '.join(names())}.")
    verdict = _judge(exercise, answer)
    if verdict.status in (Status.CORRECT, Status.WRONG):
        record_check(name, correct=verdict.status is Status.CORRECT)
    return verdict


def _judge(exercise: Exercise, answer: object) -> Verdict:
    try:
        known = plain(answer)
    except ValueError as error:
        return Verdict(exercise.title, Status.WRONG, str(error))
    try:
        if exercise.is_untouched(known):
            remedy = f"Change the cell that makes {exercise.answer}, run it (it must run without an error), then run this one."
            return Verdict(exercise.title, Status.NOT_ATTEMPTED, remedy)
        reason = exercise.reason_wrong(known)
    except (RuntimeUnavailable, ToolchainUnavailable, UnsupportedLimit, CourseError) as error:
        return Verdict(exercise.title, Status.UNCHECKABLE, str(error))
    except LabkitError as error:
        return Verdict(exercise.title, Status.WRONG, str(error))
    except Exception as error:
        reason = f"The check itself failed ({type_name(error)}: {error}). Restart the kernel and try again."
        return Verdict(exercise.title, Status.UNCHECKABLE, reason)
    return Verdict(exercise.title, Status.CORRECT) if reason is None else Verdict(exercise.title, Status.WRONG, reason)
