"""From what the kernel saw of a run to what the reader is told."""

from __future__ import annotations

import signal
from typing import Any

from labkit import errors
from labkit.display import format_bytes
from labkit.errors import LabkitError, TrapKind
from labkit.limits import Limits
from labkit.sandbox.result import Outcome, Result
from labkit.sandbox.watch import Observed, Stop

__all__ = ["verdict"]

_OUT_OF_MEMORY = (b"memory allocation of", b"MemoryError", b"Cannot allocate memory", b"bad_alloc", b"heap out of memory")


def verdict(runtime: str, observed: Observed, limits: Limits) -> Result:
    """Say how a run ended.

    Parameters
    ----------
    runtime : str
    observed : Observed
    limits : Limits
        The limits it ran under, all but fuel set.

    Raises
    ------
    LabkitError
        What the worker could not do: its own error, of its own class.
    """
    streams: dict[str, Any] = {name: bytes(data) for name, data in observed.streams.items()}
    if observed.stop is None and observed.answer is not None and "error" in observed.answer:
        raise _error(observed.answer)
    if observed.stop is None and observed.answer is not None:
        return Result(runtime, **_answered(observed.answer), **streams)
    outcome, message = _ended(observed, limits)
    return Result(runtime, outcome, message=message, peak_memory_bytes=_peak(observed), **streams)


def _error(answer: dict[str, Any]) -> LabkitError:
    kind = getattr(errors, str(answer["error"]), LabkitError)
    error: LabkitError = LabkitError.__new__(kind)
    LabkitError.__init__(error, str(answer.get("message")), remedy=str(answer.get("remedy")))
    return error


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    """Read an answer; it comes from a process that a guest may have taken over, so nothing in it is believed to be well formed."""
    peak = answer.get("peak_memory_bytes")
    fields: dict[str, Any] = {
        "message": str(answer.get("message", "")),
        "peak_memory_bytes": peak if isinstance(peak, int) else None,
    }
    if answer.get("memory_limit"):
        return {**fields, "outcome": Outcome.MEMORY_LIMIT}
    if "trap" in answer:
        trap = next((kind for kind in TrapKind if kind.value == answer["trap"]), TrapKind.OTHER)
        outcome = {TrapKind.OUT_OF_FUEL: Outcome.FUEL_LIMIT, TrapKind.DEADLINE: Outcome.TIME_LIMIT}.get(trap, Outcome.TRAPPED)
        return {**fields, "outcome": outcome, "trap": trap}
    seconds = answer.get("wall_seconds")
    fields["wall_seconds"] = seconds if isinstance(seconds, float) else float("nan")
    if "exit_code" in answer:
        return {**fields, "outcome": Outcome.EXITED, "exit_code": int(answer["exit_code"])}
    values = answer.get("values")
    return {**fields, "outcome": Outcome.RETURNED, "values": tuple(values) if isinstance(values, list) else ()}


def _ended(observed: Observed, limits: Limits) -> tuple[Outcome, str]:
    """Say why the worker ended without an answer."""
    assert limits.time_seconds is not None
    assert limits.output_bytes is not None
    late = f"It ran longer than {limits.time_seconds:g} s. Raise Limits(time=…), or look for a loop without an end."
    if observed.stop is Stop.CANCELLED:
        return Outcome.CANCELLED, "It was cancelled."
    if observed.stop is Stop.OUTPUT:
        written = format_bytes(limits.output_bytes)
        return Outcome.OUTPUT_LIMIT, f"It wrote more than {written}, and the rest is lost. Raise Limits(output=…), or look for a loop that prints."
    if observed.stop is Stop.TIME:
        return Outcome.TIME_LIMIT, late
    killed = observed.ending is not None and observed.ending.exit_code == -signal.SIGALRM
    if observed.stop is Stop.PREPARING or (killed and observed.started is None):
        return Outcome.TIME_LIMIT, "Compiling it took longer than labkit waits. Raise compile_seconds, or make the module smaller."
    if killed:
        return Outcome.TIME_LIMIT, late
    return _crashed(observed)


def _crashed(observed: Observed) -> tuple[Outcome, str]:
    code = None if observed.ending is None else observed.ending.exit_code
    words = bytes(observed.streams["stderr"][-8000:])
    if code == -signal.SIGABRT and any(said in words for said in _OUT_OF_MEMORY):
        return Outcome.MEMORY_LIMIT, "The runtime could get no more memory, and ended. Raise Limits(memory=…)."
    how = "in an unknown way" if code is None else f"with {_signal_name(-code)}" if code < 0 else f"with exit code {code}"
    lines = words.decode(errors="replace").strip().splitlines()
    last = f": {lines[-1][:200]}" if lines else ""
    return Outcome.CRASHED, f"The worker process ended {how}{last}. The next run has a new one."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _peak(observed: Observed) -> int | None:
    """What the run added at most, where only the system can tell."""
    if observed.ending is None or observed.started is None:
        return None
    return max(observed.ending.peak_resident_bytes - int(observed.started.get("resident_bytes", 0)), 0)
