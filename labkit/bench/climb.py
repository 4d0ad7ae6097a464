"""Climbs the ladder of cold starts: prepares every peer, measures those that run in two interleaved comparisons, cleans up."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from labkit.bench.comparison import Comparison
from labkit.bench.doubts import doubts
from labkit.bench.interleave import Progress, compare
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.peers import PEERS, Peer, Workshop
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.start import Run
from labkit.errors import ArgumentError, BenchError, LabkitError

__all__ = ["RUNG_NAMES", "OnChange", "measure_ladder"]

#: Is shown a ladder that is not whole yet.
OnChange = Callable[[Ladder], object]

RUNG_NAMES = tuple(peer.name for peer in PEERS)
#: A rung whose run takes longer has fewer samples: it is measured with the slow ones.
_SLOW_SECONDS = 0.04
#: Runs of each that one block takes, with its calibration.
_CALIBRATION_RUNS = 3
#: Shares of the time: until everything is prepared, and then of the slow rungs.
_PREPARING_SHARE, _SLOW_SHARE = 0.6, 0.6
#: How much of all the time the slow rungs may take where little is left: too few samples are better than none.
_MOST_SLOW_SHARE = 0.5


class _Clock:
    """Stands still from a hello until all of the run is gone: what is measured ends with the hello."""

    def __init__(self) -> None:
        self._stood_seconds = 0.0

    def __call__(self) -> float:
        return time.perf_counter() - self._stood_seconds

    def skip(self, seconds: float) -> None:
        self._stood_seconds += seconds


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
    unknown = set(names or ()) - set(RUNG_NAMES)
    if unknown:
        raise ArgumentError(f"The ladder has no rung {sorted(unknown)[0]!r}.", remedy=f"Choose of {', '.join(RUNG_NAMES)}.")
    chosen = [peer() for i, peer in enumerate(PEERS) if names is None or i == 0 or peer.name in names]
    tell, show = progress or (lambda share: None), on_change or (lambda ladder: None)
    begin = time.monotonic()
    with Workshop() as workshop:
        climb = _Climb(chosen, show)
        for number, peer in enumerate(sorted(chosen, key=lambda peer: peer.costly), 1):
            climb.prepare(peer, workshop, late=time.monotonic() - begin > seconds * _PREPARING_SHARE)
            tell(_PREPARING_SHARE * number / len(chosen))
            show(climb.so_far())
        left = max(seconds - (time.monotonic() - begin), 1.0)
        comparisons = climb.measure(left, seconds * _MOST_SLOW_SHARE, lambda share: tell(_PREPARING_SHARE + share * (1 - _PREPARING_SHARE)))
    return Ladder(tuple(climb.rung(peer, comparisons) for peer in chosen), comparisons, time.monotonic() - begin)


class _Climb:
    """One measurement of some peers.

    Parameters
    ----------
    peers : sequence of Peer
        The first is what the others are held against.
    show : callable
        Shown what there is so far.
    """

    def __init__(self, peers: Sequence[Peer], show: OnChange) -> None:
        self._peers = peers
        self._show = show
        self._so_far: dict[str, list[float]] = {}
        self._clock = _Clock()
        self._pilots: dict[str, Run] = {}
        self._memory: dict[str, int | None] = {}
        self._endings: dict[str, list[float]] = defaultdict(list)
        self._errors: dict[str, LabkitError] = {}

    def prepare(self, peer: Peer, workshop: Workshop, *, late: bool) -> None:
        """Make it ready and see how long it takes, or why it does not run."""
        try:
            if late and isinstance(peer, CommandPeer):
                raise _no_time("Preparing the others took all of the time.")
            self._pilots[peer.name] = peer.prepare(workshop)
            self._memory[peer.name] = peer.memory_bytes()
        except LabkitError as error:
            if peer is self._peers[0]:
                raise
            self._errors[peer.name] = error

    def measure(self, seconds: float, most_seconds: float, progress: Progress) -> tuple[Comparison, ...]:
        """Compare the fast, then the slow, for which it may take longer; the first peer is in both."""
        running = [peer for peer in self._peers if peer.name in self._pilots and peer.name not in self._errors]
        first, slow = running[0], [peer for peer in running[1:] if self._pilots[peer.name].gone_seconds >= _SLOW_SECONDS]
        fast = [peer for peer in running[1:] if peer not in slow]
        slow = self._affordable(slow, max(seconds * _SLOW_SHARE, most_seconds))
        share = _SLOW_SHARE if slow else 0.0
        found = [self._compare([first, *fast], seconds * (1 - share), lambda done: progress(done * (1 - share)))]
        if slow:
            found.append(self._compare([first, *slow], seconds * share, lambda done: progress(1 - share + done * share)))
        return tuple(found)

    def _affordable(self, peers: list[Peer], seconds: float) -> list[Peer]:
        """Those of which the time is enough for a block of samples and the calibration before; the slowest are left out first."""
        kept = sorted(peers, key=lambda peer: self._pilots[peer.name].gone_seconds)
        while kept and _CALIBRATION_RUNS * sum(self._pilots[peer.name].gone_seconds for peer in kept) > seconds:
            peer = kept.pop()
            self._errors[peer.name] = _no_time(f"It took {self._pilots[peer.name].gone_seconds:.2g} s, and the time was not enough for samples.")
        return [peer for peer in peers if peer in kept]

    def _compare(self, peers: list[Peer], seconds: float, progress: Progress) -> Comparison:
        """Compare; a peer that fails meanwhile is left out, and the rest begin again."""
        begin = time.monotonic()
        while True:
            left = max(seconds - (time.monotonic() - begin), seconds / 4)
            contenders = {peer.name: self._contender(peer) for peer in peers}
            self._so_far.update({peer.name: [] for peer in peers})
            started = time.monotonic()

            def keep(block: Sequence[float], names: Sequence[str] = tuple(contenders)) -> None:
                for name, seconds in zip(names, block):
                    self._so_far[name].append(seconds)
                self._show(self.so_far())

            try:
                found = compare(contenders, seconds=left * self._share_of_hello(peers), timer=self._clock, progress=progress, on_block=keep)
                wall_seconds = time.monotonic() - started
                return replace(found, wall_seconds=wall_seconds, warnings=doubts(found.timings, found.load, wall_seconds=wall_seconds))
            except BenchError:
                failed = [peer for peer in peers[1:] if peer.name in self._errors]
                if not failed:
                    raise
                peers = [peer for peer in peers if peer not in failed]

    def _share_of_hello(self, peers: Iterable[Peer]) -> float:
        """Which part of the time the clock goes."""
        pilots = [self._pilots[peer.name] for peer in peers]
        return sum(pilot.hello_seconds for pilot in pilots) / sum(pilot.gone_seconds for pilot in pilots)

    def _contender(self, peer: Peer) -> Callable[[], object]:
        if peer.in_process:
            return peer.hello

        def start() -> None:
            begin = time.perf_counter()
            try:
                run = peer.hello()
            except BenchError as error:
                self._errors[peer.name] = error
                raise
            self._endings[peer.name].append(run.gone_seconds - run.hello_seconds)
            self._clock.skip(time.perf_counter() - begin - run.hello_seconds)

        return start

    def so_far(self) -> Ladder:
        """Every rung with the samples it has, or the one start by which it was tried."""
        return Ladder(tuple(self._rung(peer, tuple(self._so_far.get(peer.name) or self._tried(peer))) for peer in self._peers))

    def _tried(self, peer: Peer) -> tuple[float, ...]:
        return (self._pilots[peer.name].hello_seconds,) if peer.name in self._pilots else ()

    def rung(self, peer: Peer, comparisons: Iterable[Comparison]) -> Rung:
        """What was found of a peer."""
        return self._rung(peer, tuple(sample for comparison in comparisons for sample in _samples(comparison).get(peer.name, ())))

    def _rung(self, peer: Peer, samples: tuple[float, ...]) -> Rung:
        error = self._errors.get(peer.name)
        if error is not None:
            return Rung(peer.name, peer.isolates, error=error.message, remedy=error.remedy, image_bytes=peer.image_bytes, kind=peer.kind)
        return Rung(
            peer.name,
            peer.isolates,
            samples,
            image_bytes=peer.image_bytes,
            memory_bytes=self._memory.get(peer.name),
            kind=peer.kind,
            ending_seconds=tuple(self._endings[peer.name]),
            note=peer.note,
            version=peer.version,
        )


def _no_time(what: str) -> BenchError:
    return BenchError(what, remedy="Measure for longer, or with less else running.")


def _samples(comparison: Comparison) -> Mapping[str, tuple[float, ...]]:
    return {timing.name: timing.samples_seconds for timing in comparison.timings}
