"""Sets two rows side by side, and takes their ratio only where one interleaved run measured both."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.bench.figures import Ratio
from labkit.bench.results.row import Row, Rows
from labkit.bench.source import Source
from labkit.display import html_table, text_table
from labkit.errors import BenchError

__all__ = ["SideBySide", "ratio", "side_by_side"]


@dataclass(frozen=True)
class SideBySide:
    """Two rows, each with its machine.

    Attributes
    ----------
    one, other : Row
    ratio : Ratio or None
        The time of one over the other's; None where none may be taken.
    reason : str
        Why there is none; empty where there is.
    """

    one: Row
    other: Row
    ratio: Ratio | None
    reason: str

    _HEADER = ("", "one", "other")

    def _rows(self) -> list[list[str]]:
        both = (self.one, self.other)
        lines: list[list[object]] = [
            ["contender", *(row.name for row in both)],
            ["source", *(row.source.value for row in both)],
            ["median", *(row.figures for row in both)],
            ["n", *(len(row.samples) for row in both)],
            ["what was compared", *(row.comparison for row in both)],
            ["command", *(row.command for row in both)],
            ["date", *(row.date for row in both)],
            ["machine", *(row.machine for row in both)],
            ["versions", *(row.version or ", ".join(row.versions) for row in both)],
            ["module", *(row.artifact_sha256[:16] for row in both)],
        ]
        return [[str(cell) for cell in line] for line in lines]

    @property
    def conclusion(self) -> str:
        """The ratio, or why there is none."""
        if self.ratio is None:
            return f"No ratio: {self.reason}"
        certainty = "95 %" if self.ratio.has_interval else "too few samples for one"
        recorded = ", from a recorded run" if self.one.source is Source.RECORDED else ""
        doubt = f" The run's control was off by {self.ratio.doubt:.3f}, so do not rely on it." if self.ratio.doubt != 1 else ""
        return f"{self.ratio} ({certainty}{recorded}).{doubt}"

    def __str__(self) -> str:
        return f"{text_table(self._HEADER, self._rows())}\n\n{self.conclusion}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{html_table(self._HEADER, self._rows())}<p>{escape(self.conclusion)}</p>"

    def summary(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"one": self.one, "other": self.other, "ratio": self.ratio, "reason": self.reason}


def side_by_side(one: Row, other: Row, among: Rows) -> SideBySide:
    """Set two rows side by side.

    Parameters
    ----------
    one, other : Row
    among : Rows
        Those that they come from: a ratio needs the control of their run.

    Returns
    -------
    SideBySide
    """
    reason = _objection(one, other)
    if reason:
        return SideBySide(one, other, None, reason)
    run = Rows(row for row in among if row.run == one.run and row.source is one.source)
    comparison = run.comparison(one.comparison)
    return SideBySide(one, other, comparison.control if one.is_control else comparison.ratio(one.contender, other.contender), "")


def ratio(one: Row, other: Row, among: Rows) -> Ratio:
    """Give the time of one row over another's.

    Parameters
    ----------
    one, other, among
        As for `side_by_side`.

    Returns
    -------
    Ratio

    Raises
    ------
    BenchError
        If one interleaved run did not measure both; the message says what stands against it.
    """
    found = side_by_side(one, other, among)
    if found.ratio is None:
        raise BenchError(f"No ratio is taken: {found.reason}", remedy="Measure both in one `labkit.bench.compare`.")
    return found.ratio


def _objection(one: Row, other: Row) -> str:
    """What stands against taking a ratio; nothing where nothing does."""
    for row in (one, other):
        if row.source is Source.UNAVAILABLE:
            return f"{row.contender!r} was not measured: {row.error}"
    if one.source is not other.source:
        return "one was measured here and the other is recorded, so the machine may be all that differs."
    if one.run != other.run:
        return "they are of two runs, so whatever else changed between them is in the difference."
    if one.comparison != other.comparison:
        return "they are of one run, but were not interleaved with each other."
    if one.seed is None:
        return "their samples were not interleaved."
    if one == other:
        return "they are the same row."
    if other.is_control or (one.is_control and one.contender != other.contender):
        return "a control is held against its own first column and nothing else."
    return ""
