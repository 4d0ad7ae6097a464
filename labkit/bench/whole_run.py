"""A whole run as a contender: from the request to `labkit.run` until its answer, which is all that a runtime that is a command has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from labkit.bench.clock import Clock
from labkit.errors import BenchError
from labkit.runtimes.command_runtime import COMMANDS
from labkit.sandbox.pool import the_pool
from labkit.sandbox.result import Outcome
from labkit.sandbox.run import run

__all__ = ["only_whole", "run_contents", "whole_run"]


def only_whole(runtime: str) -> str:
    """Why a command has no other figures.

    Examples
    --------
    >>> only_whole("v8")
    'v8 is a command: it starts, compiles and calls anew for each run, and only the whole of that can be timed.'
    """
    return f"{runtime} is a command: it starts, compiles and calls anew for each run, and only the whole of that can be timed."


def whole_run(wasm: bytes, export: str, arguments: Sequence[int | float], runtime: str, clock: Clock) -> Callable[[], Any]:
    """Make the contender; its time is that of the clock, which stands still until a worker is ready for the next run.

    Raises
    ------
    LabkitError
        The contender does, if the run does not return.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> wasm = to_wasm('(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))')
    >>> whole_run(wasm, "square", [9], "wasmtime", Clock())()
    81
    """
    return partial(_run_once, wasm, export, arguments, runtime, clock)


def _run_once(wasm: bytes, export: str, arguments: Sequence[int | float], runtime: str, clock: Clock) -> Any:
    clock.stop()
    the_pool().settle()
    the_pool().wait((runtime, True))
    clock.go()
    result = run(wasm, export=export, args=arguments, runtime=runtime)
    if result.outcome is not Outcome.RETURNED:
        raise BenchError(f"The run did not return: {result.message}", remedy="Call a function that returns within a second or two.")
    values = result.values or (None,)
    return values[0] if len(values) == 1 else values


def run_contents(runtimes: Iterable[str]) -> str:
    """What is in a whole run on some runtimes; not the same on all of them.

    Examples
    --------
    >>> run_contents(["wasmtime"])
    'A whole run is all that labkit.run does: on wasmtime, in a process that stood ready, with the module compiled before.'
    >>> run_contents(["wasmtime", "v8"]).partition("; ")[2]
    'on v8, the start of the command, compiling and the call, each time anew.'
    """
    names = list(runtimes)
    ready, commands = [name for name in names if name not in COMMANDS], [name for name in names if name in COMMANDS]
    contents = [
        *([f"on {' and '.join(ready)}, in a process that stood ready, with the module compiled before"] if ready else []),
        *([f"on {' and '.join(commands)}, the start of the command, compiling and the call, each time anew"] if commands else []),
    ]
    return f"A whole run is all that labkit.run does: {'; '.join(contents)}."
