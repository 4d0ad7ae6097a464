"""Hints come one stage at a time, and a new kernel begins with the first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from labkit.course import hint, progress
from labkit.course.exercises import exercises
from labkit.errors import CourseError

HINTS = exercises()["subtract"].hints


def test_hints_are_staged() -> None:
    for stage in range(1, len(HINTS) + 1):
        assert hint("subtract").hints == HINTS[:stage]
    assert hint("subtract").hints == HINTS
    assert progress().rows["subtract"].hints == len(HINTS)


def test_hint_says_how_many_follow() -> None:
    assert str(hint("subtract")).endswith(f"Run the cell again for the next of {len(HINTS) - 1} more.")
    hint("subtract")
    last = hint("subtract")
    assert str(last).endswith("That was the last one.")
    assert last._repr_html_().count("<li>") == len(HINTS)


def test_new_kernel_begins_with_the_first_whatever_is_stored() -> None:
    for _ in HINTS:
        hint("subtract")
    code = 'import labkit; print(len(labkit.course.hint("subtract").hints)); print(labkit.course.progress().rows["subtract"].hints)'
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == ["1", str(len(HINTS))]


def test_unknown_exercise_is_named() -> None:
    with pytest.raises(CourseError, match=r"no exercise 'nothing'.*magic_size"):
        hint("nothing")
