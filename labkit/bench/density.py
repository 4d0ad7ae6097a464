"""How much memory idle instances take, and as many idle processes: the question of how many guests fit on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.bench.measured import Measured
from labkit.bench.results.row import Rows
from labkit.bench.source import Source
from labkit.display import format_bytes, html_table, text_table

__all__ = ["Density"]


@dataclass(frozen=True)
class Density:
    """Memory over how many there are, of several kinds of guests.

    Attributes
    ----------
    series : mapping of str to tuple of (int, int)
        Name to points of how many idle ones there were and how many bytes they held together, in PSS (proportional set
        size: memory that processes share counts for each in part).
    notes : tuple of str
        What is missing, and why.
    source : Source
        Whether it was measured here, or is the recorded run of another machine.
    """

    series: Mapping[str, tuple[tuple[int, int], ...]]
    notes: tuple[str, ...] = ()
    source: Source = Source.LIVE

    _HEADER = ("what", "how many", "memory, PSS", "for one")

    def _rows(self) -> list[list[str]]:
        return [
            [name, f"{count:,}", format_bytes(pss_bytes), format_bytes(round(pss_bytes / count))]
            for name, points in self.series.items()
            for count, pss_bytes in points
        ]

    def __str__(self) -> str:
        return "\n".join([text_table(self._HEADER, self._rows(), right=[1, 2, 3]), *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(self._HEADER, self._rows(), caption="Memory of idle guests", right=[1, 2, 3])
        return table + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def summary(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"series": self.series, "notes": self.notes}

    def measured(self) -> Iterable[Measured]:
        """The bytes at each point, for the store."""
        for name, points in self.series.items():
            for count, pss_bytes in points:
                yield Measured(f"{count} × {name}", (float(pss_bytes),), unit="B")

    @classmethod
    def of_rows(cls, rows: Rows) -> Density:
        """Make the points again out of the store, or of a recorded run.

        Parameters
        ----------
        rows : Rows
            What `measured` gave, out of the store or recorded; others are passed over.

        Examples
        --------
        >>> Density.of_rows(Rows()).series
        {}
        """
        series: dict[str, tuple[tuple[int, int], ...]] = {}
        recorded = False
        for row in rows:
            count, times, name = row.contender.partition(" × ")
            if times and row.unit == "B" and count.isdigit() and row.samples:
                series[name] = (*series.get(name, ()), (int(count), round(row.samples[0])))
                recorded |= row.source is Source.RECORDED
        return cls(series, source=Source.RECORDED if recorded else Source.LIVE)
