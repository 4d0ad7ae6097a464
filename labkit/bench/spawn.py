"""The bench of cold starts: the whole ladder, each rung that runs here against the native process."""

from __future__ import annotations

import platform

from labkit.bench.climb import measure_ladder
from labkit.bench.comparison import Ratio
from labkit.bench.goals import Bench, Findings, Share
from labkit.bench.interleave import Progress
from labkit.runtimes.registry import runtimes

__all__ = ["BENCH", "LADDER"]

#: What the store calls it.
LADDER = "The ladder"


def _run(seconds: float, progress: Progress) -> Findings:
    ladder = measure_ladder(seconds=seconds, progress=progress)
    first, *others = ladder.rungs
    figures: dict[str, Ratio | Share] = {
        f"{rung.name} / {first.name}": ratio for rung in others if rung.measured_here and (ratio := ladder.ratio(rung.name)) is not None
    }
    wasmtime = next(row for row in runtimes() if row.name == "wasmtime")
    return Findings(
        figures,
        {LADDER: ladder},
        (f"wasmtime {wasmtime.version} ({wasmtime.release_year})", *ladder.versions, f"Python {platform.python_version()}"),
    )


BENCH = Bench(
    "spawn",
    "How long it takes until a program has said hello: instances, processes, sandboxes, containers.",
    (),
    _run,
    seconds=90.0,
    quick_seconds=15.0,
)
