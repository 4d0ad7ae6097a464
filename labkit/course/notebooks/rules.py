"""The rules that every notebook of the course keeps, and which of them one breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labkit.course.notebooks.workshop import tool
from labkit.errors import CourseError

__all__ = ["KNOWN_TAGS", "broken_rules", "read"]

KNOWN_TAGS = frozenset({"nbval-ignore-output", "raises-exception", "exercise", "check", "hint"})
# Titles begin with a verb; one that is missing here is to be added.
_TITLE = re.compile(
    "# (?:Ask|Build|Call|Choose|Compare|Compile|Confine|Connect|Count|Decide|Deploy|Find|Follow|Give|Keep|Look|Measure|Open|Pass|Put|Read|Run|See"
    "|Send|Serve|Start|Step|Stop|Take|Trace|Use|Watch|Write)\\b"
)
_LARGEST_BYTES = 300_000
_CODE_CELLS = range(15, 26)
_EXERCISES = range(2, 5)
_CELL_LINES = 15
_PHRASES = ("**You will do", "**You will learn", "**You need")
_SHELL = re.compile(r"^\s*(?:!|%sx\b|%system\b|%%(?:bash|sh|script|sx|system|cmd|perl|ruby)\b)|=\s*!", re.MULTILINE)
_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/<])/(?:home|root|Users|tmp|var|usr|opt|work|srv|mnt|private|workspace|builds?)/[\w.-]|\b[A-Z]:\\\\?[A-Za-z]")
_MARKER = re.compile(r"^\s*#\s*(?:NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.MULTILINE)


def broken_rules(notebook: Any, *, binder: str | None, size_bytes: int) -> list[str]:
    """Say which rules a notebook breaks.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    binder : str or None
        The address its first cell must link to; None where there is none yet.
    size_bytes : int
        Of its file.

    Returns
    -------
    list of str
        A sentence for each broken rule; empty where all are kept.
    """
    try:
        tool("nbformat").validate(notebook)
    except tool("nbformat").ValidationError as error:
        return [f"The notebook is not valid: {error.message}."]
    found = [*_opening(notebook, binder), *_shape(notebook)]
    for number, cell in enumerate(notebook.cells, 1):
        found += [f"Cell {number} {what}." for what in _cell(cell)]
    if size_bytes > _LARGEST_BYTES:
        found.append(f"The file has {size_bytes} bytes; at most {_LARGEST_BYTES} are allowed.")
    return found


def _opening(notebook: Any, binder: str | None) -> Iterator[str]:
    first = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    if not _TITLE.match(first):
        yield "The first cell must begin with a title (`# …`) whose first word is a verb that labkit.course.notebooks.rules knows."
    for phrase in _PHRASES:
        if phrase not in first:
            yield f"The first cell must say `{phrase}…**`."
    if binder is not None and f"]({binder})" not in first:
        yield f"The first cell must link to {binder}."
    if binder is None and "mybinder.org" in first:
        yield "The first cell links to Binder, although pyproject.toml names no repository."
    if binder is None and "make lab" not in first:
        yield "The first cell must say how to open the notebook: write {open} in its source."
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or "labkit.course.setup()" not in code[0].source:
        yield "The first code cell must call labkit.course.setup()."


def _shape(notebook: Any) -> Iterator[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in code)
    if len(code) not in _CODE_CELLS:
        yield f"The notebook has {len(code)} code cells; it must have {_CODE_CELLS[0]} to {_CODE_CELLS[-1]}."
    if exercises not in _EXERCISES:
        yield f"The notebook has {exercises} exercises; it must have {_EXERCISES[0]} to {_EXERCISES[-1]}."
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "The code cells were not executed once each, from first to last."
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "The notebook's kernel must be python3."
    if "widgets" in notebook.metadata:
        yield "The notebook's metadata must not hold the state of widgets."


def _cell(cell: Any) -> Iterator[str]:
    tags = cell.metadata.get("tags", [])
    unknown = sorted(set(tags) - KNOWN_TAGS)
    if unknown:
        yield f"has unknown tags: {', '.join(unknown)}"
    if _ABSOLUTE_PATH.search(cell.source):
        yield "names an absolute path"
    if cell.cell_type != "code":
        return
    if len(cell.source.splitlines()) > _CELL_LINES:
        yield f"has more than {_CELL_LINES} lines"
    if not cell.source.strip():
        yield "is empty"
    if not cell.source.startswith("%%wasm") and _SHELL.search(cell.source):
        yield "runs a shell command, whose failure nobody would see"
    if _MARKER.search(cell.source):
        yield "tells nbval in a comment what a tag should tell it"
    failed = any(output.output_type == "error" for output in cell.outputs)
    if failed != ("raises-exception" in tags):
        yield "failed" if failed else "is tagged raises-exception and did not fail"
    if any(_ABSOLUTE_PATH.search(text) for output in cell.outputs for text in _texts(output)):
        yield "has an absolute path in its output"
    if any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in cell.outputs):
        yield "has the view of a widget in its output"


def _texts(output: Any) -> Iterator[str]:
    yield from (str(output.get(field, "")) for field in ("text", "evalue", "traceback"))
    yield from (str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/") or kind == "image/svg+xml")


def read(path: Path) -> Any:
    """Read a committed notebook.

    Raises
    ------
    CourseError
        If it is no notebook.
    """
    nbformat = tool("nbformat")
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise CourseError(f"{path.name} is no notebook: {str(error)[:200]}.", remedy="Build it again from its source.") from None
