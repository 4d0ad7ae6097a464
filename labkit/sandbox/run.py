"""Run one exported function of a module that nobody vouches for, in a process that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from labkit import errors
from labkit.display import format_seconds, html_table, text_table
from labkit.errors import ArgumentError, ExportNotFound, LabkitError, LinkError, TrapKind
from labkit.limits import Limits
from labkit.modules.interface import Interface, read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.runtimes.values import boundary_types, check_value, explain

__all__ = ["RUN_LIMITS", "Outcome", "Result", "run"]

#: What a guest may use where the caller sets nothing.
RUN_LIMITS = Limits(time=5.0, memory="1GiB")

#: Seconds for starting the process and compiling, on top of the guest's own time.
_START_SECONDS = 60.0
#: Seconds between two looks at whether the run was cancelled.
_LOOK_SECONDS = 0.05


class Outcome(Enum):
    """How a run ended."""

    RETURNED = "returned"
    TRAPPED = "trapped"
    TIME_LIMIT = "stopped at its time limit"
    MEMORY_LIMIT = "stopped at its memory limit"
    CRASHED = "ended the process it ran in"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes
    ----------
    runtime : str
    outcome : Outcome
    values : tuple of int and float
        What the function returned.
    trap : TrapKind or None
        Why it trapped.
    message : str
        More about an end other than returning, with what to do about it.
    wall_seconds : float
        The call alone, without compiling; NaN where it did not end by itself.
    """

    runtime: str
    outcome: Outcome
    values: tuple[int | float, ...] = ()
    trap: TrapKind | None = None
    message: str = ""
    wall_seconds: float = float("nan")

    def _row(self) -> list[str]:
        what = ", ".join(map(repr, self.values)) if self.outcome is Outcome.RETURNED else self.message
        took = format_seconds(self.wall_seconds) if self.wall_seconds == self.wall_seconds else "–"
        return [self.runtime, self.outcome.value, what, took]

    def __str__(self) -> str:
        return text_table(["runtime", "outcome", "result", "call took"], [self._row()])

    def _repr_html_(self) -> str:
        return html_table(["runtime", "outcome", "result", "call took"], [self._row()])


