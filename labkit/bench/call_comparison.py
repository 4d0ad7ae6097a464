"""Compares runtimes by one exported function: the same call or the same whole run, interleaved, with what could not take part and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from labkit.bench.clock import Clock
from labkit.bench.comparison import Comparison
from labkit.bench.contenders import version
from labkit.bench.experiment import ExperimentOnCall, SamplesSoFar, Tell
from labkit.bench.interleave import compare
from labkit.bench.phase import Missing, Phase
from labkit.bench.timing import Timer
from labkit.bench.whole_run import only_whole, run_contents, whole_run
from labkit.errors import BenchError, LabkitError
from labkit.runtimes.registry import runtime, runtimes

__all__ = ["CallComparison", "CallExperiment", "samples_word"]


def samples_word(phase: Phase) -> str:
    """What the samples of a phase are called where they are drawn."""
    return "whole runs" if phase is Phase.RUN else "samples"


def _title(call: str, phase: Phase) -> str:
    return f"a whole run of {call}" if phase is Phase.RUN else call


@dataclass(frozen=True)
class CallComparison:
    """One call on several runtimes.

    Attributes
    ----------
    call : str
        The function and its arguments.
    phase : Phase
        What was timed of it: `Phase.STEADY_CALL`, or `Phase.RUN`, which holds more; the two are not to be compared.
    value : object
        What every runtime gave.
    comparison : Comparison
    missing : tuple of Missing
        The runtimes that could not do it.
    versions : tuple of str
        Those that could, with version and year.
    """

    call: str
    phase: Phase
    value: Any
    comparison: Comparison
    missing: tuple[Missing, ...]
    versions: tuple[str, ...]

    @property
    def title(self) -> str:
        """What was compared, in a few words."""
        return _title(self.call, self.phase)

    @property
    def sentence(self) -> str:
        """What was found, in short."""
        missing = f" Not measured: {', '.join(missing.runtime for missing in self.missing)}." if self.missing else ""
        begin = f"{self.call} gave {self.value!r} everywhere" + (", in whole runs." if self.phase is Phase.RUN else ".")
        return f"{begin} {self.comparison.verdict}{missing}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was measured, and what was not."""
        contents = (run_contents(timing.name for timing in self.comparison.timings),) if self.phase is Phase.RUN else ()
        return (*contents, f"Measured: {', '.join(self.versions)}.", *map(str, self.missing))

    def __str__(self) -> str:
        return "\n".join([self.title, str(self.comparison), *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{self.comparison._repr_html_()}{''.join(f'<p>{escape(note)}</p>' for note in self.notes)}"


@dataclass(frozen=True)
class CallExperiment(ExperimentOnCall):
    """Measures a call on several runtimes.

    Attributes
    ----------
    wasm : bytes
        A module that needs no imports.
    export : str
    arguments : tuple
    runtimes : tuple of str
        The first is what the others are held against.
    seconds : float
        How long to measure.
    phase : Phase, optional
        `Phase.RUN` for whole runs, which are all that can be timed of a command; calls of an instance that is there, else.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> square = to_wasm('(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))')
    >>> found = CallExperiment(square, "square", (9,), ("wasmtime", "wasmtime-winch"), 0.1).measure(lambda share, so_far: None)
    >>> found.call, found.value, [timing.name for timing in found.comparison.timings]
    ('square(9)', 81, ['wasmtime', 'wasmtime-winch'])
    """

    phase: Phase = Phase.STEADY_CALL

    @property
    def title(self) -> str:
        """What is compared, in a few words."""
        return _title(self.call, self.phase)

    def measure(self, tell: Tell) -> CallComparison:
        """Measure.

        Raises
        ------
        LabkitError
            The first runtime's, if none can do it.
        BenchError
            If they disagree.
        """
        contenders: dict[str, Callable[[], Any]] = {}
        values: dict[str, Any] = {}
        errors: dict[str, LabkitError] = {}
        clock = Clock() if self.phase is Phase.RUN else time.perf_counter
        for name in self.runtimes:
            try:
                contenders[name] = self._contender(name, clock)
                values[name] = contenders[name]()
            except LabkitError as error:
                errors[name] = error
                contenders.pop(name, None)
        if not contenders:
            raise next(iter(errors.values()))
        self._check(values)
        so_far = SamplesSoFar(tuple(contenders), samples_word=samples_word(self.phase))
        comparison = compare(
            contenders,
            seconds=self.seconds * (_running_share(contenders.values(), clock) if isinstance(clock, Clock) else 1),
            on_block=so_far.blocks.append,
            progress=lambda share: tell(share, so_far),
            timer=clock,
        )
        missing = tuple(Missing(name, error.message, error.remedy) for name, error in errors.items())
        versions = tuple(version(row) for row in runtimes() if row.name in contenders)
        return CallComparison(self.call, self.phase, next(iter(values.values())), comparison, missing, versions)

    def _contender(self, name: str, clock: Timer) -> Callable[[], Any]:
        if isinstance(clock, Clock):
            return whole_run(self.wasm, self.export, self.arguments, name, clock)
        # Without epoch checks, which slow some guests: here nothing needs to interrupt one but the process's end.
        chosen = runtime(name, interruptible=False)
        if not chosen.in_process:
            raise BenchError(only_whole(name), remedy="Compare whole runs.")
        return partial(chosen.compile(self.wasm).instantiate().func(self.export), *self.arguments)

    def _check(self, values: dict[str, Any]) -> None:
        # By their texts: no NaN is equal to itself.
        if len({repr(value) for value in values.values()}) > 1:
            told = ", ".join(f"{name} gave {value!r}" for name, value in values.items())
            raise BenchError(
                f"The runtimes disagree on {self.call}: {told}.", remedy="Compare them on a function whose result depends on its arguments alone."
            )


def _running_share(contenders: Iterable[Callable[[], Any]], clock: Clock) -> float:
    """Which part of the time the clock goes: it stands still until a worker is ready for a run."""
    begin, began = time.perf_counter(), clock()
    for contender in contenders:
        contender()
    return (clock() - began) / (time.perf_counter() - begin)
