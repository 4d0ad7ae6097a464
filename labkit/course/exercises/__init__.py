"""The exercises, one file a notebook: ``notebook_NN.py``, with a tuple ``EXERCISES``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from labkit.course.exercise import Exercise
from labkit.errors import CourseError

__all__ = ["exercises", "names", "notebook_of"]


@cache
def _by_notebook() -> dict[str, tuple[Exercise, ...]]:
    numbers = sorted(module.name.removeprefix("notebook_") for module in iter_modules(__path__) if module.name.startswith("notebook_"))
    return {number: tuple(import_module(f"{__name__}.notebook_{number}").EXERCISES) for number in numbers}


@cache
def exercises() -> dict[str, Exercise]:
    """Every exercise by its name, in the order of the course.

    Raises
    ------
    CourseError
        If two have the same name.

    Examples
    --------
    >>> exercises()["magic_size"].answer
    'magic_size'
    """
    found: dict[str, Exercise] = {}
    for exercise in (exercise for group in _by_notebook().values() for exercise in group):
        if exercise.name in found:
            raise CourseError(f"Two exercises are named {exercise.name!r}.", remedy="Rename one of them.")
        found[exercise.name] = exercise
    return found


def names() -> tuple[str, ...]:
    """The exercises' names."""
    return tuple(exercises())


def notebook_of(name: str) -> str:
    """Number of the notebook that an exercise belongs to, as two digits.

    Examples
    --------
    >>> notebook_of("magic_size")
    '00'
    """
    return next(number for number, group in _by_notebook().items() if any(exercise.name == name for exercise in group))
