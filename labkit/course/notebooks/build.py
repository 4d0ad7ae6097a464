"""Execute a notebook, keep of its outputs what is worth keeping, and write it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labkit.course.notebooks.source import compose
from labkit.course.notebooks.workshop import Pair, tool
from labkit.errors import CourseError

__all__ = ["build", "execute", "fresh_files"]

_CELL_SECONDS = 120
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build(pair: Pair, *, root: Path | None = None) -> None:
    """Compose and execute both notebooks of a source; write them only when both ran through.

    Raises
    ------
    CourseError
        If the source breaks the format, or a cell fails that should not.
    """
    texts = {}
    for solved in (False, True):
        path = pair.path(solved=solved)
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = compose(pair, solved=solved, root=root)
        execute(notebook, folder=path.parent)
        texts[path] = tool("nbformat").writes(notebook) + "\n"
    for path, text in texts.items():
        _write(path, text)


def execute(notebook: Any, *, folder: Path) -> None:
    """Run all cells of a notebook in a fresh kernel, and tidy its outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    folder : Path
        Where its kernel starts.

    Raises
    ------
    CourseError
        If a cell fails that is not tagged ``raises-exception``, or the kernel dies.
    """
    nbclient = tool("nbclient")
    client = nbclient.NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        # How a kernel happens to cut what is printed is none of the reader's business.
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    kept = dict(notebook.metadata)
    with fresh_files():
        try:
            client.execute()
        except (nbclient.exceptions.CellExecutionError, nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError) as error:
            shown = _COLOUR.sub("", str(error))
            raise CourseError(f"The notebook does not run: {shown}", remedy="Correct its source and build it again.") from None
    # The kernel added its own version to the metadata.
    notebook.metadata = tool("nbformat").from_dict(kept)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
        cell.outputs = [tidied for output in cell.outputs if (tidied := _tidy(output, count)) is not None]


@contextmanager
def fresh_files() -> Iterator[None]:
    """Let kernels started within keep a learner's progress and results in files of their own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        ours = {"LABKIT_PROGRESS": str(Path(folder) / "progress.json"), "LABKIT_RESULTS": str(Path(folder) / "results.sqlite")}
        before = {name: os.environ.get(name) for name in ours}
        os.environ.update(ours)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _tidy(output: Any, count: int) -> Any | None:
    """Drop what cannot be shown again or compared: widget views, and where in whose files an error was raised."""
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {_COLOUR.sub('', output.evalue)}"]
    if "execution_count" in output:
        output.execution_count = count
    if "data" in output:
        output.data.pop(_WIDGET_VIEW, None)
        if not output.data:
            return None
    return output


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp lets nobody else read; a notebook is for everyone.
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
