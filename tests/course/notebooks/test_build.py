"""Building executes, tidies and writes both notebooks, or neither."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from labkit.course.notebooks import build as building
from labkit.course.notebooks.build import build, execute, fresh_files
from labkit.course.notebooks.workshop import Pair, pairs
from labkit.errors import CourseError


def _pair(root: Path, text: str) -> Pair:
    (root / "notebooks" / "sources").mkdir(parents=True, exist_ok=True)
    (root / "notebooks" / "sources" / "00_probe.py").write_text(text)
    (root / "pyproject.toml").write_text('[project]\nname = "labkit"\n')
    return pairs(root=root)[0]


def _files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and "sources" not in path.parts)


@pytest.mark.any_python
def test_both_notebooks_are_written_executed_and_build_again_alike(tmp_path: Path) -> None:
    pair = _pair(tmp_path, '# %%\nimport labkit\n\n# %% exercise="magic_size"\n\n# %%\nprint(magic_size)\n')
    build(pair, root=tmp_path)
    first = {path: path.read_bytes() for path in (pair.learner, pair.solved)}
    learner, solved = (nbformat.read(path, as_version=4) for path in (pair.learner, pair.solved))
    assert [cell.execution_count for cell in learner.cells if cell.cell_type == "code"] == [1, 2, 3, 4, 5]
    assert learner.cells[-1].outputs[0].text == "Ellipsis\n"
    assert solved.cells[-1].outputs[0].text == "8\n"
    assert "not attempted" in learner.cells[3].outputs[0].data["text/plain"]
    assert "correct" in solved.cells[3].outputs[0].data["text/plain"]
    assert learner.metadata.kernelspec.name == "python3"
    assert "version" not in learner.metadata.language_info
    assert first[pair.learner].endswith(b"}\n")
    assert pair.learner.stat().st_mode & 0o777 == 0o644
    build(pair, root=tmp_path)
    assert {path: path.read_bytes() for path in first} == first
    assert _files(tmp_path) == ["notebooks/00_probe.ipynb", "notebooks/solutions/00_probe.ipynb", "pyproject.toml"]


def test_cell_that_fails_leaves_the_old_notebooks(tmp_path: Path) -> None:
    build(_pair(tmp_path, "# %%\nx = 1\n"), root=tmp_path)
    pair = _pair(tmp_path, "# %%\n1 / 0\n")
    before = pair.learner.read_bytes()
    with pytest.raises(CourseError, match=r"(?s)does not run.*ZeroDivisionError"):
        build(pair, root=tmp_path)
    assert pair.learner.read_bytes() == before
    assert _files(tmp_path) == ["notebooks/00_probe.ipynb", "notebooks/solutions/00_probe.ipynb", "pyproject.toml"]


def test_write_that_fails_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        building._write(tmp_path / "it.ipynb", "{}")
    assert list(tmp_path.iterdir()) == []


def _execute(folder: Path, *cells: Any) -> Any:
    notebook = v4.new_notebook(cells=list(cells))
    execute(notebook, folder=folder)
    return notebook


def test_outputs_are_tidied(tmp_path: Path) -> None:
    widget = """from IPython.display import display
display({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/html": "<p>still</p>"}, raw=True)
display({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}, raw=True)"""
    real = "import ipywidgets\nipywidgets.IntSlider(3)"
    failing = v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    notebook = _execute(tmp_path, v4.new_code_cell(widget), v4.new_code_cell(real), failing, v4.new_code_cell("3"))
    assert [output.data for output in notebook.cells[0].outputs] == [{"text/html": "<p>still</p>"}]
    assert list(notebook.cells[1].outputs[0].data) == ["text/plain"]
    assert notebook.cells[2].outputs[0].traceback == ["ZeroDivisionError: division by zero"]
    assert notebook.cells[3].outputs[0].execution_count == notebook.cells[3].execution_count == 4
    assert "widgets" not in notebook.metadata
    assert all("execution" not in cell.metadata for cell in notebook.cells)


def test_kernel_that_dies_is_a_clean_error(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="does not run"):
        _execute(tmp_path, v4.new_code_cell("import os; os._exit(1)"))


def test_kernel_starts_in_the_notebooks_folder_with_progress_of_its_own(tmp_path: Path, progress_file: Path) -> None:
    code = "import os, pathlib\nprint(pathlib.Path.cwd().name)\nprint(os.environ['LABKIT_PROGRESS'])"
    where, progress = _execute(tmp_path, v4.new_code_cell(code)).cells[0].outputs[0].text.split()
    assert where == tmp_path.name
    assert progress != str(progress_file)
    assert not Path(progress).parent.exists()


def test_progress_file_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "before")
    with fresh_files():
        assert os.environ["LABKIT_PROGRESS"] != "before"
    assert os.environ["LABKIT_PROGRESS"] == "before"
    monkeypatch.delenv("LABKIT_PROGRESS")
    with fresh_files():
        pass
    assert "LABKIT_PROGRESS" not in os.environ
