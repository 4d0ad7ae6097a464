"""How much memory idle instances take, and as many idle processes: the question of how many guests fit on one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

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
    """

    series: Mapping[str, tuple[tuple[int, int], ...]]
    notes: tuple[str, ...] = ()

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
