"""What a learner has done, in one small file that several kernels share and that never stands in the way of a check."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labkit.course.exercises import exercises, notebook_of
from labkit.display import html_table, text_table
from labkit.errors import CourseError
from labkit.folders import user_data_folder

if sys.platform != "win32":
    import fcntl

__all__ = ["Progress", "ProgressRow", "progress", "progress_path", "record_check", "record_hints"]

_VERSION = 1
_LARGEST_BYTES = 2**20
_LOCK_SECONDS = 1.0


@dataclass(frozen=True)
class ProgressRow:
    """What was done about one exercise.

    Attributes
    ----------
    correct : bool
        Whether an answer was ever correct.
    checks : int
        How many answers were checked, untouched starters apart.
    hints : int
        How many stages of its hints were seen.
    """

    correct: bool = False
    checks: int = 0
    hints: int = 0


@dataclass(frozen=True)
class Progress:
    """A learner's progress, exercise by exercise.

    Attributes
    ----------
    rows : dict of str to ProgressRow
        By the exercise's name, in the order of the course; those never attempted too.
    """

    rows: dict[str, ProgressRow]

    _HEADER = ("notebook", "exercise", "solved", "checks", "hints seen")

    def _table(self) -> list[list[object]]:
        table: list[list[object]] = []
        for name, row in self.rows.items():
            exercise = exercises()[name]
            solved = "yes" if row.correct else "no" if row.checks else ""
            table.append([notebook_of(name), exercise.title, solved, row.checks, f"{row.hints} of {len(exercise.hints)}"])
        return table

    def _head(self) -> str:
        return f"{sum(row.correct for row in self.rows.values())} of {len(self.rows)} exercises solved"

    def __str__(self) -> str:
        return f"{self._head()}\n\n{text_table(self._HEADER, self._table(), right=[3])}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._table(), caption=self._head(), right=[3])


def progress_path() -> Path:
    """Where progress is kept: ``LABKIT_PROGRESS``, or ``labkit/progress.json`` in the user's data folder.

    Returns
    -------
    Path

    Raises
    ------
    CourseError
        If the user has no home folder.

    Examples
    --------
    >>> progress_path().suffix
    '.json'
    """
    chosen = os.environ.get("LABKIT_PROGRESS")
    if chosen:
        return Path(chosen)
    try:
        return user_data_folder() / "progress.json"
    except RuntimeError:
        raise CourseError("This user has no home folder to keep progress in.", remedy="Set LABKIT_PROGRESS to the path of a file.") from None


def progress() -> Progress:
    """Show what has been done so far.

    Returns
    -------
    Progress

    Raises
    ------
    CourseError
        If the file that keeps it is damaged, or may not be read.

    Examples
    --------
    >>> "magic_size" in progress().rows
    True
    """
    stored = _read(progress_path())
    return Progress({name: stored.get(name, ProgressRow()) for name in exercises()})


def record_check(name: str, *, correct: bool) -> None:
    """Keep a verdict, where that is possible: a file that cannot be used is left as it is."""
    _record(name, lambda row: replace(row, correct=row.correct or correct, checks=row.checks + 1))


def record_hints(name: str, stages: int) -> None:
    """Keep how many stages of hints were seen, where that is possible."""
    _record(name, lambda row: replace(row, hints=max(row.hints, stages)))


def _record(name: str, change: Callable[[ProgressRow], ProgressRow]) -> None:
    try:
        path = progress_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            rows = _read(path)
            old = rows.get(name, ProgressRow())
            rows[name] = change(old)
            if rows[name] != old:
                _write(path, rows)
    except (CourseError, OSError, ValueError):
        # The learner asked for a verdict or a hint, not for bookkeeping; progress() reports what is wrong with the file.
        pass


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other kernels out while the file is read and replaced."""
    if sys.platform == "win32":
        yield
        return
    with open(f"{path}.lock", "ab") as lock:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        yield


def _read(path: Path) -> dict[str, ProgressRow]:
    remedy = "Delete or rename that file to begin anew, or set LABKIT_PROGRESS to the path of another."
    try:
        if not path.exists():
            return {}
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_BYTES:
            raise ValueError("it is no small regular file")
        return _rows(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise CourseError(f"The progress in {str(path)!r} cannot be read: {error}.", remedy=remedy) from None


def _rows(stored: Any) -> dict[str, ProgressRow]:
    """Read what `_write` wrote; raise ValueError for anything else."""
    if type(stored) is not dict or stored.get("version") != _VERSION or type(stored.get("exercises")) is not dict:
        raise ValueError("it does not say what progress files say")
    rows = {}
    for name, row in stored["exercises"].items():
        if type(row) is not dict or set(row) != {"correct", "checks", "hints"}:
            raise ValueError(f"what it says of {name[:40]!r} is not understood")
        if type(row["correct"]) is not bool or type(row["checks"]) is not int or type(row["hints"]) is not int:
            raise ValueError(f"what it says of {name[:40]!r} is not understood")
        rows[name] = ProgressRow(**row)
    return rows


def _write(path: Path, rows: dict[str, ProgressRow]) -> None:
    text = json.dumps({"version": _VERSION, "exercises": {name: vars(row) for name, row in rows.items()}}, indent=1)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
