"""What makes a measurement doubtful: too few samples, a busy machine, outliers, contenders that changed as they ran."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from labkit.bench.comparison import Timing
from labkit.bench.load import Load, available_cpus
from labkit.bench.statistics import FEWEST_SAMPLES, ChangePoint, change_point, outlier_fraction

__all__ = ["doubts"]

_FEW_BLOCKS = 20
# Half a processor: less leaves one free for the bench wherever there are two.
_BUSY_CPUS = 0.5
_STOLEN_CPUS = 0.05
_OUTLIER_SHARE = 0.05


def doubts(timings: Sequence[Timing], load: Load, *, wall_seconds: float) -> tuple[str, ...]:
    """Say what a reader should know before trusting the figures, each with what to do about it.

    Examples
    --------
    >>> steady = Timing("a", 1000, tuple(1e-6 for _ in range(100)))
    >>> doubts([steady], Load(0.0, 0.0, 0.1), wall_seconds=1.0)
    ()
    """
    return (*_short(timings[0].count, wall_seconds), *_busy(load), *_uneven(timings))


def _short(blocks: int, wall_seconds: float) -> Iterable[str]:
    if blocks < _FEW_BLOCKS:
        widths = f"an interval takes {FEWEST_SAMPLES} or more, so there is none" if blocks < FEWEST_SAMPLES else "so intervals are wide"
        seconds = wall_seconds / blocks * _FEW_BLOCKS
        yield f"Only {blocks} block{'s' if blocks > 1 else ''} of samples fitted in the time; {widths}. Raise seconds= to about {seconds:.2g}."


def _busy(load: Load) -> Iterable[str]:
    remedy = "Ratios bear that better than times do; for quiet times close what else runs."
    if load.others_cpus is not None and load.others_cpus > _BUSY_CPUS:
        yield f"Other programs kept {load.others_cpus:.1f} of {available_cpus()} processors busy meanwhile. {remedy}"
    elif load.others_cpus is None and load.average is not None and load.average > available_cpus() - _BUSY_CPUS:
        yield f"The load average was {load.average:.1f} on {available_cpus()} processors before it began. {remedy}"
    if load.stolen_cpus is not None and load.stolen_cpus > _STOLEN_CPUS:
        yield f"The host of this virtual machine took {load.stolen_cpus:.2f} processors away meanwhile. {remedy}"


def _uneven(timings: Sequence[Timing]) -> Iterable[str]:
    samples = {timing.name: np.array(timing.samples_seconds) for timing in timings}
    interrupted = [repr(name) for name in samples if outlier_fraction(samples[name]) > _OUTLIER_SHARE]
    if interrupted:
        yield (
            f"More than {_OUTLIER_SHARE:.0%} of the samples are far above the others: of {', '.join(interrupted)}. "
            "It was interrupted often, or has a slow path of its own."
        )
    changes = [f"{name!r} ({_words(found)})" for name in samples if (found := change_point(samples[name])) is not None]
    if changes:
        yield f"Times changed on the way: of {', '.join(changes)}. Warm it up with a few calls before, or measure when less else runs."


def _words(change: ChangePoint) -> str:
    return f"{abs(change.factor - 1):.0%} {'faster' if change.factor < 1 else 'slower'} from block {change.index + 1} on"
