"""Rows as files: JSON that can be read back, CSV for other programs, and the recorded runs that the lab ships."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from labkit.bench.results.codec import COLUMNS, flatten, restore
from labkit.bench.results.row import Row, Rows
from labkit.bench.source import Source
from labkit.data_files import data_folder
from labkit.errors import ArgumentError, BenchError

__all__ = ["from_json", "reference", "reference_names", "to_csv", "to_json"]

_FORMAT = "labkit results 2"
_READ_FORMATS = ("labkit results 1", _FORMAT)
_LARGEST_BYTES = 64 * 2**20


def to_json(rows: Iterable[Row]) -> str:
    """Write rows as JSON, each on a line of its own.

    Examples
    --------
    >>> from_json(to_json([]))
    Nothing is recorded.
    """
    lines = ",\n".join(json.dumps(flatten(row), allow_nan=False) for row in rows)
    return f'{{"format": "{_FORMAT}", "rows": [\n{lines}\n]}}\n'


def to_csv(rows: Iterable[Row]) -> str:
    """Write rows as CSV, a line for each sample; a row without samples has one line, with its error.

    Examples
    --------
    >>> to_csv([]).startswith("run,date,source,")
    True
    """
    text = io.StringIO()
    names = [name for name in COLUMNS if name != "samples"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "block", "sample"])
    for row in rows:
        values: dict[str, Any] = {**flatten(row), "versions": "; ".join(row.versions)}
        told = [values[name] for name in names]
        writer.writerows([*told, block, sample] for block, sample in enumerate(row.samples or [""]))
    return text.getvalue()


def from_json(text: str) -> Rows:
    """Read what `to_json` wrote. What was measured then is recorded now.

    Raises
    ------
    BenchError
        If it is something else.
    """
    try:
        stored = json.loads(text)
        if type(stored) is not dict or stored.get("format") not in _READ_FORMATS or type(stored.get("rows")) is not list:
            raise ValueError("it does not say what exported results say")
        rows = [restore(row, number=number) for number, row in enumerate(stored["rows"], 1)]
    except (ValueError, RecursionError) as error:
        remedy = "Export them again: `python -m labkit results export`."
        raise BenchError(f"These are no exported results: {error}.", remedy=remedy) from None
    return Rows(row if row.source is Source.UNAVAILABLE else replace(row, source=Source.RECORDED) for row in rows)


def reference_names() -> tuple[str, ...]:
    """Name the recorded runs that the lab ships.

    Examples
    --------
    >>> "calls" in reference_names()
    True
    """
    return tuple(sorted(path.stem for path in (data_folder() / "reference").glob("*.json")))


def reference(name: str) -> Rows:
    """Give a recorded run that the lab ships, with the machine it was taken on.

    Parameters
    ----------
    name : str
        One of those in the lab's ``data/reference``; each has the name of its bench.

    Returns
    -------
    Rows
        All recorded, or unavailable there.

    Raises
    ------
    ArgumentError
        If there is none of that name.
    BenchError
        If its file is damaged.

    Examples
    --------
    >>> {row.source.value for row in reference("calls")}
    {'recorded'}
    """
    names = reference_names()
    if name not in names:
        raise ArgumentError(f"There is no recorded run {name!r}.", remedy=f"Choose one of {', '.join(names) or 'none, for there are none'}.")
    path = data_folder() / "reference" / f"{name}.json"
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BenchError(f"The recorded run {name!r} is too large to be one.", remedy="Get the lab's file again.")
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"The recorded run {name!r} cannot be read: {error}.", remedy="Get the lab's file again.") from None
