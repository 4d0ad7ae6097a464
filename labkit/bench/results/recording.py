"""Writes measurements to the result store, with the machine, the versions and the load that they were taken under."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath

from labkit.bench.comparison import Comparison
from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.contenders import version as version_of
from labkit.bench.goals import Report
from labkit.bench.load import Load
from labkit.bench.measured import Measured, Part
from labkit.bench.results.row import Row, Rows
from labkit.bench.results.store import add_rows, load_rows
from labkit.bench.source import Source
from labkit.errors import ArgumentError, BenchError
from labkit.machine import this_machine
from labkit.runtimes.registry import runtimes

__all__ = ["measured", "record"]

#: The runs that this process has recorded.
_SESSION: list[str] = []


def record(
    result: Part | Report,
    title: str = "",
    *,
    command: str | None = None,
    versions: Iterable[str] | None = None,
    artifact_sha256: str = "",
    unavailable: Mapping[str, str] | None = None,
) -> Rows:
    """Keep a measurement in the result store.

    Parameters
    ----------
    result : Comparison, Report, or another part of a report
        What was measured, here and now.
    title : str
        What was compared; a report has titles of its own.
    command : str, optional
        What measures the same again; the notebook's name or the bench's command where left out.
    versions : iterable of str, optional
        What was measured, each with its version; left out, what the result says of itself, or else the runtimes that work here; and Python.
    artifact_sha256 : str, optional
        Digest of the module that all contenders ran.
    unavailable : mapping of str to str, optional
        Contenders that could not be measured, each with why.

    Returns
    -------
    Rows
        What was kept.

    Raises
    ------
    ArgumentError
        If it is no measurement, or has no title.
    BenchError
        If it is a recorded run, or the store cannot be written.

    Examples
    --------
    >>> import labkit
    >>> found = labkit.bench.compare({"three": lambda: sum(range(3)), "four": lambda: sum(range(4))}, seconds=0.1)
    >>> [row.name for row in record(found, "sums", unavailable={"five": "There is no five."})]
    ['three', 'four', 'three (again)', 'five']
    """
    run, date = uuid.uuid4().hex, datetime.now(timezone.utc).isoformat(timespec="seconds")
    if isinstance(result, Report):
        findings = result.findings
        parts = {name: (part, findings.artifacts.get(name, "")) for name, part in findings.comparisons.items()}
        told = (command or f"python -m labkit bench {result.name}", tuple(findings.versions))
        unavailable, of_all = findings.unavailable, result.sentence
    elif callable(getattr(result, "measured", None)) and title and isinstance(title, str):
        if isinstance(versions, str):
            raise ArgumentError(f"versions={versions!r} is no list of versions.", remedy=f"Write versions=[{versions!r}].")
        parts, of_all = {title: (result, artifact_sha256)}, title
        told = (command or _notebook(), _versions(result) if versions is None else tuple(versions))
    else:
        remedy = 'Write record(comparison, "what was compared"), or give a report; of a panel give its result.'
        raise ArgumentError("That is no measurement with a title.", remedy=remedy)
    rows = [row for name, (part, digest) in _with_inner(parts).items() for row in _rows(run, date, told, name, part, digest)]
    empty = [Measured(contender, error=why) for contender, why in (unavailable or {}).items()]
    rows += [_row(run, date, told, of_all, found, None, "") for found in empty]
    kept = add_rows(rows)
    _SESSION.append(run)
    return kept


def measured() -> Rows:
    """Show what this session has recorded: the end of a notebook.

    Returns
    -------
    Rows
        Read from the store.

    Raises
    ------
    BenchError
        If the store cannot be read.
    """
    return load_rows(_SESSION) if _SESSION else Rows()


def _with_inner(parts: Mapping[str, tuple[Part, str]]) -> Mapping[str, tuple[Part, str]]:
    """The parts, and the comparisons that some are made of; one that a report also has by itself is kept once."""
    found = dict(parts)
    for name, (part, digest) in parts.items():
        inner: Mapping[str, Comparison] = part.parts() if hasattr(part, "parts") else {}
        for inner_name, comparison in inner.items():
            found.setdefault(f"{name}: {inner_name}", (comparison, digest))
    return found


def _rows(run: str, date: str, told: tuple[str, tuple[str, ...]], title: str, part: Part, digest: str) -> Iterable[Row]:
    comparison = part if isinstance(part, Comparison) else None
    if getattr(part, "source", Source.LIVE) is not Source.LIVE:
        raise BenchError(f"{title!r} is a recorded run, which is kept where it was measured.", remedy="Measure here, and record that.")
    for found in part.measured():
        yield _row(run, date, told, title, found, comparison, digest)


def _row(
    run: str, date: str, told: tuple[str, tuple[str, ...]], title: str, found: Measured, comparison: Comparison | None, artifact_sha256: str
) -> Row:
    command, versions = told
    return Row(
        run=run,
        date=date,
        source=Source.LIVE if found.samples else Source.UNAVAILABLE,
        command=command,
        comparison=title,
        contender=found.contender,
        is_control=found.is_control,
        error=found.error or ("" if found.samples else "It was not measured."),
        samples=found.samples,
        unit=found.unit,
        calls=found.calls,
        seed=comparison.seed if comparison else None,
        overhead_seconds=comparison.overhead_seconds if comparison else 0.0,
        wall_seconds=comparison.wall_seconds if comparison else 0.0,
        versions=versions,
        artifact_sha256=found.artifact_sha256 or artifact_sha256,
        machine=this_machine(),
        load=comparison.load if comparison else _load(),
        labkit_version=_labkit_version(),
        version=found.version,
        note=found.note,
    )


def _load() -> Load:
    return Load(None, None, os.getloadavg()[0] if hasattr(os, "getloadavg") else None)


def _versions(part: Part) -> tuple[str, ...]:
    known = tuple(getattr(part, "versions", ())) or tuple(version_of(row) for row in runtimes() if row.available)
    return tuple(dict.fromkeys((*known, PYTHON_VERSION)))


def _labkit_version() -> str:
    try:
        return version("labkit")
    except PackageNotFoundError:
        return "not installed"


def _notebook() -> str:
    """The notebook this kernel belongs to, by its name alone, where Jupyter tells it."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    if session.endswith(".ipynb"):
        return f"notebook {PurePath(session).stem}"
    interactive = "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None
    return "a notebook" if interactive else "a Python session"
