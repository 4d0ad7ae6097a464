"""Kernels side by side: of each the interleaved comparison, and over all of them the geometric mean of ratios."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from labkit.bench.arguments import checked_names, checked_seconds
from labkit.bench.comparison import Comparison
from labkit.bench.figures import Share
from labkit.bench.geometric_mean import MeanRatio, geometric_mean
from labkit.bench.interleave import Progress, compare
from labkit.bench.kernel_sides import SIMD, make_sides
from labkit.bench.kernel_sources import Kernel, find_kernel, kernel_names
from labkit.bench.measured import Measured
from labkit.bench.statistics import FEWEST_SAMPLES
from labkit.display import html_table, text_table
from labkit.errors import ArgumentError

__all__ = ["KernelRun", "Kernels", "measure_kernels"]

_SHORTEST_SECONDS = 0.05


@dataclass(frozen=True)
class KernelRun:
    """A kernel, measured.

    Attributes
    ----------
    kernel : Kernel
    comparison : Comparison
        Native builds first; the first of them is the reference.
    result : int
        What every side that was timed gave.
    wrong : dict of str to int
        Sides that gave another result, and were not timed.
    missing : dict of str to str
        Sides that could not compute it, and why.
    """

    kernel: Kernel
    comparison: Comparison
    result: int
    wrong: dict[str, int]
    missing: dict[str, str]

    @property
    def title(self) -> str:
        """The kernel, and what it strains."""
        return f"{self.kernel.name}: {self.kernel.strains}"


@dataclass(frozen=True)
class Kernels:
    """Several kernels, measured.

    Attributes
    ----------
    runs : tuple of KernelRun
    native_names : tuple of str
        The native builds among the contenders; the first is the reference.
    """

    runs: tuple[KernelRun, ...]
    native_names: tuple[str, ...]

    @property
    def reference(self) -> str:
        """The native build that all others are held against."""
        return self.native_names[0]

    @property
    def contenders(self) -> tuple[str, ...]:
        """Every contender of any kernel, in order."""
        return tuple(dict.fromkeys(timing.name for run in self.runs for timing in run.comparison.timings))

    def run(self, name: str) -> KernelRun:
        """Find a kernel's run.

        Raises
        ------
        ArgumentError
            If that kernel was not measured.
        """
        for run in self.runs:
            if run.kernel.name == name:
                return run
        raise ArgumentError(f"The kernel {name!r} was not measured.", remedy=f"Choose one of {', '.join(run.kernel.name for run in self.runs)}.")

    def mean(self, contender: str, reference: str | None = None) -> MeanRatio | None:
        """The geometric mean of a contender's ratios to another, by default the reference; None where they never met."""
        return geometric_mean([run.comparison for run in self.runs], contender, reference or self.reference)

    @cached_property
    def agreement(self) -> Share:
        """How many results were those of native code, of modules without vector instructions; these are for some runtimes too new."""
        right = sum(self._is_plain(timing.name) for run in self.runs for timing in run.comparison.timings)
        wrong = sum(self._is_plain(name) for run in self.runs for name in run.wrong)
        return Share(right, right + wrong)

    def _is_plain(self, name: str) -> bool:
        return name not in self.native_names and not name.endswith(SIMD)

    @property
    def notes(self) -> tuple[str, ...]:
        """Wrong results, and what is missing; each once."""
        wrong = [
            f"{name} computes {run.kernel.name} wrongly: {value} in place of {run.result}; it is not timed."
            for run in self.runs
            for name, value in run.wrong.items()
        ]
        missing = {f"{name} is not measured: {why}" for run in self.runs for name, why in run.missing.items()}
        return (*wrong, *self._spread(), *self._few(), *sorted(missing))

    def _few(self) -> Iterable[str]:
        if len(self.runs) < FEWEST_SAMPLES:
            yield f"A geometric mean of fewer than {FEWEST_SAMPLES} programs has no interval: so few do not tell what others would give."

    def _spread(self) -> Iterable[str]:
        """How far native builds differ among themselves, where they differ most."""
        if len(self.native_names) > 1:
            factors = {run.kernel.name: _slowest_over_fastest(run.comparison, self.native_names) for run in self.runs}
            widest = max(factors, key=lambda name: factors[name])
            yield f"Native builds differ among themselves by up to {factors[widest]:.1f} times ({widest}): say which is meant by native."

    @property
    def _header(self) -> list[str]:
        return [f"times {self.reference}", *(run.kernel.name for run in self.runs), "geometric mean (95 %)"]

    def _rows(self) -> list[list[str]]:
        return [[name, *(_cell(run.comparison, name, self.reference) for run in self.runs), self._mean_cell(name)] for name in self.contenders]

    def _mean_cell(self, name: str) -> str:
        """Only of a contender that every kernel has: means over different programs cannot be compared."""
        mean = None if name == self.reference else self.mean(name)
        return "–" if mean is None or mean.count < len(self.runs) else mean.interval

    def __str__(self) -> str:
        return "\n".join([text_table(self._header, self._rows(), right=range(1, len(self.runs) + 2)), *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(self._header, self._rows(), right=range(1, len(self.runs) + 2))
        return table + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def summary(self) -> dict[str, Any]:
        """The geometric means, for JSON; each kernel's comparison has its own summary."""
        return {"reference": self.reference, "means": [self.mean(name) for name in self.contenders if name != self.reference], "notes": self.notes}

    @property
    def versions(self) -> tuple[str, ...]:
        """Compilers and runtimes."""
        return tuple(dict.fromkeys(version for run in self.runs for version in run.comparison.versions))

    def measured(self) -> Iterable[Measured]:
        """Results that were wrong and sides that are missing, for the store; the samples are in the kernels' comparisons."""
        wrong = {name: f"It computes {run.kernel.name} wrongly." for run in self.runs for name in run.wrong}
        missing = {name: why for run in self.runs for name, why in run.missing.items()}
        for name, why in {**wrong, **missing}.items():
            yield Measured(name, error=why)

    def parts(self) -> Mapping[str, Comparison]:
        """The comparison of each kernel, for the store."""
        return {run.title: run.comparison for run in self.runs}


def _cell(comparison: Comparison, name: str, reference: str) -> str:
    if name not in (timing.name for timing in comparison.timings):
        return "–"
    return "1" if name == reference else f"{comparison.ratio(name, reference).median:#.3g}"


def _slowest_over_fastest(comparison: Comparison, names: Sequence[str]) -> float:
    medians = [timing.median_seconds for timing in comparison.timings if timing.name in names]
    return max(medians) / min(medians)


def measure_kernels(names: Sequence[str] | None = None, *, seconds: float = 20.0, variants: bool = True, progress: Progress | None = None) -> Kernels:
    """Measure kernels native and on every runtime, each in one interleaved comparison of the sides whose results agree.

    Parameters
    ----------
    names : sequence of str, optional
        Of `kernel_names`; all of them by default.
    seconds : float, optional
        For all of them together; what building and compiling take of it is not measured in, so on a busy machine there are fewer blocks.
    variants : bool, optional
        Whether to have Wasmtime also with fuel and with epochs.
    progress : callable, optional
        Told now and then which share of the time is over.

    Returns
    -------
    Kernels

    Raises
    ------
    ArgumentError
        If there is no such kernel.
    ToolchainUnavailable
        If there is no native compiler to compare with.

    Examples
    --------
    >>> measured = measure_kernels(["fibonacci"], seconds=0.2, variants=False)
    >>> measured.agreement.value
    1.0
    """
    seconds = checked_seconds(seconds)
    chosen = [find_kernel(name) for name in (kernel_names() if names is None else checked_names(names, kernel_names(), what="kernel"))]
    runs = []
    begin = time.perf_counter()
    for done, kernel in enumerate(chosen):
        sides = make_sides(kernel, variants=variants)

        def report(share: float, done: int = done) -> None:
            if progress is not None:
                progress((done + share) / len(chosen))

        left_seconds = begin + seconds * (done + 1) / len(chosen) - time.perf_counter()
        comparison = compare(sides.calls, seconds=max(left_seconds, _SHORTEST_SECONDS), versions=sides.versions, progress=report)
        runs.append(KernelRun(kernel, comparison, sides.result, sides.wrong, sides.missing))
        native = sides.native_names
    return Kernels(tuple(runs), native)
