"""Which benches there are: a name, and the module whose ``BENCH`` it is."""

from __future__ import annotations

from importlib import import_module

from labkit.bench.goals import Bench
from labkit.errors import ArgumentError

__all__ = ["BENCH_MODULES", "bench_names", "find_bench"]

#: A new bench is one file and one line here. None is imported before it is asked for.
BENCH_MODULES = {
    "calls": "labkit.bench.calls",
    "density": "labkit.bench.crowds",
    "hostile": "labkit.bench.hostile",
    "instance": "labkit.bench.instance",
    "kernels": "labkit.bench.kernels",
    "languages": "labkit.bench.languages",
    "panel": "labkit.bench.panel",
    "phases": "labkit.bench.phases_bench",
    "precompiled": "labkit.bench.precompiled",
    "sandbox": "labkit.bench.sandbox",
    "self-test": "labkit.bench.self_test",
    "spawn": "labkit.bench.spawn",
}


def bench_names() -> tuple[str, ...]:
    """Name every bench.

    Examples
    --------
    >>> "calls" in bench_names()
    True
    """
    return tuple(BENCH_MODULES)


def find_bench(name: str) -> Bench:
    """Find a bench by its name.

    Raises
    ------
    ArgumentError
        If there is none of that name.

    Examples
    --------
    >>> find_bench("calls").sentence
    'What a call costs: from Python into a guest, and from a guest into Python.'
    """
    if name not in BENCH_MODULES:
        raise ArgumentError(f"There is no bench {name!r}.", remedy=f"Choose one of {', '.join(bench_names())}.")
    bench: Bench = import_module(BENCH_MODULES[name]).BENCH
    return bench
