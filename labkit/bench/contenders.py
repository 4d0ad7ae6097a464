"""What the benches ask of every contender: that it does the work it is timed for, and says what it is."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from labkit.errors import BenchError
from labkit.runtimes.registry import RuntimeStatus, runtimes

__all__ = ["HOST_CALLS", "HOST_SUM", "PYTHON_VERSION", "absences", "checked", "status_of", "version"]

#: What runs labkit, for the versions of a measurement.
PYTHON_VERSION = f"Python {platform.python_version()}"
#: A guest whose function ``sum`` adds up what the host returns for each number below the parameter.
HOST_SUM = """
(module
  (import "host" "same" (func $same (param i32) (result i32)))
  (func (export "sum") (param $count i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $same (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $count))))
    (local.get $sum)))
"""
#: Host calls for each entry into it: so many that the entry itself, 34 µs at most, is lost among them.
HOST_CALLS = 1_000


def checked(contenders: dict[str, Callable[[], Any]], expected: Any) -> dict[str, Callable[[], Any]]:
    """Let each contender prove that it does the work it is timed for.

    Raises
    ------
    BenchError
        If one gives something else than ``expected``.

    Examples
    --------
    >>> list(checked({"six": lambda: 6}, 6))
    ['six']
    """
    for name, contender in contenders.items():
        if (got := contender()) != expected:
            raise BenchError(
                f"{name} gave {got!r} where {expected!r} is right, so its time means nothing.", remedy="Report this as a fault of labkit's."
            )
    return contenders


def status_of(name: str) -> RuntimeStatus:
    """Look a runtime up in the registry.

    Examples
    --------
    >>> status_of("wasmtime").available
    True
    """
    return next(row for row in runtimes() if row.name == name)


def version(row: RuntimeStatus) -> str:
    """Name a runtime with its version and year.

    Examples
    --------
    >>> version(RuntimeStatus("wasmer", "1.1.0", 2022, True))
    'wasmer 1.1.0 (2022)'
    """
    return f"{row.name} {row.version} ({row.release_year or 'year unknown'})"


def absences(names: tuple[str, ...]) -> dict[str, str]:
    """Say of each runtime that is not here why, and what to do about it.

    Examples
    --------
    >>> absences(("wasmtime",))
    {}
    """
    return {row.name: f"{row.reason}. {row.remedy}" for row in map(status_of, names) if not row.available}
