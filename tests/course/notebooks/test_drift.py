"""check says where a committed notebook no longer is what its source makes."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from labkit.course.notebooks.__main__ import main
from labkit.course.notebooks.drift import drifted, problems, strays
from labkit.course.notebooks.workshop import Pair, pairs
from labkit.errors import CourseError


def _notebook(*sources: str, tags: tuple[str, ...] = ()):
    cells = [v4.new_code_cell(source, id=f"id-{source[0]}", metadata={"tags": list(tags)} if tags else {}) for source in sources]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def test_outputs_are_no_drift() -> None:
    committed = _notebook("a", "b")
    committed.cells[0].update(execution_count=1, outputs=[v4.new_output("stream", text="x")])
    assert drifted(committed, _notebook("a", "b")) == []


def test_each_difference_is_named() -> None:
    assert drifted(_notebook("a", "b"), _notebook("a", "c")) == ["Cell 2 of the notebook differs from what the source says now."]
    assert drifted(_notebook("a"), _notebook("a", "b", "c")) == ["Cells 2 to 3 of the source are not in the notebook."]
    assert drifted(_notebook("a", "b"), _notebook("b")) == ["Cell 1 of the notebook is not in the source."]
    assert drifted(_notebook("a", tags=("hint",)), _notebook("a")) == ["Cell 1 of the notebook differs from what the source says now."]
    other = _notebook("a")
    other.metadata.kernelspec.name = "other"
    assert drifted(other, _notebook("a")) == ["The notebook's kernel differs from that of the source."]


def _pair(root: Path) -> Pair:
    (root / "notebooks" / "sources").mkdir(parents=True)
    (root / "notebooks" / "solutions").mkdir()
    (root / "notebooks" / "sources" / "00_probe.py").write_text("# %%\nx = 1\n")
    (root / "pyproject.toml").write_text('[project]\nname = "labkit"\n')
    return pairs(root=root)[0]


def test_notebook_never_built_is_named(tmp_path: Path) -> None:
    assert problems(_pair(tmp_path), solved=True, root=tmp_path) == ["It was never built. Run `python -m labkit.course.notebooks build 00`."]


def test_notebook_without_source_is_a_stray(tmp_path: Path) -> None:
    pair = _pair(tmp_path)
    stray = pair.learner.with_name("05_gone.ipynb")
    for path in (pair.learner, pair.solved, stray):
        nbformat.write(_notebook("x = 1"), path)
    assert strays(tmp_path) == [stray]


@pytest.mark.parametrize("contents", [b"", b"{}", b"[]", b"\xff", b'{"nbformat": 4}'])
def test_damaged_notebook_is_a_clean_error(tmp_path: Path, contents: bytes) -> None:
    pair = _pair(tmp_path)
    pair.learner.write_bytes(contents)
    try:
        found = problems(pair, solved=False, root=tmp_path)
    except CourseError as error:
        found = [str(error)]
    assert any("is no notebook" in problem or "is not valid" in problem for problem in found)


def test_command_fails_where_a_notebook_drifted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("labkit.course.notebooks.__main__.problems", lambda pair, *, solved: ["Cell 3 drifted."] if solved else [])
    assert main(["check", "00"]) == 1
    assert "00_start_here: solved: Cell 3 drifted. (" in capsys.readouterr().out
    monkeypatch.setattr("labkit.course.notebooks.__main__.problems", lambda pair, *, solved: [])
    assert main(["check", "00"]) == 0
    assert main(["check", "99"]) == 1
    assert "There is no notebook '99'" in capsys.readouterr().out
