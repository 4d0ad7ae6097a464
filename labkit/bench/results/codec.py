"""A row as flat, plain values and back: one description of the columns for the database, for JSON and for CSV."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from labkit.bench.load import Load
from labkit.bench.results.row import Row
from labkit.bench.source import Source
from labkit.machine import Machine

__all__ = ["COLUMNS", "NEW_COLUMNS", "flatten", "restore"]

_NUMBER = (float, int)
#: The largest whole number that SQLite keeps.
_LARGEST = 2**63 - 1
#: Each column's name and types. ``samples`` and ``versions`` are lists; the last two are empty in what an earlier labkit kept.
COLUMNS: dict[str, tuple[type, ...]] = {
    "run": (str,),
    "date": (str,),
    "source": (str,),
    "command": (str,),
    "comparison": (str,),
    "contender": (str,),
    "is_control": (bool,),
    "error": (str,),
    "unit": (str,),
    "calls": (int,),
    "seed": (int, type(None)),
    "overhead_seconds": _NUMBER,
    "wall_seconds": _NUMBER,
    "artifact_sha256": (str,),
    "labkit_version": (str,),
    "cpu": (str,),
    "cores": (int,),
    "kernel": (str,),
    "memory_bytes": (int, type(None)),
    "cgroup_cpus": (*_NUMBER, type(None)),
    "cgroup_memory_bytes": (int, type(None)),
    "others_cpus": (*_NUMBER, type(None)),
    "stolen_cpus": (*_NUMBER, type(None)),
    "load_average": (*_NUMBER, type(None)),
    "versions": (list,),
    "samples": (list,),
    "version": (str,),
    "note": (str,),
}
#: Of these an earlier labkit knew nothing.
NEW_COLUMNS = ("version", "note")
_MACHINE = ("cpu", "cores", "kernel", "memory_bytes", "cgroup_cpus", "cgroup_memory_bytes")
_LOAD = {"others_cpus": "others_cpus", "stolen_cpus": "stolen_cpus", "load_average": "average"}


def flatten(row: Row) -> dict[str, Any]:
    """Give the row's columns; its number, which only its place tells, is left out."""
    values = {**vars(row), **asdict(row.machine), **{column: getattr(row.load, name) for column, name in _LOAD.items()}}
    values |= {"source": row.source.value, "versions": list(row.versions), "samples": list(row.samples)}
    return {name: values[name] for name in COLUMNS}


def restore(values: Any, *, number: int) -> Row:
    """Make a row of its columns, the new ones among them or not.

    Raises
    ------
    ValueError
        If they are not what `flatten` gives.
    """
    if type(values) is dict and set(values) == set(COLUMNS) - set(NEW_COLUMNS):
        values = values | dict.fromkeys(NEW_COLUMNS, "")
    if type(values) is not dict or set(values) != set(COLUMNS):
        raise ValueError("a row does not have the columns of a result")
    for name, types in COLUMNS.items():
        value = values[name]
        # Exactly: a bool is an int for isinstance.
        if type(value) not in types or (type(value) in _NUMBER and not abs(value) <= _LARGEST):
            raise ValueError(f"the column {name} of a row holds {str(value)[:40]!r}")
        if type(value) is str:
            value.encode()
    if not all(type(sample) in _NUMBER and math.isfinite(sample) for sample in values["samples"]):
        raise ValueError("a row has a sample that is no number")
    if not all(type(version) is str for version in values["versions"]):
        raise ValueError("a row has a version that is no text")
    source = Source(values["source"])
    if (source is Source.UNAVAILABLE) == bool(values["samples"]):
        raise ValueError("a row has samples and is unavailable, or neither")
    plain = {name: values[name] for name in COLUMNS if name not in (*_MACHINE, *_LOAD)}
    plain |= {"source": source, "versions": tuple(values["versions"]), "samples": tuple(map(float, values["samples"]))}
    machine = Machine(**{name: values[name] for name in _MACHINE})
    return Row(**plain, machine=machine, load=Load(**{name: values[column] for column, name in _LOAD.items()}), number=number)
