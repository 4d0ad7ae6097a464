"""Compares callables by interleaved samples: each block takes one of every contender, in random order.

What disturbs the machine for a while then disturbs all contenders alike, and the ratio within a block hardly moves. The first
contender runs twice in each block: what a ratio of a thing to itself shows is what the method is worth at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labkit.bench.arguments import checked_seconds
from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import LoadWatch
from labkit.bench.timing import Sampler, Timer, measure_overhead
from labkit.errors import ArgumentError

__all__ = ["OnBlock", "Progress", "compare"]

#: Is told which share of the time is over, from 0.0 to 1.0.
Progress = Callable[[float], object]
#: Is told the samples of a block, in seconds for one operation: each contender's in their order, then the first one's second.
OnBlock = Callable[[Sequence[float]], object]

# As many blocks as give narrow intervals; and samples long against the clock's reading, short against an interruption.
_BLOCKS = 300
# Who watches sees as many pictures a second as there are blocks, however long all of it takes.
_LONGEST_BLOCK_SECONDS = 0.1
_SHORTEST_SAMPLE_SECONDS = 0.001


def compare(
    contenders: Mapping[str, Callable[..., object]],
    *,
    seconds: float = 5.0,
    operations: int = 1,
    versions: Mapping[str, str] | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    on_block: OnBlock | None = None,
    timer: Timer = time.perf_counter,
) -> Comparison:
    """Measure callables against each other.

    Parameters
    ----------
    contenders : mapping of str to callable
        Each is called without arguments; give arguments with `functools.partial`, which is taken apart and costs nothing.
    seconds : float, optional
        How long to measure in all. One block of samples is always taken, so slow contenders may take longer; a warning says
        so where that was too short.
    operations : int, optional
        How many operations one call does; times are given for one.
    versions : mapping of str to str, optional
        Of contenders, the name and version of what is measured; tables show it and the result store keeps it.
    seed : int, optional
        For the order of samples and the intervals; drawn where it is not given.
    progress : callable, optional
        Called after each block with the share of the time that is over.
    on_block : callable, optional
        Called after each block with its samples, for those who watch: seconds for one operation of each contender, in their
        order, then the second sample of the first. What it takes is not in the samples, but in the time.
    timer : callable, optional
        The clock, in seconds.

    Returns
    -------
    Comparison

    Raises
    ------
    BenchError
        If a contender raises (its own exception is the cause), or takes no time.
    ArgumentError
        If there is no contender, one cannot be called, or an option is not of its range.

    Examples
    --------
    >>> from functools import partial
    >>> comparison = compare({"short": partial(sum, range(10)), "long": partial(sum, range(1000))}, seconds=0.2)
    >>> comparison.ratio("long", "short").median > 1
    True
    """
    told_versions = {} if versions is None else versions
    _check(
        contenders,
        seconds=seconds,
        operations=operations,
        versions=told_versions,
        seed=seed,
        progress=progress,
        on_block=on_block,
        timer=timer,
    )
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    generator = np.random.default_rng(seed)
    watch, overhead = LoadWatch(), measure_overhead(timer)
    begin = timer()
    samplers = [Sampler(name, contender, overhead, timer) for name, contender in contenders.items()]
    block_seconds = min(seconds / _BLOCKS, _LONGEST_BLOCK_SECONDS)
    for sampler in samplers:
        sampler.calibrate(max(_SHORTEST_SAMPLE_SECONDS, block_seconds / (len(samplers) + 1)))
    first = next(iter(contenders))
    again = Sampler(first, contenders[first], overhead, timer)
    again.calls = samplers[0].calls
    told = _Told(progress, on_block)
    samples = np.array(_blocks([*samplers, again], begin, seconds, operations, generator, told, timer))
    wall_seconds = timer() - begin
    timings = [
        Timing(sampler.name, sampler.calls, tuple(column.tolist()), told_versions.get(sampler.name, ""))
        for sampler, column in zip(samplers, samples.T)
    ]
    return conclude(timings, samples[:, -1].tolist(), load=watch.read(), overhead_seconds=overhead.loop_seconds, wall_seconds=wall_seconds, seed=seed)


def _check(
    contenders: Mapping[str, Callable[..., object]],
    *,
    seconds: float,
    operations: int,
    versions: Mapping[str, str],
    seed: int | None,
    progress: Progress | None,
    on_block: OnBlock | None,
    timer: Timer,
) -> None:
    remedy = 'Write compare({"name": function, …}).'
    if not isinstance(contenders, Mapping) or not contenders:
        raise ArgumentError("There are no contenders to compare.", remedy=remedy)
    for name, contender in contenders.items():
        if not isinstance(name, str) or not callable(contender):
            raise ArgumentError(f"The contender {name!r} is {type(contender).__name__}; a text must name something to call.", remedy=remedy)
    checked_seconds(seconds)
    if isinstance(operations, bool) or not isinstance(operations, int) or operations < 1:
        raise ArgumentError(f"operations={operations!r} is no number of operations.", remedy="Give a whole number, 1 or more.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ArgumentError(f"seed={seed!r} is no seed.", remedy="Give a whole number from 0, or leave it out.")
    for name, function in {"progress": progress, "on_block": on_block, "timer": timer}.items():
        if function is not None and not callable(function):
            raise ArgumentError(f"{name}={function!r} cannot be called.", remedy="Give a function, or leave it out.")
    if not isinstance(versions, Mapping) or not all(isinstance(text, str) for text in versions.values()):
        raise ArgumentError(f"versions={versions!r} does not name versions.", remedy='Write versions={"name": "the thing 1.0"}.')


@dataclass(frozen=True)
class _Told:
    """Who is told what after each block."""

    progress: Progress | None
    on_block: OnBlock | None


def _blocks(
    samplers: Sequence[Sampler], begin: float, seconds: float, operations: int, generator: np.random.Generator, told: _Told, timer: Timer
) -> list[list[float]]:
    """Take blocks until another would not end in time; a row a block, a column a sampler."""
    blocks: list[list[float]] = []
    blocks_begin = timer()
    while True:
        block = [0.0] * len(samplers)
        for i in generator.permutation(len(samplers)):
            block[i] = samplers[i].sample() / operations
        blocks.append(block)
        if told.on_block is not None:
            told.on_block(block)
        now = timer()
        ends = now - begin + (now - blocks_begin) / len(blocks) > seconds
        if told.progress is not None:
            told.progress(1.0 if ends else (now - begin) / seconds)
        if ends:
            return blocks
