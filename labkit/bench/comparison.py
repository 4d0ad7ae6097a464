"""What a comparison found, and what may be concluded from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from labkit.bench.figures import Ratio
from labkit.bench.load import Load
from labkit.bench.measured import Measured
from labkit.bench.source import Source
from labkit.display import format_seconds, html_table, text_table
from labkit.errors import ArgumentError

__all__ = ["Comparison", "Timing"]


@dataclass(frozen=True)
class Timing:
    """The samples of one contender.

    Attributes
    ----------
    name : str
    calls : int
        How many calls one sample had.
    samples_seconds : tuple of float
        Seconds for one operation, a sample from each block, in the blocks' order.
    version : str
        Of what was measured, with its name; empty where nobody said it.
    note : str
        How it was measured, where that is not the plain way.
    """

    name: str
    calls: int
    samples_seconds: tuple[float, ...] = field(repr=False)
    version: str = ""
    note: str = ""

    def _quantile(self, share: float) -> float:
        return float(np.quantile(self.samples_seconds, share))

    @property
    def median_seconds(self) -> float:
        """Half of the samples took longer."""
        return self._quantile(0.5)

    @property
    def lower_quartile_seconds(self) -> float:
        """A quarter of the samples took less."""
        return self._quantile(0.25)

    @property
    def upper_quartile_seconds(self) -> float:
        """A quarter of the samples took longer."""
        return self._quantile(0.75)

    @property
    def minimum_seconds(self) -> float:
        """The shortest sample."""
        return min(self.samples_seconds)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.samples_seconds)

    def summary(self) -> dict[str, Any]:
        """The figures of the table, for JSON."""
        names = ("name", "median_seconds", "lower_quartile_seconds", "upper_quartile_seconds", "minimum_seconds", "count", "calls", "version", "note")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Comparison:
    """Contenders measured in turn, block by block.

    Attributes
    ----------
    timings : tuple of Timing
        One for each contender, in the order given.
    control : Ratio
        The first contender against itself.
    ratios : tuple of Ratio
        Of every pair, the later contender over the earlier.
    warnings : tuple of str
        What makes the figures doubtful.
    load : Load
    overhead_seconds : float
        What the loop costs a call; it has been taken off.
    wall_seconds : float
        How long the whole measurement took.
    seed : int
        Gives the same order of samples and the same intervals again.
    control_seconds : tuple of float
        The second sample of the first contender in each block.
    source : Source
        Whether it was measured here, or is the recorded run of another machine.
    """

    timings: tuple[Timing, ...]
    control: Ratio
    ratios: tuple[Ratio, ...]
    warnings: tuple[str, ...]
    load: Load
    overhead_seconds: float
    wall_seconds: float
    seed: int
    control_seconds: tuple[float, ...] = field(default=(), repr=False)
    source: Source = Source.LIVE

    def ratio(self, contender: str, reference: str) -> Ratio:
        """Give one contender's time over another's.

        Raises
        ------
        ArgumentError
            If the two are not a pair of contenders.
        """
        for ratio in self.ratios:
            if (ratio.contender, ratio.reference) == (contender, reference):
                return ratio
            if (ratio.reference, ratio.contender) == (contender, reference):
                return ratio.inverse
        names = ", ".join(repr(timing.name) for timing in self.timings)
        raise ArgumentError(f"{contender!r} and {reference!r} are not a pair of contenders.", remedy=f"Choose two of {names}.")

    @property
    def versions(self) -> tuple[str, ...]:
        """What was measured, each with its version, as far as it was said."""
        return tuple(dict.fromkeys(timing.version for timing in self.timings if timing.version))

    @property
    def winner(self) -> str | None:
        """The fastest contender, or None where the samples do not show one; `verdict` says why."""
        return self._conclude()[0]

    @property
    def verdict(self) -> str:
        """What follows from the samples, in one sentence."""
        return self._conclude()[1]

    def _conclude(self) -> tuple[str | None, str]:
        fastest, *others = (timing.name for timing in sorted(self.timings, key=lambda timing: timing.median_seconds))
        if not self.control.has_interval:
            count = self.timings[0].count
            return None, f"No winner: {count} sample{'s' if count > 1 else ''} of each give{'s' * (count == 1)} no interval. Measure for longer."
        if not self.control.covers_one:
            return None, (
                f"No winner: {self.control.reference!r} against itself gave {self.control.figures}, which excludes 1, "
                "so differences found in this run may be the machine's. Measure again, longer or with less else running."
            )
        if not others:
            return None, "No winner: there was one contender."
        ratios = [self.ratio(name, fastest) for name in others]
        for ratio in ratios:
            if ratio.low <= 1:
                return None, f"No winner: {ratio.contender!r} over {ratio.reference!r} is {ratio.figures}, and that interval does not exclude 1."
        nearest = min(ratios, key=lambda ratio: ratio.median)
        return fastest, f"{fastest!r} is the fastest: {nearest.contender!r} takes {nearest.figures} times as long."

    def _rows(self) -> list[list[str]]:
        first = self.timings[0].name
        rows = []
        for timing in self.timings:
            relative = f"{self.control.figures} itself" if timing.name == first else self.ratio(timing.name, first).figures
            quartiles = f"{format_seconds(timing.lower_quartile_seconds)} – {format_seconds(timing.upper_quartile_seconds)}"
            times = [format_seconds(timing.median_seconds), quartiles, format_seconds(timing.minimum_seconds)]
            rows.append([timing.name, *times, str(timing.count), relative])
        return rows

    @property
    def _header(self) -> list[str]:
        return ["contender", "median", "quartiles", "min", "n", f"time / {self.timings[0].name} (95 %)"]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was measured, and how where that is not the plain way."""
        measured = (f"Measured: {', '.join(self.versions)}.",) if self.versions else ()
        return (*measured, *(f"{timing.name}: {timing.note}" for timing in self.timings if timing.note))

    def __str__(self) -> str:
        table = text_table(self._header, self._rows(), right=[1, 2, 3, 4])
        return "\n".join([table, self.verdict, *self.notes, *(f"Warning: {warning}" for warning in self.warnings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        remarks = (self.verdict, *self.notes, *(f"⚠ {warning}" for warning in self.warnings))
        return html_table(self._header, self._rows(), right=[1, 2, 3, 4]) + "".join(f"<p>{escape(remark)}</p>" for remark in remarks)

    def measured(self) -> Iterable[Measured]:
        """The samples of each contender and of the control, for the store."""
        for timing in self.timings:
            yield Measured(timing.name, timing.samples_seconds, calls=timing.calls, version=timing.version, note=timing.note)
        if self.control_seconds:
            first = self.timings[0]
            yield Measured(first.name, self.control_seconds, calls=first.calls, is_control=True, version=first.version, note=first.note)

    def summary(self) -> dict[str, Any]:
        """The figures, without the samples, for JSON."""
        return {
            "timings": [timing.summary() for timing in self.timings],
            "control": self.control,
            "ratios": self.ratios,
            "winner": self.winner,
            "verdict": self.verdict,
            "warnings": self.warnings,
            "load": self.load,
            "overhead_seconds": self.overhead_seconds,
            "wall_seconds": self.wall_seconds,
            "seed": self.seed,
        }
