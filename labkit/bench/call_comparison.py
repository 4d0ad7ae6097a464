"""Compares runtimes by one exported function: the same call, interleaved, with what could not take part and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from labkit.bench.comparison import Comparison
from labkit.bench.experiment import ExperimentOnCall, SamplesSoFar, Tell
from labkit.bench.interleave import compare
from labkit.bench.phase import Missing
from labkit.errors import BenchError, LabkitError
from labkit.runtimes.registry import runtime, runtimes

__all__ = ["CallComparison", "CallExperiment"]


@dataclass(frozen=True)
class CallComparison:
    """One call on several runtimes.

    Attributes
    ----------
    call : str
        The function and its arguments.
    value : object
        What every runtime gave.
    comparison : Comparison
    missing : tuple of Missing
        The runtimes that could not do it.
    versions : tuple of str
        Those that could, with version and year.
    """

    call: str
    value: Any
    comparison: Comparison
    missing: tuple[Missing, ...]
    versions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was found, in short."""
        missing = f" Not measured: {', '.join(missing.runtime for missing in self.missing)}." if self.missing else ""
        return f"{self.call} gave {self.value!r} everywhere. {self.comparison.verdict}{missing}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was measured, and what was not."""
        return (f"Measured: {', '.join(self.versions)}.", *map(str, self.missing))

    def __str__(self) -> str:
        return "\n".join([self.call, str(self.comparison), *self.notes])

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

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> square = to_wasm('(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))')
    >>> found = CallExperiment(square, "square", (9,), ("wasmtime", "wasmtime-winch"), 0.1).measure(lambda share, so_far: None)
    >>> found.call, found.value, [timing.name for timing in found.comparison.timings]
    ('square(9)', 81, ['wasmtime', 'wasmtime-winch'])
    """

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
        for name in self.runtimes:
            try:
                contenders[name] = self._contender(name)
                values[name] = contenders[name]()
            except LabkitError as error:
                errors[name] = error
                contenders.pop(name, None)
        if not contenders:
            raise next(iter(errors.values()))
        self._check(values)
        so_far = SamplesSoFar(tuple(contenders))
        comparison = compare(contenders, seconds=self.seconds, on_block=so_far.blocks.append, progress=lambda share: tell(share, so_far))
        missing = tuple(Missing(name, error.message, error.remedy) for name, error in errors.items())
        versions = tuple(f"{row.name} {row.version} ({row.release_year})" for row in runtimes() if row.name in contenders)
        return CallComparison(self.call, next(iter(values.values())), comparison, missing, versions)

    def _contender(self, name: str) -> Callable[[], Any]:
        # Without epoch checks, which slow some guests: here nothing needs to interrupt one but the process's end.
        return partial(runtime(name, interruptible=False).compile(self.wasm).instantiate().func(self.export), *self.arguments)

    def _check(self, values: dict[str, Any]) -> None:
        # By their texts: no NaN is equal to itself.
        if len({repr(value) for value in values.values()}) > 1:
            told = ", ".join(f"{name} gave {value!r}" for name, value in values.items())
            raise BenchError(
                f"The runtimes disagree on {self.call}: {told}.", remedy="Compare them on a function whose result depends on its arguments alone."
            )
