"""The bench of density: idle instances against as many idle processes, and what either takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from labkit.bench.contenders import PYTHON_VERSION, absences, status_of, version
from labkit.bench.density import Density
from labkit.bench.figures import Figure, Ratio, Unavailable
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.idle_instances import hold_instances
from labkit.bench.idle_processes import hold_processes, most_processes
from labkit.bench.interleave import Progress
from labkit.bench.native_process import native_program
from labkit.bench.statistics import paired_ratio
from labkit.display import format_bytes
from labkit.errors import LabkitError

__all__ = ["BENCH", "Crowds", "measure_crowds"]

#: What is called what in series and figures.
INSTANCES, POOLED = "instances, wasmtime", "instances, wasmtime, pooled"
PROCESSES, STATIC = "processes", "processes, smallest static"
_COUNTS, _MANY = (100, 300, 1_000), 10_000
#: Shorter runs leave the ten thousand out.
_SECONDS_FOR_MANY = 40.0
_OTHERS = ("wasmer", "libwasmer")
_GOAL = Goal("1,000 idle instances / as many processes", 0.2, Direction.AT_MOST)

Points = tuple[tuple[int, int], ...]


@dataclass
class Crowds:
    """What was held and measured, and what could not be.

    Attributes
    ----------
    blocks : mapping of str to list of int
        Bytes of the largest crowd held in every block; of those that are paired.
    series : mapping of str to points
    unavailable : mapping of str to str
    notes : list of str
    """

    blocks: dict[str, list[int]] = field(default_factory=dict)
    series: dict[str, Points] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def hold(self, name: str, hold: Callable[[], Points]) -> Points:
        """Hold a crowd, and keep its points; one that cannot be held is unavailable from then on."""
        if name in self.unavailable:
            return ()
        try:
            points = hold()
        except LabkitError as error:
            self.unavailable[name] = f"{error.message} {error.remedy}"
            return ()
        self.series[name] = tuple(sorted({**dict(self.series.get(name, ())), **dict(points)}.items()))
        return points

    def ratio(self, seed: int) -> Figure:
        """Instances over processes, within each block; where processes against themselves exclude 1, by how much is its doubt."""
        for name in (INSTANCES, PROCESSES):
            if name in self.unavailable:
                return Unavailable(self.unavailable[name])
        instances, processes, again = (np.array(self.blocks[name], dtype=float) for name in (INSTANCES, PROCESSES, f"{PROCESSES}, again"))
        if instances.min() <= 0:
            return Unavailable("The process that held instances gave back as much memory as they took. Hold more of them.")
        control = Ratio(PROCESSES, PROCESSES, *paired_ratio(again, processes, np.random.default_rng(seed)))
        return Ratio(INSTANCES, PROCESSES, *paired_ratio(instances, processes, np.random.default_rng(seed)), control.doubt_cast)


def measure_crowds(*, seconds: float, counts: Sequence[int] = _COUNTS, many: int | None = _MANY, progress: Progress, seed: int) -> Crowds:
    """Hold crowds of idle instances and of idle processes in turn, in random order within blocks, and measure each.

    Parameters
    ----------
    seconds : float
        How long blocks are begun; what a run needs beside them comes on top.
    counts : sequence of int
        Rising; at each a crowd is measured, and the last is the one that is compared.
    many : int or None
        A larger crowd, held once.
    progress : callable
    seed : int
        For the order within blocks.
    """
    crowds, generator = Crowds(), np.random.default_rng(seed)
    kinds = _kinds(crowds)
    paired = {name: kinds[name] for name in (INSTANCES, PROCESSES)}
    paired[f"{PROCESSES}, again"] = kinds[PROCESSES]
    begin = time.perf_counter()
    for name in (POOLED, STATIC, *(f"instances, {other}" for other in _OTHERS)):
        crowds.hold(name, partial(kinds[name], counts))
    while not crowds.unavailable.keys() & paired.keys():
        for name in generator.permutation(list(paired)):
            found = crowds.hold(name.removesuffix(", again"), partial(paired[str(name)], counts))
            crowds.blocks.setdefault(str(name), []).extend(total for count, total in found[-1:])
        share = (time.perf_counter() - begin) / seconds
        progress(min(share, 1.0))
        if share * (1 + 1 / len(crowds.blocks[INSTANCES])) > 1:
            break
    if many is not None:
        _hold_many(crowds, kinds, many)
    return crowds


def _kinds(crowds: Crowds) -> Mapping[str, Callable[[Sequence[int]], Points]]:
    def instances(name: str, *, pooled: bool = False) -> Callable[[Sequence[int]], Points]:
        def hold(counts: Sequence[int]) -> Points:
            held = hold_instances(name, counts, pooled=pooled)
            host = f"Before its first instance the process that holds those of {name} takes {format_bytes(held.host_bytes)}; that is not counted."
            if not pooled and not any(f" of {name} takes" in note for note in crowds.notes):
                crowds.notes.append(host)
            return held.points

        return hold

    for name, why in absences(_OTHERS).items():
        crowds.unavailable[f"instances, {name}"] = why
    return {
        INSTANCES: instances("wasmtime"),
        POOLED: instances("wasmtime", pooled=True),
        **{f"instances, {name}": instances(name) for name in _OTHERS},
        PROCESSES: partial(hold_processes, native_program("idle", static=False)),
        STATIC: partial(hold_processes, native_program("idle")),
    }


def _hold_many(crowds: Crowds, kinds: Mapping[str, Callable[[Sequence[int]], Points]], many: int) -> None:
    """Hold a large crowd once, of processes as many as the system bears; what cannot be held is a note, and its series ends before."""
    for name, hold in kinds.items():
        if name not in crowds.series:
            continue
        count = min(many, most_processes()) if name in (PROCESSES, STATIC) else many
        if count < many:
            crowds.notes.append(f"{name}: {count:,} and not {many:,}, half of what this system's limits on processes and its free memory allow.")
        if count <= crowds.series[name][-1][0]:
            continue
        try:
            crowds.hold(name, partial(hold, (count,)))
        finally:
            if name in crowds.unavailable:
                crowds.notes.append(f"{name}: not {many:,}. {crowds.unavailable.pop(name)}")


def _run(seconds: float, progress: Progress) -> Findings:
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    full = seconds >= _SECONDS_FOR_MANY
    crowds = measure_crowds(seconds=seconds * (0.5 if full else 1.0), many=_MANY if full else None, progress=progress, seed=seed)
    last = {name: points[-1] for name, points in crowds.series.items()}
    notes = (
        "PSS: proportional set size, in which memory that processes share counts for each in part. What the kernel keeps for each process "
        "(its stack, its page tables) is in no figure; it would add to the processes'.",
        "A process is linked as compilers do by default, with the system's C library shared among all; the smallest static one has no library.",
        "What was measured once has no interval: one measurement does not tell how far another would be off.",
        *crowds.notes,
        *(f"{name} is not measured: {why}" for name, why in crowds.unavailable.items()),
    )
    figures: dict[str, Figure] = {_GOAL.figure: crowds.ratio(seed)}
    for name in (POOLED, STATIC, *(f"instances, {other}" for other in _OTHERS)):
        if name in last and PROCESSES in crowds.series:
            figures[f"1,000 × {name} / as many processes, once"] = _once(crowds.series, name)
    return Findings(
        figures,
        {"Memory of idle guests": Density(crowds.series, notes)},
        (*(version(status_of(name)) for name in ("wasmtime", *_OTHERS) if status_of(name).available), PYTHON_VERSION),
        (),
        crowds.unavailable,
    )


def _once(series: Mapping[str, Points], name: str) -> Ratio:
    """One measurement, which tells nothing of how far another would be off."""
    return Ratio(name, PROCESSES, dict(series[name])[_COUNTS[-1]] / dict(series[PROCESSES])[_COUNTS[-1]], 0.0, math.inf)


BENCH = Bench(
    "density",
    "How much memory idle instances take, and as many idle processes.",
    (_GOAL,),
    _run,
    seconds=60.0,
    quick_seconds=20.0,
)
