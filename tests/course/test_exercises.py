"""Each exercise: the untouched starter is not attempted, the solution is correct, plausible wrong answers are wrong with a reason."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from labkit.course import Exercise, Status, check
from labkit.course.exercises import exercises, notebook_of
from labkit.errors import CourseError

_FOLDER = Path(__file__).parent / "wrong_answers"
WRONG: dict[str, list[tuple[str, str]]] = {
    name: answers for path in sorted(_FOLDER.glob("notebook_*.py")) for name, answers in runpy.run_path(str(path))["WRONG"].items()
}
EVERY = pytest.mark.parametrize("exercise", exercises().values(), ids=list(exercises()))


@EVERY
def test_untouched_starter_is_not_attempted(exercise: Exercise) -> None:
    verdict = check(exercise.name, exercise.evaluate(exercise.starter))
    assert verdict.status is Status.NOT_ATTEMPTED
    assert exercise.answer in verdict.reason


@EVERY
def test_solution_is_correct(exercise: Exercise) -> None:
    verdict = check(exercise.name, exercise.evaluate(exercise.solution))
    assert (verdict.status, verdict.reason) == (Status.CORRECT, "")


@EVERY
def test_at_least_two_wrong_answers_are_known(exercise: Exercise) -> None:
    path = _FOLDER / f"notebook_{notebook_of(exercise.name)}.py"
    sources = {source for source, _ in WRONG.get(exercise.name, [])}
    assert len(sources) >= 2, f"Add plausible wrong answers to {path.name}: {exercise.name} has {len(sources)}, and two are needed."


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [(name, source, words) for name, answers in WRONG.items() for source, words in answers],
    ids=lambda value: str(value)[:30],
)
def test_wrong_answer_is_wrong_for_the_right_reason(name: str, source: str, words: str) -> None:
    verdict = check(name, exercises()[name].evaluate(source))
    assert verdict.status is Status.WRONG
    assert len(words) >= 4
    assert words in verdict.reason


def test_wrong_answers_belong_to_exercises() -> None:
    assert set(WRONG) <= set(exercises())


@EVERY
def test_exercise_is_well_formed(exercise: Exercise) -> None:
    assert exercise.name.isidentifier()
    assert exercise.answer.isidentifier()
    assert exercise.title[0].isupper()
    assert not exercise.title.endswith(".")
    assert exercise.prompt.strip()
    assert not exercise.prompt.startswith("#")
    assert exercise.starter != exercise.solution
    assert len(exercise.hints) >= 2
    assert all(hint.strip() and hint[-1] in ".?!:" for hint in exercise.hints)


def test_cell_that_leaves_no_answer_is_refused() -> None:
    exercise = exercises()["magic_size"]
    for cell in ("other = 1", "%%wasm wat --name other\n(module)"):
        with pytest.raises(CourseError, match="leaves no answer in 'magic_size'"):
            exercise.evaluate(cell)
