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


def _replay(tmp_path: Path, *cells: Any, **options: float) -> str:
    path = tmp_path / "probe.ipynb"
    nbformat.write(v4.new_notebook(cells=list(cells), metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), path)
    return "\n".join(replay(path, **options))


def test_reproduced_notebook_is_good(tmp_path: Path) -> None:
    error = v4.new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=["ZeroDivisionError: division by zero"])
    failing = v4.new_code_cell("1 / 0", outputs=[error], execution_count=2, metadata={"tags": ["raises-exception"]})
    assert _replay(tmp_path, v4.new_markdown_cell("# Title"), _cell("1 + 1", output="2"), failing) == ""


def test_times_versions_and_addresses_are_not_compared_but_their_surroundings_are(tmp_path: Path) -> None:
    source = "class Text(str):\n    __repr__ = str.__str__\nText('took  1.5 ms  on 50.0.1 at 0x7f00deadbeef, n = 3')"
    same = _cell(source, output="took    734 ns    on 1.1.0 at 0x560000000000, n = 3")
    other = _cell(source, output="took 734 ns on 1.1.0 at 0x560000000000, n = 4", count=2)
    found = _replay(tmp_path, same, other)
    assert "Cell 0" not in found
    assert "Cell 1 failed" in found


def test_changed_output_fails(tmp_path: Path) -> None:
    found = _replay(tmp_path, _cell("1 + 1", output="3"), _cell("1 + 1", count=2), _cell("x = 1", output="1", count=3))
    for number, words in enumerate(["Cell outputs differ", "Unexpected output fields", "Missing output fields"]):
        assert f"Cell {number} failed" in found
        assert words in found


def test_changed_error_message_fails(tmp_path: Path) -> None:
    error = v4.new_output("error", ename="ZeroDivisionError", evalue="something else", traceback=["ZeroDivisionError: something else"])
    cell = v4.new_code_cell("1 / 0", outputs=[error], execution_count=1, metadata={"tags": ["raises-exception"]})
    assert "something else" in _replay(tmp_path, cell)


def test_error_fails(tmp_path: Path) -> None:
    found = _replay(tmp_path, _cell("1 / 0"), _cell("2", output="2", count=2))
    assert "ZeroDivisionError" in found


def test_measured_output_is_not_compared_but_must_run(tmp_path: Path) -> None:
    tags = ("nbval-ignore-output",)
    found = _replay(tmp_path, _cell("2", output="1", tags=tags), _cell("nothing", tags=tags, count=2))
    assert "Cell 0" not in found
    assert "NameError" in found


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


def test_notebook_that_executed_nothing_fails(tmp_path: Path) -> None:
    assert "never executed" in _replay(tmp_path, _cell("1 + 1", count=None))
    assert "1 of 2" in _replay(tmp_path, _cell("1", output="1"), _cell("2", count=None))
    assert "no code" in _replay(tmp_path, v4.new_markdown_cell("# Title"))


def test_cell_that_is_skipped_fails(tmp_path: Path) -> None:
    assert "did not run" in _replay(tmp_path, _cell("# NBVAL_SKIP\n1", output="1"), _cell("2", output="2", count=2))


def test_kernel_that_dies_fails(tmp_path: Path) -> None:
    assert _replay(tmp_path, _cell("import os\nos._exit(3)"), _cell("1", output="1", count=2), cell_seconds=2.0) != ""
