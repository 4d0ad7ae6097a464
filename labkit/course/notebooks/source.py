"""From a source to the cells of a notebook: comments become magics, and each exercise becomes its four cells."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from labkit.course.exercise import Exercise
from labkit.course.exercises import exercises, notebook_of
from labkit.course.notebooks.workshop import Pair, binder_url, tool
from labkit.errors import CourseError

__all__ = ["compose"]

# What every notebook says of itself. Versions stay out: they would change with the machine it was built on.
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"},
}


def compose(pair: Pair, *, solved: bool, root: Path | None = None) -> Any:
    """Make one of a source's two notebooks, not yet executed.

    Parameters
    ----------
    pair : Pair
    solved : bool
        Whether exercises hold their solutions.
    root : Path, optional
        The repository.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    CourseError
        If the source breaks the format; the message says in which cell.
    """
    nbformat = tool("nbformat")
    v4 = nbformat.v4
    try:
        text = pair.source.read_text(encoding="utf-8")
        script = tool("jupytext").reads(text, fmt="py:percent")
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{pair.source.name} cannot be read: {error}.", remedy="Write it as the docstring of labkit.course.notebooks says."
        ) from None
    cells: list[Any] = []
    for number, cell in enumerate(script.cells, 1):
        where = f"Cell {number} of {pair.source.name}"
        name = cell.metadata.get("exercise")
        if name is not None:
            cells += _exercise_cells(v4, _find(name, pair, where, cell.source), solved=solved)
        elif cell.cell_type == "markdown":
            cells.append(v4.new_markdown_cell(cell.source))
        elif cell.cell_type == "code":
            cells.append(_code(v4, _uncomment(cell.source, where), list(cell.metadata.get("tags", []))))
        else:
            raise CourseError(f"{where} is neither markdown nor code.", remedy="Begin each cell with `# %%` or `# %% [markdown]`, the first one too.")
    if cells and cells[0].cell_type == "markdown":
        cells[0].source = cells[0].source.replace("{open}", _open_line(pair, solved=solved, root=root))
    _identify(cells)
    return v4.new_notebook(cells=cells, metadata=nbformat.from_dict(_METADATA))


def _find(name: str, pair: Pair, where: str, body: str) -> Exercise:
    exercise = exercises().get(name)
    number = pair.name[:2]
    if exercise is None or notebook_of(name) != number:
        raise CourseError(
            f"{where} names no exercise of this notebook: {name!r}.", remedy=f"Define it in labkit/course/exercises/notebook_{number}.py."
        )
    if body.strip():
        raise CourseError(f"{where} refers to an exercise and has a body.", remedy="Leave it empty, and put the text into the exercise.")
    return exercise


def _exercise_cells(v4: Any, exercise: Exercise, *, solved: bool) -> list[Any]:
    cell = exercise.solution if solved else exercise.starter
    # What a compiler did depends on which is here, and on whether it did it before.
    compiled = cell.startswith("%%wasm ") and not cell.startswith("%%wasm wat ")
    return [
        v4.new_markdown_cell(f"### Exercise: {exercise.title}\n\n{exercise.prompt}"),
        _code(v4, cell, ["exercise", *(["nbval-ignore-output"] if compiled else [])]),
        _code(v4, f'labkit.course.check("{exercise.name}", {exercise.answer})', ["check"]),
        _code(v4, f'labkit.course.hint("{exercise.name}")', ["hint"]),
    ]


def _code(v4: Any, source: str, tags: list[str]) -> Any:
    return v4.new_code_cell(source, metadata={"tags": tags} if tags else {})


def _uncomment(source: str, where: str) -> str:
    """Undo the comments of a cell that holds a cell magic; jupytext has already undone those of its first line."""
    first, newline, rest = source.partition("\n")
    if not first.startswith("%%"):
        return source
    lines = rest.split("\n") if newline else []
    for line in lines:
        if line and line != "#" and not line.startswith("# "):
            raise CourseError(f"{where} has a line that is no comment below its magic: {line[:60]!r}.", remedy="Begin each line of it with `# `.")
    return "\n".join([first, *(line[2:] for line in lines)])


def _open_line(pair: Pair, *, solved: bool, root: Path | None) -> str:
    path = f"notebooks/solutions/{pair.name}.ipynb" if solved else f"notebooks/{pair.name}.ipynb"
    url = binder_url(path, root=root)
    if url is None:
        return "*To run it: `make lab` in the lab's folder.*"
    return f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({url})"


def _identify(cells: list[Any]) -> None:
    """Derive each cell's id from its contents, so that a cell keeps it while others come and go."""
    seen: Counter[str] = Counter()
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
