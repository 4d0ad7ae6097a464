"""One climb of the ladder: which peers run, how long each takes, and what was found of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from labkit.bench.clock import Clock
from labkit.bench.comparison import Comparison
from labkit.bench.doubts import doubts
from labkit.bench.interleave import Progress, compare
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.peers import Peer, Workshop
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.start import Run
from labkit.errors import BenchError, LabkitError

__all__ = ["Climb", "OnChange", "within"]

#: Is shown a ladder that is not whole yet.
OnChange = Callable[[Ladder], object]

#: A rung whose run takes longer has fewer samples: it is measured with the slow ones.
_SLOW_SECONDS = 0.04
#: One that takes less the first time may only have been interrupted, and is tried again.
_SURELY_SLOW_SECONDS = 0.2
#: Runs of each that one block takes, with its calibration.
_CALIBRATION_RUNS = 3
#: The slowest are measured by themselves, or they would take the time of all the others.
_SLOWEST_SECONDS = 0.6
#: The shares of the time that the fast, the slow and the slowest have.
_SHARES = (0.35, 0.35, 0.3)


class Climb:
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
        self._clock = Clock()
        self._pilots: dict[str, Run] = {}
        self._memory: dict[str, int | None] = {}
        self._endings: dict[str, list[float]] = defaultdict(list)
        self._errors: dict[str, LabkitError] = {}

    def prepare(self, peer: Peer, workshop: Workshop, deadline: float) -> None:
        """Make it ready and see how long it takes, or why it does not run; after the deadline, only what takes little."""
        try:
            if time.monotonic() > deadline and isinstance(peer, CommandPeer) and peer is not self._peers[0]:
                raise _no_time("Preparing the others took all of the time.")
            pilot = peer.prepare(workshop)
            if _SLOW_SECONDS < pilot.gone_seconds < _SURELY_SLOW_SECONDS:
                pilot = min(pilot, peer.hello(), key=lambda run: run.gone_seconds)
            self._pilots[peer.name] = pilot
            self._memory[peer.name] = None if time.monotonic() > deadline else self._weigh(peer)
        except LabkitError as error:
            if peer is self._peers[0]:
                raise
            self._errors[peer.name] = error

    def _weigh(self, peer: Peer) -> int | None:
        """Its memory; where one that waits fails, the rung still has its starts."""
        try:
            return peer.memory_bytes()
        except BenchError as error:
            peer.note = f"{peer.note} Its memory could not be read: {error.message}".strip()
            return None

    def measure(self, seconds: float, most_seconds: float, progress: Progress) -> tuple[Comparison, ...]:
        """Compare the fast, the slow and the slowest, for which it may take longer; the first peer is among all."""
        running = [peer for peer in self._peers if peer.name in self._pilots and peer.name not in self._errors]
        first, *others = running
        slow = [peer for peer in others if self._pilots[peer.name].gone_seconds >= _SLOW_SECONDS]
        kept = self._affordable(slow, max(seconds * (1 - _SHARES[0]), most_seconds))
        slowest = [peer for peer in kept if self._pilots[peer.name].gone_seconds >= _SLOWEST_SECONDS]
        groups = [[peer for peer in others if peer not in slow], [peer for peer in kept if peer not in slowest], slowest]
        chosen = [(group, share) for number, (group, share) in enumerate(zip(groups, _SHARES)) if group or number == 0]
        whole, done, found = sum(share for _, share in chosen), 0.0, list[Comparison]()
        for group, share in chosen:
            part = share / whole
            found.append(self._compare([first, *group], seconds * part, within(progress, done, part)))
            done += part
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
            versions, notes = {peer.name: peer.version for peer in peers}, {peer.name: peer.note for peer in peers}
            share = self._share_of_hello(peers)
            self._so_far.update({peer.name: [] for peer in peers})
            started = time.monotonic()

            def keep(block: Sequence[float], names: Sequence[str] = tuple(contenders)) -> None:
                for name, seconds in zip(names, block):
                    self._so_far[name].append(seconds)
                self._show(self.so_far())

            try:
                found = compare(contenders, seconds=left * share, versions=versions, timer=self._clock, progress=progress, on_block=keep)
                timings = tuple(replace(timing, note=notes[timing.name]) for timing in found.timings)
                wall_seconds = time.monotonic() - started
                return replace(found, timings=timings, wall_seconds=wall_seconds, warnings=doubts(timings, found.load, wall_seconds=wall_seconds))
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
            # From a hello until all of the run is gone: what is measured ends with the hello.
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


def within(progress: Progress, before: float, part: float) -> Progress:
    """Tell the progress of one part as that of the whole."""
    return lambda share: progress(before + share * part)


def _no_time(what: str) -> BenchError:
    return BenchError(what, remedy="Measure for longer, or with less else running.")


def _samples(comparison: Comparison) -> Mapping[str, tuple[float, ...]]:
    return {timing.name: timing.samples_seconds for timing in comparison.timings}
