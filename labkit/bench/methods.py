"""Three ways to compare two callables, which the self-test asks whether a thing differs from itself.

Each gets about the same time for measuring and the same callable twice. What each concludes is its own published practice:

- labkit's `compare`: samples interleaved in random order, the median of the ratios within blocks, its bootstrap interval. That interval
  holds on a busy machine because of the order: which of two equal contenders met a disturbance is a toss-up in each block, however long
  the disturbance lasts, so the logarithms of the ratios are independent of each other and symmetric about 0.
- One after the other, as with two runs of ``timeit``: all samples of the one, then all of the other, and the bootstrap interval of the
  ratio of their medians. Whatever changes between the two halves is in the ratio.
- pyperf's (its documentation, "Runner CLI" and "Analyze benchmark results", version 2.10): 20 new processes for the one and then 20 for the other,
  in each a warm-up value and 3 values; the ratio of the means, and Student's two-sample t-test at 95 % for whether they differ. Its values take
  100 ms where it is left alone; here as long as its share of the time allows, like those of the others.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from labkit.bench.interleave import compare
from labkit.bench.statistics import Numbers, student_quantile
from labkit.bench.timing import Sampler, measure_overhead
from labkit.errors import BenchError

__all__ = ["METHODS", "Trial", "interleaved", "one_after_the_other", "pyperf_method"]

_NUMBERS = range(300)
_SAMPLE_SECONDS = 0.001
# An interval of fewer is so wide that it would cover 1 whatever the method was worth.
_FEWEST_BLOCKS = 10
_PROCESSES, _VALUES = 20, 3
_RESAMPLES = 1_000
# The same work as `_work`, with nothing imported that a value does not need. The first value warms up, and is left out.
_PYPERF_WORKER = """
import sys, time
loops, values = map(int, sys.argv[1:])
numbers = range(300)
def value():
    begin = time.perf_counter()
    for _ in range(loops):
        sum(numbers)
    return (time.perf_counter() - begin) / loops
value()
print(*(value() for _ in range(values)))
"""


def _work() -> Callable[[], object]:
    return partial(sum, _NUMBERS)


@dataclass(frozen=True)
class Trial:
    """What a method says of a thing and itself.

    Attributes
    ----------
    ratio : float
    covers_one : bool
        Whether it allows that they are equal, as they are.
    named_winner : bool
        Whether it names the faster one.
    others_cpus : float or None
        Processors that other programs kept busy meanwhile.
    """

    ratio: float
    covers_one: bool
    named_winner: bool
    others_cpus: float | None = None


def interleaved(seconds: float, generator: np.random.Generator) -> Trial:
    """Compare a thing with itself as labkit does.

    Examples
    --------
    >>> 0.5 < interleaved(0.1, np.random.default_rng(1)).ratio < 2
    True
    """
    seed, fewest = int(generator.integers(2**32)), 0
    while fewest < _FEWEST_BLOCKS:
        found = compare({"one": _work(), "the other": _work()}, seconds=seconds, seed=seed)
        fewest, seconds = found.timings[0].count, seconds * 2
    ratio = found.ratio("the other", "one")
    return Trial(ratio.median, ratio.covers_one, found.winner is not None, found.load.others_cpus)


def one_after_the_other(seconds: float, generator: np.random.Generator) -> Trial:
    """Compare a thing with itself as two runs of ``timeit`` would.

    Examples
    --------
    >>> 0.2 < one_after_the_other(0.1, np.random.default_rng(1)).ratio < 5
    True
    """
    sampler = Sampler("one", _work(), measure_overhead(time.perf_counter), time.perf_counter)
    sampler.calibrate(_SAMPLE_SECONDS)
    one, other = (np.array(_samples(sampler, seconds / 2)) for _ in range(2))
    ratios = _medians(other, generator) / _medians(one, generator)
    low, high = np.quantile(ratios, (0.025, 0.975))
    covers = bool(low <= 1 <= high)
    return Trial(float(np.median(other) / np.median(one)), covers, not covers)


def _samples(sampler: Sampler, seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    samples = [sampler.sample()]
    while time.perf_counter() < end:
        samples.append(sampler.sample())
    return samples


def _medians(samples: Numbers, generator: np.random.Generator) -> Numbers:
    """Of resamples."""
    return np.asarray(np.median(samples[generator.integers(0, len(samples), (_RESAMPLES, len(samples)))], axis=1))


def pyperf_method(seconds: float, generator: np.random.Generator) -> Trial:
    """Compare a thing with itself as pyperf does.

    Examples
    --------
    >>> 0.2 < pyperf_method(0.05, np.random.default_rng(1)).ratio < 5
    True
    """
    sampler = Sampler("one", _work(), measure_overhead(time.perf_counter), time.perf_counter)
    sampler.calibrate(seconds / (2 * _PROCESSES * (1 + _VALUES)))
    one, other = (np.array([value for _ in range(_PROCESSES) for value in _values(sampler.calls)]) for _ in range(2))
    count = len(one)
    error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / count)
    covers = bool(abs(other.mean() - one.mean()) < student_quantile(2 * count - 2) * error)
    return Trial(float(other.mean() / one.mean()), covers, not covers)


def _values(loops: int) -> list[float]:
    """What one worker process measures."""
    command = [sys.executable, "-I", "-S", "-c", _PYPERF_WORKER, str(loops), str(_VALUES)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError("A new Python does not start.", remedy=f"It said: {done.stderr.strip()[-200:] or 'nothing'}.")
    return [float(text) for text in done.stdout.split()]


#: In the order of the table; labkit's first.
METHODS: dict[str, Callable[[float, np.random.Generator], Trial]] = {
    "labkit: interleaved, paired": interleaved,
    "one after the other": one_after_the_other,
    "pyperf's method": pyperf_method,
}
