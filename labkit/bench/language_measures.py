"""What the languages' survey measures: a function that calls itself, and a program that does nothing, by the guests' own time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.interleave import Progress
from labkit.bench.load import LoadWatch
from labkit.bench.statistics import FEWEST_SAMPLES
from labkit.data_files import data_folder
from labkit.errors import BenchError
from labkit.limits import Limits
from labkit.sandbox.run import Result, run
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.build import build
from labkit.toolchains.registry import language_named

__all__ = ["GUEST_LIMITS", "MEASURED_ON", "build_library", "build_program", "compare_measures", "kernel_seconds", "start_seconds"]

MEASURED_ON = "wasmtime"
GUEST_LIMITS = Limits(time=20.0)
# fib's argument: large enough for a time that an interruption does not spoil, and smaller where each call takes longer.
_COMPILED_N, _SMALLER_N = 33, {"go": 31, "javascript": 25, "python": 23}
# A library that is a program of an interpreter measures itself.
_TIMED = "\nimport time\nbegin = time.perf_counter()\nvalue = fib({n})\nprint(value, time.perf_counter() - begin)\n"


def _source(name: str, stem: str) -> Path:
    return data_folder() / "sources" / f"{stem}{language_named(name).suffixes[0]}"


def build_program(name: str) -> Artifact:
    """The program that prints its arguments, environment and input."""
    return build(_source(name, "hello"))


def build_library(name: str) -> Artifact:
    """The function as a library; where a module can only be an interpreter, a program that calls it and tells the time."""
    source = _source(name, "fib")
    if language_named(name).targets["library"] == ("wasip2",):
        return build(source.read_text(encoding="utf-8") + _TIMED.format(n=_depth(name)), language=name)
    return build(source, kind="library")


def compare_measures(
    measures: Mapping[str, Callable[[], float]], seconds: float, progress: Progress, *, versions: Mapping[str, str] | None = None
) -> Comparison:
    """Compare what guests tell of themselves: blocks in random order, the first in each of them twice."""
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    generator, watch, begin = np.random.default_rng(seed), LoadWatch(), time.perf_counter()
    columns = [*measures.values(), next(iter(measures.values()))]
    blocks: list[list[float]] = []
    while len(blocks) < FEWEST_SAMPLES or time.perf_counter() - begin < seconds:
        block = [0.0] * len(columns)
        for i in generator.permutation(len(columns)):
            block[i] = columns[i]()
        blocks.append(block)
        progress(min(len(blocks) / FEWEST_SAMPLES, (time.perf_counter() - begin) / seconds, 1.0))
    *samples, control = zip(*blocks)
    told = versions or {}
    timings = [Timing(name, 1, column, told.get(name, "")) for name, column in zip(measures, samples)]
    took = time.perf_counter() - begin
    return conclude(timings, control, load=watch.read(), overhead_seconds=0.0, wall_seconds=took, seed=seed)


def _depth(name: str) -> int:
    return _SMALLER_N.get(name, _COMPILED_N)


def _fibonacci(n: int) -> int:
    low, high = 0, 1
    for _ in range(n):
        low, high = high, low + high
    return low


def kernel_seconds(library: Artifact) -> float:
    """Seconds that fib takes for each call of itself, by the worker's clock or, inside an interpreter, by the guest's."""
    n = _depth(library.language)
    if library.kind == "command":
        number, told = _ended(run(library, args=library.arguments, runtime=MEASURED_ON, limits=GUEST_LIMITS)).stdout.split()
        value, seconds = int(number), float(told)
    else:
        result = _ended(run(library, export="fib", args=[n], runtime=MEASURED_ON, limits=GUEST_LIMITS))
        value, seconds = int(result.values[0]), result.wall_seconds
    if value != _fibonacci(n):
        raise BenchError(f"fib({n}) gave {value}, so its time means nothing.", remedy="Report this as a fault of labkit's.")
    return seconds / (2 * _fibonacci(n + 1) - 1)


def start_seconds(program: Artifact) -> float:
    """Seconds that the program takes to do nothing."""
    return _ended(run(program, args=program.arguments, runtime=MEASURED_ON, limits=GUEST_LIMITS)).wall_seconds


def _ended(result: Result) -> Result:
    """The result of a guest that ended by itself."""
    if result.wall_seconds != result.wall_seconds:
        raise BenchError(f"The guest {result.outcome.value}: {result.message}", remedy="Run it by itself and look at its output.")
    return result
