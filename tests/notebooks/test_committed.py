"""The committed notebooks: made by their sources as these are now, and keeping every rule of the course."""

from __future__ import annotations

import pytest

from labkit.course.exercises import exercises, notebook_of
from labkit.course.notebooks.drift import problems, strays
from labkit.course.notebooks.rules import read
from labkit.course.notebooks.workshop import Pair, pairs

pytestmark = pytest.mark.any_python  # a notebook's outputs are those of Python 3.10, which it runs on

PAIRS = pairs()


def test_there_are_notebooks_and_each_has_a_source() -> None:
    assert PAIRS
    assert strays() == []


@pytest.mark.parametrize("solved", [False, True], ids=["learner", "solved"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_notebook_is_what_its_source_says_and_keeps_the_rules(pair: Pair, solved: bool) -> None:
    assert problems(pair, solved=solved) == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_exercise_of_the_notebook_is_in_it_once(pair: Pair) -> None:
    cells = [cell.source for cell in read(pair.learner).cells if "check" in cell.metadata.get("tags", [])]
    expected = [
        f'labkit.course.check("{exercise.name}", {exercise.answer})'
        for exercise in exercises().values()
        if notebook_of(exercise.name) == pair.name[:2]
    ]
    assert sorted(cells) == sorted(expected)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_learner_has_not_attempted_and_solved_is_correct(pair: Pair) -> None:
    for path, words in ((pair.learner, ": not attempted. "), (pair.solved, ": correct.")):
        for cell in read(path).cells:
            if "check" in cell.metadata.get("tags", []):
                assert words in cell.outputs[0].data["text/plain"]
