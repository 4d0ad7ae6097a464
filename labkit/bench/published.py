"""What others have published about the same question: named with its source, never in a column with what is measured here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from labkit.bench.measured import Measured
from labkit.display import html_table, text_table

__all__ = ["PUBLISHED", "PublishedFigure", "PublishedFigures"]


@dataclass(frozen=True)
class PublishedFigure:
    """A figure that somebody else measured, on another machine, of other programs and other versions.

    Attributes
    ----------
    what, figure, source, address : str
    year : int
    """

    what: str
    figure: str
    source: str
    year: int
    address: str


@dataclass(frozen=True)
class PublishedFigures:
    """Published figures, as a table that says so.

    Attributes
    ----------
    figures : tuple of PublishedFigure
    """

    figures: tuple[PublishedFigure, ...]

    _HEADER = ("published, not measured here", "figure", "source", "year")
    _NOTE = "Other machines, programs and versions: read them beside a live figure, not as one."

    def _rows(self) -> Sequence[Sequence[object]]:
        return [(one.what, one.figure, f"{one.source}, {one.address}", one.year) for one in self.figures]

    def __str__(self) -> str:
        return f"{text_table(self._HEADER, self._rows())}\n{self._NOTE}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{html_table(self._HEADER, self._rows(), grey=range(len(self.figures)))}<p>{escape(self._NOTE)}</p>"

    def summary(self) -> list[PublishedFigure]:
        """The same for JSON."""
        return list(self.figures)

    def measured(self) -> Iterable[Measured]:
        """Nothing: no one measured these here."""
        return ()


_JANGDA = ("Jangda, Powers, Berger, Guha: Not So Fast, USENIX ATC", 2019, "https://www.usenix.org/conference/atc19/presentation/jangda")
_DENIS = ("Frank Denis: Performance of WebAssembly runtimes in 2023", 2023, "https://00f.net/2023/01/04/webassembly-benchmark-2023/")
PUBLISHED = PublishedFigures(
    (
        PublishedFigure("SPEC CPU in Firefox / native, mean", "1.45 (at worst 2.08)", *_JANGDA),
        PublishedFigure("SPEC CPU in Chrome / native, mean", "1.55 (at worst 2.5)", *_JANGDA),
        PublishedFigure("libsodium's functions on servers' runtimes / native, medians by runtime", "2.3 to 17", *_DENIS),
    )
)
