"""The bench of the sandbox: a program in a worker against the same in process, and a forked worker against a new Python."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from labkit.bench.clock import Clock
from labkit.bench.contenders import status_of, version
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress, compare
from labkit.errors import BenchError
from labkit.limits import Limits
from labkit.modules.load import to_wasm
from labkit.runtimes.registry import runtime
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime
from labkit.sandbox.confinement import landlock_version
from labkit.sandbox.grants import Grants
from labkit.sandbox.pool import the_pool
from labkit.sandbox.run import RUN_LIMITS, run
from labkit.sandbox.wasi_wasmtime import WasmtimeProgram
from labkit.sandbox.workers import Worker

__all__ = ["BENCH"]

_HELLO = """
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\06\\00\\00\\00hello\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
"""
_NAME, _SEALED = "wasmtime", ("wasmtime", True)
_ALLOWED_SECONDS = 0.001
_READY = "import labkit; labkit.runtime('wasmtime', interruptible=False).engine(fuel=False); print('ready', flush=True); input()"

_INSIDE, _INSIDE_AND_MORE, _WARM = "in process", "in process, and 1 ms", "labkit.run, warm"
_FORKED, _NEW = "a worker, forked", "a new Python"
_GOAL = Goal("a warm run / the same in process and 1 ms", 1.0, Direction.AT_MOST)


def _wait(clock: Clock) -> None:
    """Let the clock stand still while a spare gets ready: a warm run is one that finds it so."""
    clock.stop()
    the_pool().settle()
    the_pool().wait(_SEALED)
    clock.go()


def _run(seconds: float, progress: Progress) -> Findings:
    wasm = to_wasm(_HELLO)
    run(wasm)
    clock = Clock()
    in_process = _in_process(wasm)

    # All begin after the same pause: a call that follows its own like finds its code and data in the processor's caches, a reader's does not.
    def inside() -> bytes:
        _wait(clock)
        return in_process()

    def warm() -> bytes:
        _wait(clock)
        return run(wasm).stdout

    def inside_and_more() -> bytes:
        output = inside()
        until = time.perf_counter() + _ALLOWED_SECONDS
        while time.perf_counter() < until:
            pass
        return output

    contenders: dict[str, Callable[[], bytes]] = {_INSIDE: inside, _INSIDE_AND_MORE: inside_and_more, _WARM: warm}
    for name, contender in contenders.items():
        if (printed := contender()) != b"hello\n":
            raise BenchError(f"{name} printed {printed!r}, so its time means nothing.", remedy="Report this as a fault of labkit's.")
    # Waiting for spares is not measured and takes most of the time.
    runs = compare(contenders, seconds=seconds * 0.15, progress=lambda share: progress(share * 0.7), timer=clock)
    workers = compare({_FORKED: _fork, _NEW: _start}, seconds=seconds * 0.3, progress=lambda share: progress(0.7 + share * 0.3))
    figures = {
        _GOAL.figure: runs.ratio(_WARM, _INSIDE_AND_MORE),
        "a warm run / the same in process": runs.ratio(_WARM, _INSIDE),
        "a worker, forked / a new Python": workers.ratio(_FORKED, _NEW),
    }
    median = {timing.name: timing.median_seconds for timing in runs.timings}
    more = (median[_WARM] - median[_INSIDE]) * 1e3
    return Findings(
        figures,
        {"A hello on Wasmtime": runs, "Until a process is ready for a guest": workers},
        (version(status_of(_NAME)),),
        (f"By the medians a warm run takes {more:.2f} ms more.", f"Workers are confined by Landlock {landlock_version()} (0 where there is none)."),
    )


def _in_process(wasm: bytes) -> Callable[[], bytes]:
    """The same program without a worker, as fast as labkit can: compiled before, its output through a pipe."""
    chosen = runtime(_NAME, interruptible=False)
    assert isinstance(chosen, WasmtimeRuntime)
    module, program = chosen.compile(wasm), WasmtimeProgram(chosen)
    limits = Limits(memory=RUN_LIMITS.memory_bytes)

    def hello() -> bytes:
        reader, writer = os.pipe()
        kept = os.dup(1)
        os.dup2(writer, 1)
        os.close(writer)
        try:
            program.bind(module, limits, Grants()).func("_start")()
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        output = os.read(reader, 100)
        os.close(reader)
        return output

    return hello


def _fork() -> None:
    worker = Worker.start(the_pool().zygote, _SEALED)
    worker.wait()
    worker.close()


def _start() -> None:
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", _READY], **options) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise BenchError("A new Python does not get ready.", remedy="Install labkit where a new Python finds it.")
        process.kill()


BENCH = Bench("sandbox", "What a process of its own costs a guest.", (_GOAL,), _run)
