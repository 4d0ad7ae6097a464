"""Climbs the ladder of cold starts: prepares every peer, measures those that run in interleaved comparisons, cleans up."""

from __future__ import annotations

import time
from collections.abc import Sequence

from labkit.bench.arguments import checked_names, checked_seconds
from labkit.bench.climber import Climb, OnChange, within
from labkit.bench.interleave import Progress
from labkit.bench.ladder import Ladder
from labkit.bench.peers import PEERS, Workshop

__all__ = ["RUNG_NAMES", "OnChange", "measure_ladder"]

RUNG_NAMES = tuple(peer.name for peer in PEERS)
#: The shares of the time in which everything should be prepared, and after which not even what costs little is.
_PREPARING_SHARE, _CHEAP_SHARE = 0.4, 0.7
#: How much of all the time the slow rungs may take where little is left: too few samples are better than none.
_MOST_SLOW_SHARE = 0.25


def measure_ladder(
    *, seconds: float = 60.0, names: Sequence[str] | None = None, progress: Progress | None = None, on_change: OnChange | None = None
) -> Ladder:
    """Measure how long each way to start a program takes until it has said hello.

    It starts daemons, containers and workers: let it have a process of its own, as ``labkit.bench.run_bench("spawn")`` does.

    Parameters
    ----------
    seconds : float, optional
        How long to take in all; it takes longer where one block of samples and the preparations do.
    names : sequence of str, optional
        Which rungs, of `RUNG_NAMES`; the first of those is always among them. Left out, all.
    progress : callable, optional
        Told now and then which share of the time is over.
    on_change : callable, optional
        Called with what there is so far, when a rung is prepared and after each block of samples; of a rung that has only been
        tried, that is its one start.

    Returns
    -------
    Ladder
        Every rung asked for. Those that cannot run here have their error.

    Raises
    ------
    ArgumentError
        If a name is none of a rung.
    LabkitError
        If not even the first rung runs.

    Examples
    --------
    >>> ladder = measure_ladder(seconds=1, names=["wasm instance"])
    >>> [rung.measured_here for rung in ladder.rungs]
    [True, True]
    """
    seconds = checked_seconds(seconds)
    if names is not None:
        names = checked_names(names, RUNG_NAMES, what="rung")
    chosen = [peer() for i, peer in enumerate(PEERS) if names is None or i == 0 or peer.name in names]
    tell, show = progress or (lambda share: None), on_change or (lambda ladder: None)
    begin = time.monotonic()
    with Workshop(seconds=seconds) as workshop:
        climb = Climb(chosen, show)
        for number, peer in enumerate(sorted(chosen, key=lambda peer: peer.cost), 1):
            climb.prepare(peer, workshop, begin + seconds * (_PREPARING_SHARE if peer.cost else _CHEAP_SHARE))
            tell(_PREPARING_SHARE * number / len(chosen))
            show(climb.so_far())
        left = max(seconds - (time.monotonic() - begin), 1.0)
        comparisons = climb.measure(left, seconds * _MOST_SLOW_SHARE, within(tell, _PREPARING_SHARE, 1 - _PREPARING_SHARE))
    return Ladder(tuple(climb.rung(peer, comparisons) for peer in chosen), comparisons, time.monotonic() - begin)
