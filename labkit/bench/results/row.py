"""One row of the result store, what a contender gave or why it gave nothing; and rows together, which show themselves as a table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

import numpy as np

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load
from labkit.bench.source import Source
from labkit.display import format_bytes, format_seconds, html_table, shorten, text_table
from labkit.errors import ArgumentError, BenchError
from labkit.machine import Machine

__all__ = ["Row", "Rows"]

_LONGEST_ERROR = 100
_COLUMNS = 100


@dataclass(frozen=True)
class Row:
    """What one contender gave in one run, with everything the figure depends on.

    Attributes
    ----------
    run : str
        Names the run; rows of two runs have two names.
    date : str
        When it was recorded: ISO 8601, UTC.
    source : Source
    command : str
        What measures the same again.
    comparison : str
        What was compared: rows of the same run and comparison were measured side by side.
    contender : str
    is_control : bool
        Whether it is a contender's second column, by which the run was checked.
    error : str
        Why there are no samples; empty where there are.
    samples : tuple of float
        In the order they were taken.
    unit : str
        Of the samples: ``"s"``, ``"B"``, or ``"1"`` for what has none.
    calls : int
        How many calls one sample had.
    seed : int or None
        For intervals; None where the samples were not interleaved, so that no ratio follows from them.
    overhead_seconds, wall_seconds : float
        What was taken off each call, and how long the comparison took.
    versions : tuple of str
        What was measured, each with its version.
    artifact_sha256 : str
        Of the module that ran; empty where it is not known.
    machine : Machine
    load : Load
    labkit_version : str
    version : str
        Of this contender, with the name of what it is; empty where only the run's ``versions`` tell it.
    note : str
        How it was measured, where that is not the plain way.
    number : int
        Its place in the store, or among the recorded rows.
    """

    run: str
    date: str
    source: Source
    command: str
    comparison: str
    contender: str
    is_control: bool
    error: str
    samples: tuple[float, ...] = field(repr=False)
    unit: str
    calls: int
    seed: int | None
    overhead_seconds: float
    wall_seconds: float
    versions: tuple[str, ...]
    artifact_sha256: str
    machine: Machine
    load: Load
    labkit_version: str
    version: str = ""
    note: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """The contender, and whether it is the control."""
        return f"{self.contender} (again)" if self.is_control else self.contender

    @property
    def figures(self) -> str:
        """The median of the samples with its unit, or why there is none."""
        if self.error or not self.samples:
            return f"unavailable: {shorten(self.error, _LONGEST_ERROR)}"
        median = float(np.median(self.samples))
        return format_seconds(median) if self.unit == "s" else format_bytes(round(median)) if self.unit == "B" else f"{median:.4g}"

    @property
    def timing(self) -> Timing:
        """The samples, as a comparison has them."""
        return Timing(self.contender, self.calls, self.samples, self.version, self.note)


class Rows(tuple[Row, ...]):
    """Rows, shown as a table with the runs they come from.

    Examples
    --------
    >>> print(Rows())
    Nothing is recorded.
    """

    _HEADER = ("row", "source", "contender", "median", "n")

    def runs(self) -> Iterator[Rows]:
        """The same run by run, in the order of the rows."""
        for _, rows in groupby(self, key=lambda row: row.run):
            yield Rows(rows)

    @property
    def where(self) -> str:
        """The machines and days of these rows: what a plot of recorded ones says of them."""
        return "; ".join(dict.fromkeys(f"{row.machine}, {row.date[:10]}" for row in self))

    def comparison(self, title: str) -> Comparison:
        """Give the newest comparison of that title, as it was.

        Parameters
        ----------
        title : str
            What was compared.

        Returns
        -------
        Comparison
            Its ``source`` says whether it was measured here.

        Raises
        ------
        ArgumentError
            If there is none among these rows.
        BenchError
            If its samples were not interleaved, so that there is nothing to compare.
        """
        found = [row for row in self if row.comparison == title and row.samples]
        if not found:
            titles = ", ".join(dict.fromkeys(repr(row.comparison) for row in self)) or "none, for nothing is recorded"
            raise ArgumentError(f"No run here compared {title!r}.", remedy=f"Choose one of {titles}.")
        # Of one source, too: a run may be here both as it was measured and as it was recorded.
        rows = [row for row in found if (row.run, row.source) == (found[-1].run, found[-1].source)]
        contenders, controls = [row for row in rows if not row.is_control], [row for row in rows if row.is_control]
        first = contenders[0]
        if first.seed is None or len(controls) != 1:
            raise BenchError(f"The samples of {title!r} were not interleaved, so no ratio follows from them.", remedy="Read each by itself.")
        if len({len(row.samples) for row in rows}) != 1:
            raise BenchError(f"The columns of {title!r} are not of the same blocks.", remedy="Measure again: this record is damaged.")
        return conclude(
            [row.timing for row in contenders],
            controls[0].samples,
            load=first.load,
            overhead_seconds=first.overhead_seconds,
            wall_seconds=first.wall_seconds,
            seed=first.seed,
            source=first.source,
        )

    def _comparisons(self) -> Iterator[Rows]:
        """The rows of a run, comparison by comparison."""
        for _, rows in groupby(self, key=lambda row: row.comparison):
            yield Rows(rows)

    def _cells(self) -> list[list[str]]:
        return [
            [str(row.number), row.source.value, row.name, row.figures if row.samples else "–", str(len(row.samples)) if row.samples else "–"]
            for row in self
        ]

    def _remarks(self) -> Iterator[str]:
        """Why there are no samples, and how samples were taken that were not in the plain way; each once, with its rows."""
        told: dict[tuple[bool, str], list[str]] = {}
        for row in self:
            if row.error or row.note:
                told.setdefault((bool(row.error), row.error or row.note), []).append(str(row.number))
        for (missing, words), numbers in told.items():
            are = "" if not missing else " is unavailable" if len(numbers) == 1 else " are unavailable"
            yield f"Row{'s' * (len(numbers) > 1)} {', '.join(numbers)}{are}: {words}"

    @staticmethod
    def _heading(first: Row) -> str:
        told = "recorded, not measured here" if first.source is Source.RECORDED else "measured"
        return f"{first.command}: {told} on {first.date} with labkit {first.labkit_version} on {first.machine}"

    def _versions(self) -> str:
        return f"Versions: {', '.join(self[0].versions) or 'not recorded'}."

    def __str__(self) -> str:
        return "\n\n".join(run._run_text() for run in self.runs()) or "Nothing is recorded."

    def _run_text(self) -> str:
        """A run, in lines that a terminal of a hundred columns does not break."""
        lines = [*_wrapped(self._heading(_told(self)))]
        for rows in self._comparisons():
            table = text_table(self._HEADER, rows._cells(), right=[0, 3, 4])
            lines += ["", *_wrapped(rows[0].comparison), table, *(line for remark in rows._remarks() for line in _wrapped(remark))]
        return "\n".join([*lines, "", *_wrapped(self._versions())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(run._run_html() for run in self.runs()) or f"<p>{escape(str(self))}</p>"

    def _run_html(self) -> str:
        parts = [f"<p><b>{escape(self._heading(_told(self)))}</b></p>"]
        for rows in self._comparisons():
            grey = [i for i, row in enumerate(rows) if row.source is Source.UNAVAILABLE]
            parts.append(html_table(self._HEADER, rows._cells(), caption=rows[0].comparison, right=[0, 3, 4], grey=grey))
            parts += [f"<p>{escape(remark)}</p>" for remark in rows._remarks()]
        return "".join([*parts, f"<p>{escape(self._versions())}</p>"])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _told(run: Iterable[Row]) -> Row:
    """A row that tells the run's source: one that has figures, where there is one."""
    rows = list(run)
    return next((row for row in rows if row.source is not Source.UNAVAILABLE), rows[0])
