"""The bench of kernels: the same C native and as a module on every runtime, and what WebAssembly cannot do well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from labkit.bench.boundary import compare_copies, compare_crossings, copies_title
from labkit.bench.comparison import Comparison
from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.figures import Figure
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.kernel_sides import EPOCHS, FUEL, SIMD
from labkit.bench.kernel_table import Kernels, measure_kernels
from labkit.bench.large_start import compare_large_starts
from labkit.bench.misfits import try_misfits
from labkit.bench.published import PUBLISHED
from labkit.bench.system_calls import OPERATIONS, compare_system_calls

__all__ = ["BENCH", "TITLE"]

#: What it is recorded as.
TITLE = "Kernels"

_AGREEMENT_GOAL = Goal("results that are native code's / all", 1.0, Direction.AT_LEAST)
_NATIVE_GOAL = Goal("wasmtime / native -O2, geometric mean", 2.0, Direction.AT_MOST)


#: Of the time: kernels, copies and calls across the boundary, calls of the system, starts.
_KERNELS_SHARE, _BOUNDARY_SHARE, _SYSTEM_SHARE, _STARTS_SHARE = 0.6, 0.16, 0.12, 0.12
_COPIED_BYTES = (16, 4096, 2**20)
#: With less time than this, two things are left out: runtimes that are commands, whose starts are slow, among the calls of the system; and
#: CPython as a component, which takes a minute to build and compile, the first time.
_LONG_SECONDS = 30.0


def _run(seconds: float, progress: Progress) -> Findings:
    kernels = measure_kernels(seconds=seconds * _KERNELS_SHARE, progress=lambda share: progress(share * _KERNELS_SHARE))
    others = _others(seconds, progress)
    versions = [version for comparison in others.values() for version in comparison.versions]
    return Findings(
        {**_figures(kernels), **_pairs(kernels, others)},
        {
            TITLE: kernels,
            "The same question, elsewhere": PUBLISHED,
            **{f"{TITLE}: {title}": comparison for title, comparison in kernels.parts().items()},
            **others,
            "What a module cannot do, or not everywhere": try_misfits(),
        },
        tuple(dict.fromkeys((*kernels.versions, *versions, PYTHON_VERSION))),
        kernels.notes,
    )


def _others(seconds: float, progress: Progress) -> dict[str, Comparison]:
    """What a module pays beside its own code."""
    done, has_time = _KERNELS_SHARE, seconds >= _LONG_SECONDS
    found: dict[str, Comparison] = {}

    def add(title: str, share: float, measure: Callable[..., Comparison]) -> None:
        nonlocal done
        found[title] = measure(seconds=seconds * share)
        done += share
        progress(done)

    share = _BOUNDARY_SHARE / (len(_COPIED_BYTES) + 1)
    for size_bytes in _COPIED_BYTES:
        add(copies_title(size_bytes), share, partial(compare_copies, size_bytes))
    add("One call", share, compare_crossings)
    for operation in OPERATIONS:
        add(f"One call of the system: {operation}", _SYSTEM_SHARE / len(OPERATIONS), partial(compare_system_calls, operation, commands=has_time))
    add("Until an interpreter has printed a line", _STARTS_SHARE, partial(compare_large_starts, components=has_time))
    return found


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


#: Single ratios that say most: in which comparison, of whom over whom.
_PAIRS = (
    ("One call", "from wasmtime to Python", "within a guest"),
    ("One call", "from wasmer to Python", "within a guest"),
    *((f"One call of the system: {operation}", name, "native") for operation in OPERATIONS for name in ("wasmtime", "wasmer")),
)


def _pairs(kernels: Kernels, others: Mapping[str, Comparison]) -> dict[str, Figure]:
    """Vector instructions, crossings, calls of the system: a ratio each, of those who are here."""
    found: dict[str, Figure] = {}
    vectors = kernels.run("difference").comparison
    if f"wasmtime{SIMD}" in _names(vectors):
        found["wasmtime with simd / without, difference"] = vectors.ratio(f"wasmtime{SIMD}", "wasmtime")
    for title, contender, reference in _PAIRS:
        if contender in _names(others[title]):
            found[f"{title[0].lower()}{title[1:]}, {contender} / {reference}"] = others[title].ratio(contender, reference)
    return found


def _names(comparison: Comparison) -> list[str]:
    return [timing.name for timing in comparison.timings]


BENCH = Bench(
    "kernels",
    "The same C native and on every runtime, and what a module pays.",
    (_AGREEMENT_GOAL, _NATIVE_GOAL),
    _run,
    seconds=60.0,
    quick_seconds=10.0,
)
