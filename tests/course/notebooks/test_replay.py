"""A replay fails wherever a committed notebook is not reproduced, also where nbval alone would let it pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from labkit.course.notebooks.replay import replay

pytestmark = pytest.mark.any_python  # what nbval lets pass is the same on every Python


def _cell(source: str, *, output: str | None = None, tags: tuple[str, ...] = (), count: int | None = 1) -> Any:
    outputs = [] if output is None else [v4.new_output("execute_result", {"text/plain": output}, execution_count=count)]
    return v4.new_code_cell(source, outputs=outputs, execution_count=count, metadata={"tags": list(tags)})


def _problems(tmp_path: Path, *cells: Any, **options: float) -> list[str]:
    path = tmp_path / "probe.ipynb"
    nbformat.write(v4.new_notebook(cells=list(cells), metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), path)
    return replay(path, **options)


def _replay(tmp_path: Path, *cells: Any, **options: float) -> str:
    return "\n".join(_problems(tmp_path, *cells, **options))


def _failing(said: str) -> Any:
    output = v4.new_output("error", ename="ZeroDivisionError", evalue=said, traceback=[f"ZeroDivisionError: {said}"])
    return v4.new_code_cell("1 / 0", outputs=[output], execution_count=1, metadata={"tags": ["raises-exception"]})


def _text(number: int) -> Any:
    source = "class Text(str):\n    __repr__ = str.__str__\nText('took  1.5 ms  on 50.0.1 at 0x7f00deadbeef, n = 3')"
    return _cell(source, output=f"took    734 ns    on 1.1.0 at 0x560000000000, n = {number}")


MEASURED = ("nbval-ignore-output",)
#: Cells of one notebook, each with what is said of it in a replay; nothing where it is as committed.
CELLS: dict[str, tuple[Any, str]] = {
    "reproduced": (_cell("1 + 1", output="2"), ""),
    "an error that was expected": (_failing("division by zero"), ""),
    "another time, version and address": (_text(3), ""),
    "another number beside them": (_text(4), "Cell outputs differ"),
    "another output": (_cell("1 + 1", output="3"), "Cell outputs differ"),
    "an output more": (_cell("1 + 1"), "Unexpected output fields"),
    "an output less": (_cell("x = 1", output="1"), "Missing output fields"),
    "another message of an error": (_failing("something else"), "something else"),
    "an error": (_cell("1 / 0"), "ZeroDivisionError"),
    "another measurement": (_cell("2", output="1", tags=MEASURED), ""),
    "a measurement that does not run": (_cell("nothing", tags=MEASURED), "NameError"),
    "a cell that is skipped": (_cell("# NBVAL_SKIP\n1", output="1"), "did not run"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a replay says of each of those cells."""
    found = _problems(tmp_path_factory.mktemp("replay"), v4.new_markdown_cell("# Title"), *(cell for cell, _ in CELLS.values()))
    return ["\n".join(problem for problem in found if problem.startswith(f"Cell {number} ")) for number in range(len(CELLS))]


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_is_not_reproduced_fails_and_no_other(said: list[str], name: str) -> None:
    words, expected = said[list(CELLS).index(name)], CELLS[name][1]
    assert (words == "") == (expected == "")
    assert expected in words


def test_a_reproduced_notebook_is_good(tmp_path: Path) -> None:
    assert _replay(tmp_path, *(cell for cell, expected in CELLS.values() if not expected)) == ""


@pytest.mark.parametrize(
    ("tags", "after"),
    [
        ((), 0),
        (("nbval-ignore-output",), 2),
        (("raises-exception",), 0),
        (("raises-exception", "nbval-ignore-output"), 0),
        (("raises-exception",), 2),
    ],
    ids=str,
)
def test_cell_that_timed_out_fails(tmp_path: Path, tags: tuple[str, ...], after: int) -> None:
    cells = [_cell("import time\ntime.sleep(60)", tags=tags), *(_cell("1", output="1", count=2 + i) for i in range(after))]
    assert _replay(tmp_path, *cells, cell_seconds=2.0) != ""


def test_cells_that_fail_after_a_timeout_fail_too(tmp_path: Path) -> None:
    cells = [_cell("import time\ntime.sleep(60)", tags=("raises-exception", "nbval-ignore-output")), _cell("1 / 0", count=2)]
    assert "Cell 1 did not run" in _replay(tmp_path, *cells, cell_seconds=2.0)


def test_a_notebook_that_executed_nothing_fails(tmp_path: Path) -> None:
    assert "never executed" in _replay(tmp_path, _cell("1 + 1", count=None))
    assert "1 of 2" in _replay(tmp_path, _cell("1", output="1"), _cell("2", count=None))
    assert "no code" in _replay(tmp_path, v4.new_markdown_cell("# Title"))


def test_kernel_that_dies_fails(tmp_path: Path) -> None:
    assert _replay(tmp_path, _cell("import os\nos._exit(3)"), _cell("1", output="1", count=2), cell_seconds=2.0) != ""
