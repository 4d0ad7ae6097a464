"""Whether a committed notebook still says what its source says."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from labkit.course.notebooks.rules import broken_rules, read
from labkit.course.notebooks.source import compose
from labkit.course.notebooks.workshop import Pair, binder_url, repository_root

__all__ = ["drifted", "problems", "strays"]


def problems(pair: Pair, *, solved: bool, root: Path | None = None) -> list[str]:
    """Say what is wrong with one committed notebook: drift from its source, and broken rules.

    Returns
    -------
    list of str
        Whole sentences; empty where all is well.
    """
    path = pair.path(solved=solved)
    if not path.is_file():
        return [f"It was never built. Run `python -m labkit.course.notebooks build {pair.name[:2]}`."]
    committed = read(path)
    where = path.relative_to(root or repository_root()).as_posix()
    rules = broken_rules(committed, binder=binder_url(where, root=root), size_bytes=path.stat().st_size)
    return drifted(committed, compose(pair, solved=solved, root=root)) + rules


def drifted(committed: Any, composed: Any) -> list[str]:
    """Say where the cells of a committed notebook differ from those its source makes now.

    Returns
    -------
    list of str
        A sentence for each difference, cells counted from 1.
    """
    old, new = [_identity(cell) for cell in committed.cells], [_identity(cell) for cell in composed.cells]
    found = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "insert":
            found.append(f"{_cells(new_from, new_to)} of the source {_lack(new_to - new_from)} in the notebook.")
        elif kind == "delete":
            found.append(f"{_cells(old_from, old_to)} of the notebook {_lack(old_to - old_from)} in the source.")
        elif kind == "replace":
            found.append(f"{_cells(old_from, old_to)} of the notebook differ{'s' * (old_to - old_from == 1)} from what the source says now.")
    if committed.metadata.get("kernelspec") != composed.metadata.get("kernelspec"):
        found.append("The notebook's kernel differs from that of the source.")
    return found


def strays(root: Path | None = None) -> list[Path]:
    """Committed notebooks that no source makes."""
    folder = (root or repository_root()) / "notebooks"
    known = {path.stem for path in (folder / "sources").glob("*.py")}
    return [path for path in sorted([*folder.glob("*.ipynb"), *(folder / "solutions").glob("*.ipynb")]) if path.stem not in known]


def _identity(cell: Any) -> tuple[str, str, tuple[str, ...], str]:
    return cell.cell_type, cell.source, tuple(cell.metadata.get("tags", [])), cell.get("id", "")


def _cells(start: int, end: int) -> str:
    return f"Cell {start + 1}" if end - start == 1 else f"Cells {start + 1} to {end}"


def _lack(count: int) -> str:
    return "is not" if count == 1 else "are not"
