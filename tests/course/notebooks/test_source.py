"""From a source to cells: magics, exercises, ids; and a clear word where the format is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labkit.course.exercises import exercises
from labkit.course.notebooks.source import compose
from labkit.course.notebooks.workshop import Pair, pairs
from labkit.errors import CourseError

SOURCE = """# %% [markdown]
# # Start
#
# {open}

# %% tags=["nbval-ignore-output"]
import labkit

labkit.course.setup()

# %%
# %%wasm wat --name add
# (module
#   ;; a comment

#
#   (func))

# %%
# an ordinary comment
x = 1

# %% exercise="magic_size"
"""


def _pair(root: Path, text: str, *, urls: str = "") -> Pair:
    (root / "notebooks" / "sources").mkdir(parents=True, exist_ok=True)
    (root / "notebooks" / "sources" / "00_probe.py").write_text(text)
    (root / "pyproject.toml").write_text(f'[project]\nname = "labkit"\n{urls}')
    return pairs(root=root)[0]


def _compose(root: Path, text: str, *, solved: bool = False, urls: str = "") -> Any:
    return compose(_pair(root, text, urls=urls), solved=solved, root=root)


def test_cells_are_those_of_the_source(tmp_path: Path) -> None:
    cells = _compose(tmp_path, SOURCE).cells
    assert [cell.cell_type for cell in cells] == ["markdown", "code", "code", "code", "markdown", "code", "code", "code"]
    assert cells[1].source == "import labkit\n\nlabkit.course.setup()"
    assert cells[1].metadata == {"tags": ["nbval-ignore-output"]}
    assert cells[2].source == "%%wasm wat --name add\n(module\n  ;; a comment\n\n\n  (func))"
    assert cells[3].source == "# an ordinary comment\nx = 1"


@pytest.mark.parametrize("solved", [False, True])
def test_exercise_becomes_four_cells(tmp_path: Path, solved: bool) -> None:
    exercise = exercises()["magic_size"]
    prompt, attempt, check, hint = _compose(tmp_path, SOURCE, solved=solved).cells[-4:]
    assert prompt.source == f"### Exercise: {exercise.title}\n\n{exercise.prompt}"
    assert attempt.source == (exercise.solution if solved else exercise.starter)
    assert check.source == 'labkit.course.check("magic_size", magic_size)'
    assert hint.source == 'labkit.course.hint("magic_size")'
    assert [cell.metadata["tags"] for cell in (attempt, check, hint)] == [["exercise"], ["check"], ["hint"]]


def test_first_cell_links_to_binder_once_there_is_an_address(tmp_path: Path) -> None:
    without = _compose(tmp_path, SOURCE).cells[0].source
    assert "make lab" in without
    assert "mybinder.org" not in without
    urls = '[project.urls]\nRepository = "https://github.com/someone/lab"\n'
    for solved, path in ((False, "notebooks/00_probe.ipynb"), (True, "notebooks/solutions/00_probe.ipynb")):
        first = _compose(tmp_path, SOURCE, solved=solved, urls=urls).cells[0].source
        assert f"](https://mybinder.org/v2/gh/someone/lab/HEAD?urlpath=lab/tree/{path})" in first


def test_ids_come_from_contents(tmp_path: Path) -> None:
    before = _compose(tmp_path, "# %%\nx = 1\n\n# %%\ny = 2\n\n# %%\nx = 1\n")
    after = _compose(tmp_path, "# %% [markdown]\n# New\n\n# %%\nx = 1\n\n# %%\ny = 3\n\n# %%\nx = 1\n")
    ids = [cell.id for cell in before.cells]
    assert len(set(ids)) == 3
    assert [cell.id for cell in after.cells][1] == ids[0]
    assert [cell.id for cell in after.cells][3] == ids[2]
    assert [cell.id for cell in after.cells][2] != ids[1]
    assert [cell.id for cell in _compose(tmp_path, "# %%\nx = 1\n\n# %%\ny = 2\n\n# %%\nx = 1\n").cells] == ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('# %% exercise="nothing"\n', "Cell 1 of 00_probe.py names no exercise of this notebook: 'nothing'"),
        ('# %%\nx = 1\n\n# %% exercise="magic_size"\ny = 2\n', "Cell 2 of 00_probe.py refers to an exercise and has a body"),
        ("# %%\n# %%wasm wat\n(module)\n", "no comment below its magic"),
        ("import labkit\n\n# %%\nx = 1\n", None),
        ("---\n", None),
    ],
)
def test_broken_source_names_the_cell(tmp_path: Path, text: str, words: str | None) -> None:
    if words is None:
        # What stands before the first marker is a code cell to jupytext, and so it is here.
        assert _compose(tmp_path, text).cells
        return
    with pytest.raises(CourseError, match=words.replace("(", r"\(")):
        _compose(tmp_path, text)


def test_exercise_of_another_notebook_is_refused(tmp_path: Path) -> None:
    pair = _pair(tmp_path, '# %% exercise="magic_size"\n')
    other = pair.source.with_name("01_probe.py")
    pair.source.rename(other)
    with pytest.raises(CourseError, match=r"notebook_01\.py"):
        compose(pairs(root=tmp_path)[0], solved=False, root=tmp_path)


def test_front_matter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"Cell 1 of 00_probe\.py is neither markdown nor code"):
        _compose(tmp_path, "# ---\n# x: 1\n# ---\n\n# %%\nx = 1\n")
