"""Takes one sample of one contender: a generated loop around its call, what the loop itself costs taken off."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from keyword import iskeyword
from typing import Any, TypeGuard

from labkit.errors import BenchError

__all__ = ["Overhead", "Sampler", "Timer", "measure_overhead"]

#: Tells the time in seconds, as `time.perf_counter` does.
Timer = Callable[[], float]

_MOST_CALLS = 10_000_000
#: Which part of a sample a loop must take for its time to tell what a call takes.
_TELLING_SHARE = 1 / 16
#: How long a few interruptions may take: systems let another program run for some milliseconds at a time.
_INTERRUPTIONS_SECONDS = 0.05
_OVERHEAD_TURNS = 10_000
_OVERHEAD_SAMPLES = 15

_LOOP = """
def loop(turns, timer, {parameters}):
    begin = timer()
    for _ in turns:
        {statement}
    return timer() - begin
"""


def _timing_loop(statement: str, parameters: Sequence[str] = ()) -> Callable[..., float]:
    """Write the loop anew for each contender: the interpreter specializes code by what it calls, and none may inherit that."""
    made: dict[str, Any] = {}
    exec(compile(_LOOP.format(parameters=", ".join(parameters), statement=statement), "<timing loop>", "exec"), made)
    loop: Callable[..., float] = made["loop"]
    return loop


@dataclass(frozen=True)
class Overhead:
    """What measuring costs.

    Attributes
    ----------
    timer_seconds : float
        Reading the clock, once a sample.
    loop_seconds : float
        One turn of the empty loop, once a call.
    """

    timer_seconds: float
    loop_seconds: float


def measure_overhead(timer: Timer) -> Overhead:
    """Time the loop with nothing in it.

    Examples
    --------
    >>> import time
    >>> 0 <= measure_overhead(time.perf_counter).loop_seconds < 1e-4
    True
    """
    loop = _timing_loop("pass")
    timer_seconds = min(loop(repeat(None, 0), timer) for _ in range(_OVERHEAD_SAMPLES))
    turning_seconds = min(loop(repeat(None, _OVERHEAD_TURNS), timer) for _ in range(_OVERHEAD_SAMPLES))
    return Overhead(timer_seconds, max(turning_seconds - timer_seconds, 0.0) / _OVERHEAD_TURNS)


def _is_plain(contender: Callable[..., object]) -> TypeGuard[partial[object]]:
    """Whether it is a partial and no more, which a subclass might be, and its keywords can be written in a call."""
    return type(contender) is partial and all(key.isidentifier() and not iskeyword(key) for key in contender.keywords)


class Sampler:
    """Times one contender.

    Parameters
    ----------
    name : str
    contender : callable
        A `functools.partial` is taken apart: the loop calls its function with its arguments, so that it costs nothing.
    overhead : Overhead
    timer : Timer

    Attributes
    ----------
    calls : int
        How many a sample has, once calibrated.
    """

    def __init__(self, name: str, contender: Callable[..., object], overhead: Overhead, timer: Timer) -> None:
        self.name = name
        self.calls = 1
        self._overhead = overhead
        self._timer = timer
        function: Callable[..., object] = contender
        positional: tuple[Any, ...] = ()
        named: dict[str, Any] = {}
        if _is_plain(contender):
            function, positional, named = contender.func, contender.args, contender.keywords
        values = [f"value{i}" for i in range(len(positional) + len(named))]
        keys = [""] * len(positional) + [f"{key}=" for key in named]
        self._loop = _timing_loop(f"call({', '.join(key + value for key, value in zip(keys, values))})", ["call", *values])
        self._arguments = (function, *positional, *named.values())

    def elapsed(self, calls: int) -> float:
        """Seconds that so many calls take, without the overhead; no garbage is collected meanwhile."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            elapsed = self._loop(repeat(None, calls), self._timer, *self._arguments)
        except Exception as error:
            raise BenchError(
                f"The contender {self.name!r} raised {type(error).__name__}: {error}.",
                remedy="Call it once by itself, and compare it when it works.",
            ) from error
        finally:
            if collecting:
                gc.enable()
        return elapsed - self._overhead.timer_seconds - calls * self._overhead.loop_seconds

    def calibrate(self, sample_seconds: float) -> None:
        """Choose how many calls a sample has, so that it takes about so long; this warms the contender up, too.

        Where that fails, contenders get samples of different lengths, and on a busy machine longer ones are interrupted more
        often: then even a thing differs from itself. So the shortest time of a call counts, of all loops long enough to tell.
        """
        calls, call_seconds = 1, math.inf
        while True:
            elapsed = self._shortest(calls, sample_seconds)
            if elapsed >= sample_seconds * _TELLING_SHARE:
                call_seconds = min(call_seconds, elapsed / calls)
            if elapsed >= sample_seconds / 2 or calls >= _MOST_CALLS:
                break
            calls *= 2
        self.calls = calls if math.isinf(call_seconds) else max(1, min(round(sample_seconds / call_seconds), _MOST_CALLS))

    def _shortest(self, calls: int, sample_seconds: float) -> float:
        """The shortest of a few tries: the first may pay for what later ones find ready, and any may be interrupted.

        A slow contender gets two tries; one that only seems slow, up to eight to show otherwise.
        """
        most_seconds = max(8 * sample_seconds, _INTERRUPTIONS_SECONDS)
        tries = [self.elapsed(calls)]
        while tries[-1] >= sample_seconds / 2 and (len(tries) < 2 or (len(tries) < 8 and sum(tries[1:]) < most_seconds)):
            tries.append(self.elapsed(calls))
        return min(tries)

    def sample(self) -> float:
        """Seconds for one call, over a sample's calls."""
        seconds = self.elapsed(self.calls) / self.calls
        if seconds <= 0:
            raise BenchError(
                f"The contender {self.name!r} took no time by this clock.", remedy="Let it do more in one call, or measure by time.perf_counter."
            )
        return seconds
