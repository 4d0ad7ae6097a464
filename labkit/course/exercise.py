"""What an exercise is: the words, the cells, the hints and the check, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from labkit.errors import CourseError
from labkit.modules.load import to_wasm
from labkit.toolchains.cell import compile_cell

__all__ = ["Exercise"]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    The starter and the solution are the sources of one code cell that leaves its answer in the variable `answer`: either
    Python, or WebAssembly text or C or another language under ``%%wasm LANGUAGE --name ANSWER``. A cell stands on its own: it may import, and it uses
    nothing that another cell of the notebook made.

    Attributes
    ----------
    name : str
        What `check` and `hint` call it; a Python identifier, unlike that of any other exercise.
    title : str
        A few words that begin with a verb.
    prompt : str
        The task, in Markdown, without a heading.
    starter : str
        The cell that the learner finds.
    solution : str
        The cell that solves it.
    answer : str
        The variable that the check is given.
    hints : tuple of str
        From a nudge to nearly the answer, one stage after the other.
    reason_wrong : callable
        Takes the answer, of a plain type (see `labkit.course.answers`), and returns None where it is right, else a whole
        sentence that says why it is not. `labkit.course.checks` makes such functions.

    Examples
    --------
    >>> from labkit.course.checks import value
    >>> exercise = Exercise("six", "Name a number", "Which number is 2 × 3?", "six = ...", "six = 6", "six", ("Add 3 and 3.",), value(6))
    >>> exercise.reason_wrong(exercise.evaluate(exercise.solution)) is None
    True
    """

    name: str
    title: str
    prompt: str
    starter: str
    solution: str
    answer: str
    hints: tuple[str, ...]
    reason_wrong: Callable[[Any], str | None]

    def evaluate(self, cell: str) -> Any:
        """Run a cell of this exercise that we wrote ourselves, and give the answer it leaves.

        Parameters
        ----------
        cell : str
            The starter, the solution, or a wrong answer that a test knows. Never what a learner wrote.

        Returns
        -------
        object

        Raises
        ------
        CourseError
            If the cell does not set the answer's variable.
        LabkitError
            If its source is not valid, or cannot be compiled here.
        """
        if cell.startswith("%%wasm "):
            first, _, text = cell.partition("\n")
            if f"--name {self.answer}" in first:
                return _compiled(first.split(), text)
        else:
            namespace: dict[str, Any] = {}
            exec(compile(cell, f"<exercise {self.name}>", "exec"), namespace)
            if self.answer in namespace:
                return namespace[self.answer]
        raise CourseError(
            f"A cell of the exercise {self.name!r} leaves no answer in {self.answer!r}.",
            remedy=f"Begin it with `%%wasm LANGUAGE --name {self.answer}`, or assign {self.answer}.",
        )

    def is_untouched(self, answer: object) -> bool:
        """Whether a plain answer is what the starter leaves."""
        untouched = _starter_answer(self)
        return answer is None or answer is ... or (type(answer) is type(untouched) and answer == untouched)


def _compiled(words: list[str], text: str) -> bytes:
    """The module that the magic makes of a cell of ours."""
    if words[1] == "wat":
        return to_wasm(text)
    optimize = words[words.index("--optimize") + 1] if "--optimize" in words else None
    return compile_cell(words[1], text, kind="library" if "--call" in words else "command", optimize=optimize).read_bytes()


@cache
def _starter_answer(exercise: Exercise) -> Any:
    return exercise.evaluate(exercise.starter)
