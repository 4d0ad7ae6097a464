"""The result store: one SQLite file that several kernels write to at once, and that nothing here ever replaces or deletes.

It keeps SQLite's rollback journal. A write-ahead log would let readers and a writer work at the same time, but needs memory that the
processes share, which a home folder on a network has not; rows come seldom, so a writer simply waits for its turn. Each takes
the lock before it looks at anything, so that none finds out halfway that another was faster.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from labkit.bench.results.codec import COLUMNS, NEW_COLUMNS, flatten, restore
from labkit.bench.results.row import Row, Rows
from labkit.errors import BenchError
from labkit.folders import user_data_folder

__all__ = ["add_rows", "load_rows", "results_path"]

# Spells "labk": what tells this file from the databases of others.
_APPLICATION_ID = 0x6C61626B
_VERSION = 2
_PATIENCE_SECONDS = 20.0
_LEAVE_IT = "It was left as it is: rename it, or set LABKIT_RESULTS to the path of another file."
_ANOTHER = "LABKIT_RESULTS to the path of a file that you may write."
_LISTS = ("samples", "versions")


def results_path() -> Path:
    """Where results are kept: ``LABKIT_RESULTS``, or ``labkit/results.sqlite`` in the user's data folder.

    Returns
    -------
    Path

    Raises
    ------
    BenchError
        If the user has no home folder.

    Examples
    --------
    >>> results_path().suffix
    '.sqlite'
    """
    chosen = os.environ.get("LABKIT_RESULTS")
    if chosen:
        return Path(chosen)
    try:
        return user_data_folder() / "results.sqlite"
    except RuntimeError:
        raise BenchError("This user has no home folder to keep results in.", remedy="Set LABKIT_RESULTS to the path of a file.") from None


def add_rows(rows: Sequence[Row]) -> Rows:
    """Keep rows, all of them or none.

    Returns
    -------
    Rows
        The same with their numbers in the store.

    Raises
    ------
    BenchError
        If a row is none that could be read again, or the file cannot be written, is damaged or is no result store; it is left as it is.
    """
    try:
        for row in rows:
            restore(flatten(row), number=0)
    except ValueError as error:
        raise BenchError(f"The result cannot be kept: {error}.", remedy="Record what `labkit.bench` measured.") from None
    marks = ", ".join("?" * len(COLUMNS))
    with _opened(create=True) as connection:
        numbers = []
        for row in rows:
            values = flatten(row)
            texts = {name: json.dumps(values[name], allow_nan=False) for name in _LISTS}
            done = connection.execute(f"INSERT INTO results ({', '.join(COLUMNS)}) VALUES ({marks})", tuple((values | texts).values()))
            numbers.append(done.lastrowid or 0)
        return Rows(replace(row, number=number) for row, number in zip(rows, numbers))


def load_rows(runs: Sequence[str] | None = None) -> Rows:
    """Read the rows of some runs, or of all; where there is no file yet there are none.

    Raises
    ------
    BenchError
        If the file cannot be read, is damaged or is no result store.
    """
    path = results_path()
    # Nothing yet, or made by a kernel that is about to write its first row.
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return Rows()
    with _opened(create=False) as connection:
        columns = _columns(connection)
        wanted = "" if runs is None else f"WHERE run IN ({', '.join('?' * len(runs))})"
        found = connection.execute(f"SELECT number, {', '.join(columns)} FROM results {wanted} ORDER BY number", tuple(runs or ()))
        return Rows(_row(number, dict(zip(columns, values))) for number, *values in found)


def _columns(connection: sqlite3.Connection) -> list[str]:
    """Those that the store has: one that is only read stays as an earlier labkit made it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return [name for name in COLUMNS if version >= _VERSION or name not in NEW_COLUMNS]


def _row(number: int, columns: dict[str, object]) -> Row:
    columns |= {name: json.loads(str(columns[name])) for name in _LISTS}
    return restore(columns | {"is_control": bool(columns["is_control"])}, number=number)


@contextmanager
def _opened(*, create: bool) -> Iterator[sqlite3.Connection]:
    """Open the store for one transaction; whatever goes wrong is told as an error of labkit's, and undone."""
    path = results_path()
    try:
        if path.exists() and not path.is_file():
            raise BenchError(f"The result store {str(path)!r} is no file.", remedy="Set LABKIT_RESULTS to the path of a file.")
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE" if create else "BEGIN")
            _recognise(connection, path, create=create)
            yield connection
            connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        wait = "Wait for the other kernel that writes to it, or set" if "locked" in str(error) else "Set"
        raise BenchError(f"The result store {str(path)!r} cannot be used: {error}.", remedy=f"{wait} {_ANOTHER}") from None
    except (sqlite3.Error, ValueError) as error:
        raise BenchError(f"The result store {str(path)!r} is damaged, or is something else: {error}.", remedy=_LEAVE_IT) from None
    except OSError as error:
        reason = "a part of its path is a file" if isinstance(error, (FileExistsError, NotADirectoryError)) else error.strerror
        raise BenchError(f"The result store {str(path)!r} cannot be used: {reason}.", remedy=f"Set {_ANOTHER}") from None


def _recognise(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Refuse what is not labkit's, newer than this labkit, or damaged; make the table where there is nothing yet."""
    (application,), (version,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version"))
    if create and not application and not version and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _make_table(connection)
    elif application != _APPLICATION_ID:
        raise BenchError(f"{str(path)!r} is a database of another program's.", remedy=_LEAVE_IT)
    elif version > _VERSION:
        raise BenchError(f"A newer labkit wrote the result store {str(path)!r}.", remedy="Use that labkit, or set LABKIT_RESULTS to another file.")
    (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise sqlite3.DatabaseError(state)
    if create and 0 < version < _VERSION:
        for name in NEW_COLUMNS:
            connection.execute(f"ALTER TABLE results ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _make_table(connection: sqlite3.Connection) -> None:
    """Make the one table. A column has the type of its values; lists are JSON."""
    affinities = {str: "TEXT", bool: "INTEGER", int: "INTEGER", float: "REAL", list: "TEXT"}
    columns = ", ".join(f"{name} {affinities[types[0]]}{'' if type(None) in types else ' NOT NULL'}" for name, types in COLUMNS.items())
    connection.execute(f"CREATE TABLE results (number INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
    connection.execute("CREATE INDEX results_run ON results (run)")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