def run(
    source: bytes | str | os.PathLike[str],
    *,
    export: str,
    args: Sequence[int | float | str] = (),
    runtime: str = "wasmtime",
    limits: Limits | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Run an exported function of a module that needs no host functions, in a process of its own.

    An endless loop costs its time limit, and a crash costs that process: never the caller. Wasmer in particular cannot be
    stopped within a process.

    Parameters
    ----------
    source : bytes, str or path
        The module: bytes, WebAssembly text or a path.
    export : str
        Name of the function.
    args : sequence of int, float or str
        Its arguments; text is read as the number its parameter wants.
    runtime : str
        Name of the runtime.
    limits : Limits, optional
        Time and memory default to those of `RUN_LIMITS`; fuel only where the runtime has it.
    cancel : threading.Event, optional
        Another thread sets it to end the run: the process is killed, and the outcome is `Outcome.CANCELLED`.

    Returns
    -------
    Result
        Whatever the guest did. Only what could not be run at all is raised.

    Raises
    ------
    LabkitError
        If the module, its imports, the export, the arguments or the runtime are not usable.

    Examples
    --------
    >>> wat = '(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))'
    >>> run(wat, export="square", args=[9]).values
    (81,)
    """
    wasm = to_wasm(source)
    numbers = _arguments(read_interface(wasm), export, args)
    chosen = limits or Limits()
    if chosen.output_bytes is not None:
        raise errors.UnsupportedLimit("An exported function writes no output that could be limited.", remedy="Leave Limits(output=…) out.")
    seconds = chosen.time_seconds if chosen.time_seconds is not None else RUN_LIMITS.time_seconds
    memory_bytes = chosen.memory_bytes if chosen.memory_bytes is not None else RUN_LIMITS.memory_bytes
    assert seconds is not None
    request = {
        "runtime": runtime,
        "export": export,
        "args": numbers,
        "seconds": seconds,
        "memory_bytes": memory_bytes,
        "fuel_units": chosen.fuel_units,
    }
    process = subprocess.Popen([sys.executable, "-m", "labkit.sandbox.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + seconds + _START_SECONDS
    unsent: bytes | None = json.dumps(request).encode() + b"\n" + wasm
    with process:
        try:
            while True:
                if cancel is not None and cancel.is_set():
                    process.kill()
                    return _stopped(runtime, Outcome.CANCELLED, "It was cancelled.")
                try:
                    answer, words = process.communicate(unsent, timeout=_LOOK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    unsent = None  # the next call goes on where this one was
                    if time.monotonic() > deadline:
                        process.kill()
                        return _stopped(runtime, Outcome.TIME_LIMIT, f"It had not ended {seconds + _START_SECONDS:g} s after it was started.")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        return _ended(runtime, process.returncode, seconds, words)
    return _read(runtime, json.loads(answer))


def _arguments(interface: Interface, export: str, args: Sequence[int | float | str]) -> list[int | float]:
    """Check everything that can be checked before a process is started."""
    if interface.imports:
        wanted = interface.imports[0]
        raise LinkError(
            f"The module imports {wanted.module}.{wanted.name}, and run gives a guest no host functions.",
            remedy="Instantiate it in this process with labkit.runtime(…).compile(…).instantiate(…), if you trust it.",
        )
    functions = {item.name: item.type for item in interface.exports if isinstance(item.type, FuncType)}
    if export not in functions:
        raise ExportNotFound(f"The module exports no function {export!r}.", remedy=f"It exports {', '.join(functions) or 'none'}.")
    type = functions[export]
    boundary_types([*type.params, *type.results], f"The function {export!r}")
    if len(args) != len(type.params):
        explain(type.params, list(args), export)
    return [_number(kind, value, f"Argument {i} of {export}") for i, (kind, value) in enumerate(zip(type.params, args), 1)]


def _number(type: str, value: int | float | str, what: str) -> int | float:
    if isinstance(value, str):
        try:
            value = int(value, 0) if type.startswith("i") else float(value)
        except ValueError:
            raise ArgumentError(f"{what} is {value[:40]!r}, which is no {type}.", remedy="Write a number.") from None
    number: int | float = check_value(type, value, what)
    return number


def _stopped(runtime: str, outcome: Outcome, message: str) -> Result:
    return Result(runtime, outcome, message=message)


def _ended(runtime: str, returncode: int, seconds: float, words: bytes) -> Result:
    """Say why the worker ended without an answer."""
    if returncode == -signal.SIGALRM:
        return _stopped(runtime, Outcome.TIME_LIMIT, f"It ran longer than {seconds:g} s. Raise Limits(time=…), or look for a loop without an end.")
    name = signal.Signals(-returncode).name if returncode < 0 else f"exit code {returncode}"
    said = words.decode(errors="replace").strip().splitlines()
    last = f": {said[-1][:200]}" if said else ""
    return _stopped(runtime, Outcome.CRASHED, f"The worker process ended with {name}{last}. The next run starts a new one.")


def _read(runtime: str, answer: dict[str, object]) -> Result:
    """Turn the worker's answer into a Result, or into the error it met."""
    if "error" in answer:
        kind = getattr(errors, str(answer["error"]), LabkitError)
        error = LabkitError.__new__(kind)
        LabkitError.__init__(error, str(answer["message"]), remedy=str(answer["remedy"]))
        raise error
    trap = TrapKind(answer["trap"]) if answer.get("trap") else None
    if trap is TrapKind.DEADLINE:
        return _stopped(runtime, Outcome.TIME_LIMIT, str(answer["message"]))
    if answer.get("memory_limit"):
        return _stopped(runtime, Outcome.MEMORY_LIMIT, str(answer["message"]))
    outcome = Outcome.TRAPPED if trap else Outcome.RETURNED
    values = answer.get("values", [])
    assert isinstance(values, list)
    return Result(runtime, outcome, tuple(values), trap, str(answer.get("message", "")), float(str(answer.get("wall_seconds", "nan"))))
