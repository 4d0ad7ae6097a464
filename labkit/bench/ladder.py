"""The ladder of cold starts: from a function call to a container, one rung a thing that isolates a program, and what each costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from labkit.bench.comparison import Comparison
from labkit.bench.figures import Ratio
from labkit.bench.measured import Measured
from labkit.bench.source import Source
from labkit.bench.statistics import FEWEST_SAMPLES
from labkit.display import format_bytes, format_seconds, html_table, text_table
from labkit.errors import ArgumentError

__all__ = ["MEMORY_METHOD", "PARTS", "Ladder", "Rung"]

MEMORY_METHOD = (
    "Memory is the proportional set size (PSS) that a run adds while its guest waits, over all processes of the run; kernel memory and "
    "daemons that ran before are not in it. An image is every file that the rung needs to start the guest and that is not the host's own."
)

#: What the store calls a ladder's comparisons.
PARTS = tuple(f"from start to hello, the {which} rungs" for which in ("fast", "slow", "slowest"))


@dataclass(frozen=True)
class Rung:
    """One way to start a program that prints hello.

    Attributes
    ----------
    name : str
    isolates : str
        What stands between the program and the host.
    samples_seconds : tuple of float
        From the start until hello has arrived, a sample from each block, in the blocks' order; none where there is an error.
    error : str
        Why it could not be measured here; empty where it was.
    remedy : str
        What to do about that.
    image_bytes : int or None
        Size of what is started: module, executable or image.
    memory_bytes : int or None
        What one more that waits adds, in PSS; None where the system does not tell.
    kind : str
        ``"native"``, ``"wasm"``, ``"sandbox"`` or ``"container"``.
    ending_seconds : tuple of float
        From hello until the command is gone and what it left is cleaned up by it, one for each run; none where a run ends with its hello.
    note : str
        How it was started, where that is not the plain way.
    version : str
        Of what started it, with its name; empty where that is the system alone.
    """

    name: str
    isolates: str
    samples_seconds: tuple[float, ...] = field(default=(), repr=False)
    error: str = ""
    remedy: str = ""
    image_bytes: int | None = None
    memory_bytes: int | None = None
    kind: str = "native"
    ending_seconds: tuple[float, ...] = field(default=(), repr=False)
    note: str = ""
    version: str = ""

    @property
    def measured_here(self) -> bool:
        """Whether it has samples."""
        return bool(self.samples_seconds)

    @property
    def median_seconds(self) -> float | None:
        """Half of the starts took longer; None where it did not run."""
        return float(np.median(self.samples_seconds)) if self.samples_seconds else None

    @property
    def median_ending_seconds(self) -> float | None:
        """Half of the runs took longer to end; None where it did not run, or ends with its hello."""
        return float(np.median(self.ending_seconds)) if self.ending_seconds else None


@dataclass(frozen=True)
class Ladder:
    """The rungs, from the least that stands between a program and its host to the most.

    Attributes
    ----------
    rungs : tuple of Rung
        The first is what the others are held against. Those that could not run are among them, with their errors.
    comparisons : tuple of Comparison
        The interleaved runs that the samples come from: of the fast rungs, the slow and the slowest, the first rung in each.
    wall_seconds : float
        How long the whole measurement took, preparing and cleaning up included.
    source : Source
        Whether it was measured here, or is the recorded run of another machine.
    """

    rungs: tuple[Rung, ...]
    comparisons: tuple[Comparison, ...] = ()
    wall_seconds: float = 0.0
    source: Source = Source.LIVE

    def rung(self, name: str) -> Rung:
        """Find a rung.

        Raises
        ------
        ArgumentError
            If there is none of that name.
        """
        for rung in self.rungs:
            if rung.name == name:
                return rung
        raise ArgumentError(f"The ladder has no rung {name!r}.", remedy=f"Choose one of {', '.join(repr(rung.name) for rung in self.rungs)}.")

    def ratio(self, name: str) -> Ratio | None:
        """Give a rung's time over the first one's, from the run that had both; None where it was not measured."""
        reference = self.rungs[0].name
        for comparison in self.comparisons:
            names = [timing.name for timing in comparison.timings]
            if reference in names and name in names:
                return comparison.control if name == reference else comparison.ratio(name, reference)
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the figures doubtful, each once."""
        return tuple(dict.fromkeys(warning for comparison in self.comparisons for warning in comparison.warnings))

    @property
    def versions(self) -> tuple[str, ...]:
        """What started the program, each with its version."""
        return tuple(dict.fromkeys(rung.version for rung in self.rungs if rung.measured_here and rung.version))

    @property
    def _header(self) -> list[str]:
        return ["rung", "what isolates it", "hello after", f"times {self.rungs[0].name} (95 %)", "n", "gone another", "image", "memory"]

    _RIGHT = (2, 4, 5, 6, 7)

    def _row(self, rung: Rung) -> list[str]:
        if not rung.measured_here:
            return [rung.name, rung.isolates, "–", "–", "0", "–", _size(rung.image_bytes), "–"]
        ratio = self.ratio(rung.name)
        itself = " itself" if rung is self.rungs[0] else ""
        times = [_duration(rung.median_seconds), "–" if ratio is None else ratio.figures + itself]
        return [
            rung.name,
            rung.isolates,
            *times,
            str(len(rung.samples_seconds)),
            _duration(rung.median_ending_seconds),
            _size(rung.image_bytes),
            _size(rung.memory_bytes),
        ]

    @property
    def _remarks(self) -> list[str]:
        missing = [f"{rung.name} did not run: {rung.error} {rung.remedy}".rstrip() for rung in self.rungs if not rung.measured_here]
        notes = [f"{rung.name}: {rung.note}" for rung in self.rungs if rung.measured_here and rung.note]
        measured = [f"Measured: {', '.join(self.versions)}."] if self.versions else []
        return [*measured, *missing, *notes, *self._without_interval(), MEMORY_METHOD]

    def _without_interval(self) -> Iterable[str]:
        few = [rung.name for rung in self.rungs if (ratio := self.ratio(rung.name)) is not None and not ratio.has_interval]
        if few:
            yield f"No interval: fewer than {FEWEST_SAMPLES} starts do not tell how far the next would be off. So few had {', '.join(few)}."

    def __str__(self) -> str:
        table = text_table(self._header, [self._row(rung) for rung in self.rungs], right=self._RIGHT)
        return "\n".join([table, *self._remarks, *(f"Warning: {warning}" for warning in self.warnings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        caption = "A recorded run of another machine" if self.source is Source.RECORDED else ""
        grey = [i for i, rung in enumerate(self.rungs) if not rung.measured_here]
        table = html_table(self._header, [self._row(rung) for rung in self.rungs], caption=caption, right=self._RIGHT, grey=grey)
        remarks = "".join(f"<p>{escape(line)}</p>" for line in self._remarks)
        return table + remarks + "".join(f"<p>⚠ {escape(warning)}</p>" for warning in self.warnings)

    def summary(self) -> dict[str, Any]:
        """The figures, without the samples, for JSON."""
        return {"rungs": [_summary(rung, self.ratio(rung.name)) for rung in self.rungs], "source": self.source, "wall_seconds": self.wall_seconds}

    def measured(self) -> Iterable[Measured]:
        """What the comparisons do not have, for the store: of each rung its sizes and how it ended, or why it did not run."""
        for rung in self.rungs:
            if not rung.measured_here:
                yield Measured(rung.name, error=f"{rung.error} {rung.remedy}".strip())
            sizes: Sequence[tuple[str, int | None]] = (("image", rung.image_bytes), ("memory", rung.memory_bytes))
            for what, size_bytes in sizes:
                if size_bytes is not None:
                    yield Measured(f"{rung.name}: {what}", (float(size_bytes),), unit="B", version=rung.version, note=rung.note)
            if rung.ending_seconds:
                yield Measured(f"{rung.name}: ending", rung.ending_seconds, version=rung.version, note=rung.note)

    def parts(self) -> Mapping[str, Comparison]:
        """The comparisons, for the store."""
        return dict(zip(PARTS, self.comparisons))


def _summary(rung: Rung, ratio: Ratio | None) -> dict[str, Any]:
    words, figures = ("name", "kind", "isolates", "error", "remedy", "note", "version"), ("median_seconds", "median_ending_seconds")
    values = {name: getattr(rung, name) for name in (*words, *figures, "image_bytes", "memory_bytes")}
    return {**values, "count": len(rung.samples_seconds), "ratio": ratio}


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else format_seconds(seconds)


def _size(size_bytes: int | None) -> str:
    return "–" if size_bytes is None else format_bytes(size_bytes)
