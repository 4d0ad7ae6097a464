"""The bench of kernels: the same C native and as a module on every runtime, and what WebAssembly cannot do well."""

from __future__ import annotations

from labkit.bench.goals import Bench, Direction, Figure, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.kernel_sides import EPOCHS, FUEL, SIMD
from labkit.bench.kernel_table import Kernels, measure_kernels
from labkit.runtimes.registry import runtimes
from labkit.toolchains.shared_library import native_builds

__all__ = ["BENCH"]

_AGREEMENT_GOAL = Goal("results that are native code's / all", 1.0, Direction.AT_LEAST)
_NATIVE_GOAL = Goal("wasmtime / native -O2, geometric mean", 2.0, Direction.AT_MOST)


def _run(seconds: float, progress: Progress) -> Findings:
    kernels = measure_kernels(seconds=seconds, progress=progress)
    rows = [row for row in runtimes() if row.available]
    compilers = dict.fromkeys(str(build.compiler) for build in native_builds()[0])
    missing = {name: why for run in kernels.runs for name, why in run.missing.items()}
    return Findings(
        _figures(kernels),
        {f"Times as long as {kernels.reference}": kernels, **{run.title: run.comparison for run in kernels.runs}},
        (*(f"{row.name} {row.version} ({row.release_year or 'year unknown'})" for row in rows), *compilers),
        kernels.notes,
        missing,
    )


def _figures(kernels: Kernels) -> dict[str, Figure]:
    figures: dict[str, Figure] = {_AGREEMENT_GOAL.figure: kernels.agreement}
    for name in kernels.contenders:
        mean = None if name == kernels.reference or name.endswith((SIMD, FUEL, EPOCHS)) else kernels.mean(name)
        if mean is not None:
            figures[f"{name} / native -O2, geometric mean"] = mean
    for variant in (FUEL, EPOCHS):
        mean = kernels.mean(f"wasmtime{variant}", "wasmtime")
        if mean is not None:
            figures[f"wasmtime with{variant.replace(',', '')} / without, geometric mean"] = mean
    return figures


BENCH = Bench(
    "kernels",
    "The same C native and on every runtime, and what a module pays.",
    (_AGREEMENT_GOAL, _NATIVE_GOAL),
    _run,
    seconds=60.0,
    quick_seconds=14.0,
)
