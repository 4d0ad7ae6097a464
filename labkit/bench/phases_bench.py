"""The bench of phases: what each part of a run takes on every runtime, what the binding adds, and what an instance holds."""

from __future__ import annotations

from hashlib import sha256

from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.figures import Figure
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.phases import BY_HAND, measure_phases
from labkit.modules.load import to_wasm

__all__ = ["BENCH", "TITLE"]

#: What it is recorded as.
TITLE = "The phases of fib(20)"
_FIB = """
(module
  (memory (export "memory") 1)
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))
"""
# What is left goes to getting runtimes and workers ready, and to holding instances.
_SHARE = 0.4
_INSTANTIATE = Goal("instantiate: labkit / bound by hand", 1.25, Direction.AT_MOST)
_STEADY = Goal("steady call: labkit / bound by hand", 1.02, Direction.AT_MOST)


def _run(seconds: float, progress: Progress) -> Findings:
    wasm = to_wasm(_FIB)
    phases = measure_phases(wasm, export="fib", arguments=[20], seconds=seconds * _SHARE, progress=progress)
    found: dict[str, Figure] = {
        f"{phase.value}: labkit / bound by hand": comparison.ratio("wasmtime", BY_HAND)
        for phase, comparison in phases.comparisons.items()
        if any(timing.name == BY_HAND for timing in comparison.timings)
    }
    parts = {f"{TITLE}: {name}": comparison for name, comparison in phases.parts().items()}
    return Findings(
        found,
        {TITLE: phases, **parts},
        (*phases.versions, PYTHON_VERSION),
        (),
        {missing.runtime: f"{missing.reason} {missing.remedy}" for missing in phases.missing},
        dict.fromkeys((TITLE, *parts), sha256(wasm).hexdigest()),
    )


BENCH = Bench(
    "phases",
    "Where the time of a run goes, on every runtime, and what the binding adds to it.",
    (_INSTANTIATE, _STEADY),
    _run,
    seconds=40.0,
    quick_seconds=10.0,
)
