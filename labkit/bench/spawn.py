"""The bench of cold starts: the whole ladder, each rung that runs here against the native process."""

from __future__ import annotations

from labkit.bench.climb import measure_ladder
from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.figures import Ratio, Share
from labkit.bench.goals import Bench, Findings
from labkit.bench.interleave import Progress

__all__ = ["BENCH", "LADDER"]

#: What the store calls it.
LADDER = "The ladder"


def _run(seconds: float, progress: Progress) -> Findings:
    ladder = measure_ladder(seconds=seconds, progress=progress)
    first, *others = ladder.rungs
    figures: dict[str, Ratio | Share] = {
        f"{rung.name} / {first.name}": ratio for rung in others if rung.measured_here and (ratio := ladder.ratio(rung.name)) is not None
    }
    return Findings(figures, {LADDER: ladder}, tuple(dict.fromkeys((*ladder.versions, PYTHON_VERSION))))


BENCH = Bench(
    "spawn",
    "How long it takes until a program has said hello: instances, processes, sandboxes, containers.",
    (),
    _run,
    seconds=90.0,
    quick_seconds=15.0,
)
