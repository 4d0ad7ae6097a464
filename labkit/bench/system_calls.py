"""Work that is nothing but calls of the system: a WASI program on every engine against the same program native."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from labkit.bench.arguments import checked_seconds
from labkit.bench.comparison import Comparison
from labkit.bench.contenders import status_of, version
from labkit.bench.interleave import Progress
from labkit.bench.language_measures import compare_measures
from labkit.data_files import data_folder
from labkit.errors import ArgumentError, BenchError, LabkitError
from labkit.runtimes.registry import runtimes
from labkit.sandbox.run import run
from labkit.toolchains.build import build
from labkit.toolchains.native import build_native
from labkit.toolchains.zig import find_zig

__all__ = ["OPERATIONS", "compare_system_calls"]

#: What the program asks of the system, and how often in one run.
OPERATIONS: Mapping[str, int] = {"read": 5_000, "write": 5_000, "clock": 20_000}
_TIMEOUT_SECONDS = 60.0


def compare_system_calls(operation: str, *, seconds: float = 2.0, commands: bool = True, progress: Progress | None = None) -> Comparison:
    """Compare one call of the system, as the program itself times many of them: its start is not in it.

    Parameters
    ----------
    operation : str
        ``"read"`` of one byte from a file, ``"write"`` of one to a pipe, or ``"clock"``.
    seconds : float, optional
    commands : bool, optional
        Whether to have the runtimes that are commands; their starts are not in the figures, and take most of the time.
    progress : callable, optional

    Returns
    -------
    Comparison
        The first contender is native; a runtime that does not run the program is left out, which a warning says.

    Raises
    ------
    ArgumentError
        If there is no such operation.
    ToolchainUnavailable
        If there is no compiler for the native program.

    Examples
    --------
    >>> compare_system_calls("clock", seconds=0.5).timings[0].name
    'native'
    """
    seconds = checked_seconds(seconds)
    if operation not in tuple(OPERATIONS):
        raise ArgumentError(f"There is no operation {operation!r}.", remedy=f"Choose one of {', '.join(OPERATIONS)}.")
    source = data_folder() / "sources" / "system_calls.c"
    program, module = build_native(source, static=False, flags=("-O2",)), build(source, optimize="speed").path
    count = OPERATIONS[operation]
    with tempfile.TemporaryDirectory(prefix="labkit-calls-") as folder:
        file = Path(folder, "bytes")
        file.write_bytes(bytes(count))
        measures: dict[str, Callable[[], float]] = {"native": partial(_native, program, operation, file)}
        left_out = []
        for name in _engine_names(commands=commands):
            measure = partial(_guest, module, operation, file, name)
            try:
                measure()  # the first run of a module compiles it
                measures[name] = measure
            except LabkitError as error:
                left_out.append(f"{name} is left out. {error}")
        versions = {name: "" if name == "native" else version(status_of(name)) for name in measures}
        found = compare_measures(measures, seconds, progress or _ignore, versions=versions | {"native": str(find_zig("Zig's clang"))})
    return replace(found, warnings=(*found.warnings, *left_out))


def _engine_names(*, commands: bool) -> list[str]:
    """One runtime of each engine: what a call of the system costs does not depend on the compiler."""
    found: dict[str, str] = {}
    for row in runtimes():
        if row.available and (commands or row.in_process):
            found.setdefault(row.name.partition("-")[0], row.name)
    return list(found.values())


def _ignore(_share: float) -> None:
    pass


def _native(program: Path, operation: str, file: Path) -> float:
    with file.open("rb") as stdin:
        return _seconds("native", operation, _run_native(program, operation, stdin))


def _run_native(program: Path, operation: str, stdin: IO[bytes]) -> bytes:
    words = [str(program), operation, str(OPERATIONS[operation])]
    return subprocess.run(words, stdin=stdin, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False).stderr


def _guest(module: Path, operation: str, file: Path, runtime: str) -> float:
    result = run(module, args=[operation, str(OPERATIONS[operation])], stdin=file, runtime=runtime)
    return _seconds(runtime, operation, result.stderr)


def _seconds(name: str, operation: str, told: bytes) -> float:
    """What the program told of itself, for one call."""
    try:
        return int(told) / 1e9 / OPERATIONS[operation]
    except ValueError:
        raise BenchError(f"The program did not tell how long it took on {name}: {told[:200]!r}.", remedy="Run it by itself first.") from None
