"""Where the time of a run goes: compile, deserialize, instantiate, first call, steady call, host call and whole run apart."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.bench.arguments import checked_names, checked_seconds, is_list
from labkit.bench.comparison import Comparison, Timing
from labkit.bench.contenders import status_of, version
from labkit.bench.interleave import Progress
from labkit.bench.measured import Measured
from labkit.bench.phase import BY_HAND, InstanceMemory, Missing, Phase
from labkit.bench.phase_measures import OnPhaseBlock, PhaseMeasures
from labkit.bench.results.row import Rows
from labkit.bench.whole_run import run_contents
from labkit.display import format_bytes, format_seconds, html_table, text_table
from labkit.errors import ArgumentError
from labkit.modules.load import to_wasm
from labkit.runtimes.registry import RUNTIME_NAMES

__all__ = ["BY_HAND", "InstanceMemory", "Missing", "Phase", "PhaseRow", "Phases", "measure_phases"]

# What `Phases.measured` calls the memory of one instance.
_ONE_OF = re.compile(r"(.+), one of (\d+) instances")


@dataclass(frozen=True)
class PhaseRow:
    """One phase on one runtime.

    Attributes
    ----------
    runtime : str
        A runtime's name; or `BY_HAND`, Wasmtime's C functions bound by hand, whose distance to
        ``"wasmtime"`` is what the binding costs.
    phase : Phase
    timing : Timing
        Seconds for one operation.
    """

    runtime: str
    phase: Phase
    timing: Timing


@dataclass(frozen=True)
class Phases:
    """The phases of a module's run on several runtimes.

    Attributes
    ----------
    comparisons : mapping of Phase to Comparison
        The interleaved measurement of each phase; its contenders are runtimes.
    memory : tuple of InstanceMemory
    missing : tuple of Missing
        Runtimes, and Linux's account of memory, where they are not here.
    versions : tuple of str
    """

    comparisons: Mapping[Phase, Comparison]
    memory: tuple[InstanceMemory, ...]
    missing: tuple[Missing, ...]
    versions: tuple[str, ...]

    @property
    def rows(self) -> tuple[PhaseRow, ...]:
        """Every phase on every runtime."""
        return tuple(PhaseRow(timing.name, phase, timing) for phase, comparison in self.comparisons.items() for timing in comparison.timings)

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Which were measured, in order."""
        return tuple(dict.fromkeys([*(row.runtime for row in self.rows), *(held.runtime for held in self.memory)]))

    def timing(self, runtime: str, phase: Phase) -> Timing | None:
        """The samples of one phase on one runtime; None where it has none."""
        return next((row.timing for row in self.rows if (row.runtime, row.phase) == (runtime, phase)), None)

    @property
    def _header(self) -> list[str]:
        return ["runtime", *(phase.value for phase in self.comparisons), "memory, PSS"]

    def _table(self) -> list[list[str]]:
        memory = {held.runtime: format_bytes(round(held.pss_bytes)) for held in self.memory}
        timings = {(row.runtime, row.phase): format_seconds(row.timing.median_seconds) for row in self.rows}
        return [[name, *(timings.get((name, phase), "–") for phase in self.comparisons), memory.get(name, "–")] for name in self.runtimes]

    @property
    def contents(self) -> tuple[str, ...]:
        """What is in a whole run, which is not the same on all runtimes."""
        found = self.comparisons.get(Phase.RUN)
        return (run_contents(timing.name for timing in found.timings),) if found else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was measured, what was not, and what makes it doubtful."""
        warnings = (f"Warning, {phase.value}: {warning}" for phase, comparison in self.comparisons.items() for warning in comparison.warnings)
        return (*self.contents, f"Medians. Measured: {', '.join(self.versions)}.", *map(str, self.missing), *warnings)

    def __str__(self) -> str:
        return "\n".join([text_table(self._header, self._table(), right=range(1, len(self._header))), *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(self._header, self._table(), caption="Where the time goes", right=range(1, len(self._header)))
        return table + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def summary(self) -> dict[str, Any]:
        """The figures, without the samples, for JSON."""
        return {
            "phases": {phase.value: comparison.summary() for phase, comparison in self.comparisons.items()},
            "memory": self.memory,
            "missing": self.missing,
            "versions": self.versions,
        }

    def measured(self) -> Iterable[Measured]:
        """Memory for one instance, and what could not be measured, for the store."""
        for held in self.memory:
            yield Measured(f"{held.runtime}, one of {held.count} instances", (held.pss_bytes,), unit="B")
        for missing in self.missing:
            yield Measured(missing.runtime, error=f"{missing.reason} {missing.remedy}")

    def parts(self) -> Mapping[str, Comparison]:
        """The comparison of each phase, for the store."""
        return {phase.value: comparison for phase, comparison in self.comparisons.items()}

    @classmethod
    def of_rows(cls, rows: Rows, title: str) -> Phases:
        """Make a table of phases again out of the store, or of a recorded run.

        Parameters
        ----------
        rows : Rows
            Where several runs have the title, the newest counts.
        title : str
            What it was recorded as.

        Raises
        ------
        ArgumentError
            If the rows have no phases of that title.

        Examples
        --------
        >>> Phases.of_rows(Rows(), "fib")
        Traceback (most recent call last):
        ...
        labkit.errors.ArgumentError: No phases of 'fib' are among these rows. ...
        """
        names = {f"{title}: {phase.value}": phase for phase in Phase}
        runs = [run for run in rows.runs() if any(row.comparison in names for row in run)]
        if not runs:
            raise ArgumentError(f"No phases of {title!r} are among these rows.", remedy="Give the title that they were recorded with.")
        newest = runs[-1]
        kept = {row.comparison for row in newest if row.samples}
        comparisons = {phase: newest.comparison(name) for name, phase in names.items() if name in kept}
        own = [row for row in newest if row.comparison == title]
        held = [(match, row.samples[0]) for row in own if row.samples and (match := _ONE_OF.fullmatch(row.contender))]
        memory = tuple(InstanceMemory(match[1], int(match[2]), pss_bytes) for match, pss_bytes in held)
        return cls(comparisons, memory, tuple(Missing(row.contender, row.error, "") for row in own if row.error), newest[0].versions)


def measure_phases(
    module: bytes | str | os.PathLike[str],
    *,
    export: str,
    arguments: Sequence[int | float] = (),
    runtimes: Sequence[str] | None = None,
    seconds: float = 20.0,
    progress: Progress | None = None,
    on_block: OnPhaseBlock | None = None,
) -> Phases:
    """Measure the phases of a module's run, each by itself, on several runtimes.

    Parameters
    ----------
    module : bytes, str or path
        A core module without imports.
    export : str
        The function that is called.
    arguments : sequence of numbers, optional
    runtimes : sequence of str, optional
        Left out, every runtime; the first that works here is what the others are held against. Of a command, only the whole run is measured.
    seconds : float, optional
        How long to measure in all; getting ready comes on top, and so does what can only be done whole.
    progress : callable, optional
        Called now and then with the share of the time that is over.
    on_block : callable, optional
        Called after each block with its phase, that one's contenders and their samples, for those who watch.

    Returns
    -------
    Phases

    Raises
    ------
    LabkitError
        The first runtime's, if none can do it.
    ArgumentError
        If there is no such runtime, or no such time.
    BenchError
        If they disagree on what the function gives.

    Examples
    --------
    >>> wat = '(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))'
    >>> found = measure_phases(wat, export="square", arguments=[9], runtimes=["wasmtime"], seconds=0.5)
    >>> found.timing("wasmtime", Phase.COMPILE).median_seconds > found.timing("wasmtime", Phase.STEADY_CALL).median_seconds
    True
    """
    seconds = checked_seconds(seconds)
    names = RUNTIME_NAMES if runtimes is None else checked_names(runtimes, RUNTIME_NAMES, what="runtime", found_later=True)
    if not is_list(arguments):
        raise ArgumentError(f"arguments={arguments!r} is no list of arguments.", remedy=f"Write arguments=[{arguments!r}].")
    measures = PhaseMeasures(to_wasm(module), export, tuple(arguments), names)
    comparisons = measures.compare_phases(seconds, progress or (lambda share: None), on_block)
    memory = measures.hold_instances()
    versions = tuple(version(status_of(name)) for name in measures.names)
    return Phases(comparisons, memory, tuple(measures.missing), versions)
