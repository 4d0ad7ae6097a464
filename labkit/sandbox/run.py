"""Run a program or a function that nobody vouches for: with what it was granted, and in a process that can be killed."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError, ExportNotFound, LinkError, Unsupported, UnsupportedLimit
from labkit.limits import Limits
from labkit.modules.interface import Interface, read_interface
from labkit.modules.load import Source, is_text, to_wasm
from labkit.modules.types import FuncType
from labkit.runtimes.registry import runtime as get_runtime
from labkit.runtimes.values import boundary_types, check_value, explain
from labkit.sandbox.confinement import landlock_version
from labkit.sandbox.grants import Folders, Grants, Stdin, check_grants
from labkit.sandbox.pool import the_pool
from labkit.sandbox.result import Outcome, Result
from labkit.sandbox.supervise import supervise
from labkit.sandbox.verdict import verdict
from labkit.sandbox.wasi import NAMESPACE
from labkit.sandbox.watch import OnOutput

__all__ = ["RUN_LIMITS", "Outcome", "Result", "run", "run_async", "warm"]

#: Seconds for starting a worker and compiling, on top of the guest's own time.
PREPARE_SECONDS = 30.0
#: What a guest may use where the caller sets nothing.
RUN_LIMITS = Limits(time=5.0, memory="1GiB", output="16MiB")


def run(
    source: Source,
    *,
    export: str | None = None,
    args: Sequence[int | float | str] = (),
    env: Mapping[str, str] | None = None,
    stdin: Stdin = None,
    dirs: Folders | None = None,
    clock: float | None = None,
    seed: int | None = None,
    runtime: str = "wasmtime",
    limits: Limits | None = None,
    on_output: OnOutput | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Run a WASI program, or an exported function of a module that needs no host functions, in a process of its own.

    The guest gets what it is granted here and nothing else. An endless loop costs its time limit, and a crash costs the
    worker process: never the caller. Interrupting the kernel ends the run.

    Parameters
    ----------
    source : bytes, str or path
        The module: bytes, WebAssembly text or a path.
    export : str, optional
        Name of a function to call. Left out, the module is a program (WASI preview 1) and its ``_start`` runs.
    args : sequence
        The program's arguments, as text; or the function's, as numbers, or as text that is read as the number its parameter wants.
    env : mapping, optional
        The program's environment.
    stdin : bytes, str, path or open file, optional
        What the program reads: bytes, text, a file by its `pathlib.Path`, or a file that is open. Left out, nothing.
    dirs : mapping, optional
        Folders: guest path to a host folder to read, or to ``(folder, "rw")``.
    clock : float, optional
        Seconds since 1970 that every clock of the program shows, for ever.
    seed : int, optional
        Where the program's random source starts, the same each time.
    runtime : str
        Name of the runtime.
    limits : Limits, optional
        Time, memory and output default to those of `RUN_LIMITS`; fuel only where the runtime has it.
    on_output : callable, optional
        Called with ``"stdout"`` or ``"stderr"`` and the bytes, as they are written.
    cancel : threading.Event, optional
        Another thread sets it to end the run; the outcome is then `Outcome.CANCELLED`.

    Returns
    -------
    Result
        Whatever the guest did. Only what could not be run at all is raised.

    Raises
    ------
    LabkitError
        If the module, its imports, the export, what is granted, the limits or the runtime are not usable.

    Examples
    --------
    >>> wat = '(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))'
    >>> run(wat, export="square", args=[9]).values
    (81,)
    >>> run('(module (memory (export "memory") 1) (func (export "_start")))').exit_code
    0
    """
    if not isinstance(args, Sequence) or isinstance(args, (str, bytes)):
        raise ArgumentError(f"The arguments are a {type(args).__name__}, not a list.", remedy="Pass a list: args=[1, 2].")
    wasm = to_wasm(source)
    interface = _interface(wasm)
    chosen = _limits(limits, export)
    if export is None:
        _check_program(interface)
        grants = check_grants(_program_name(source), args, env, dirs, clock, seed)  # type: ignore[arg-type]
        numbers: list[int | float] = []
    else:
        if any(given is not None for given in (env, stdin, dirs, clock, seed)):
            raise ArgumentError("A function is given numbers alone.", remedy="Leave env, stdin, dirs, clock and seed out, or run a program.")
        grants, numbers = Grants(), _numbers(interface, export, args)
    _refuse_open_wall(runtime, grants)
    if cancel is not None and cancel.is_set():
        return Result(runtime, Outcome.CANCELLED, message="It was cancelled.")
    request = {
        "export": export,
        "args": numbers,
        "grants": grants.fields,
        "seconds": chosen.time_seconds,
        "prepare_seconds": PREPARE_SECONDS,
        "memory_bytes": chosen.memory_bytes,
        "fuel_units": chosen.fuel_units,
    }
    return verdict(runtime, supervise(wasm, runtime, request, stdin, chosen, on_output, cancel), chosen)


async def run_async(source: Source, **options: Any) -> Result:
    """Run as `run` does, from asyncio; cancelling the task ends the run.

    Examples
    --------
    >>> program = '(module (memory (export "memory") 1) (func (export "_start")))'
    >>> asyncio.run(run_async(program)).exit_code
    0
    """
    cancel = options.setdefault("cancel", threading.Event())
    running = asyncio.get_running_loop().run_in_executor(None, partial(run, source, **options))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        cancel.set()
        await asyncio.wait([running])
        raise


def warm(runtime: str = "wasmtime") -> None:
    """Have workers made for a runtime, so that its first run need not wait for them; returns at once.

    Raises
    ------
    RuntimeUnavailable
        If the runtime does not work here.

    Examples
    --------
    >>> warm("wasmtime")
    """
    get_runtime(runtime, interruptible=False)
    the_pool().warm((runtime, True))


def _limits(limits: Limits | None, export: str | None) -> Limits:
    """Fill in the limits that the caller left out."""
    given = limits or Limits()
    if export is not None and given.output_bytes is not None:
        raise UnsupportedLimit("An exported function writes no output that could be limited.", remedy="Leave Limits(output=…) out.")
    return Limits(
        time=RUN_LIMITS.time_seconds if given.time_seconds is None else given.time_seconds,
        memory=RUN_LIMITS.memory_bytes if given.memory_bytes is None else given.memory_bytes,
        output=RUN_LIMITS.output_bytes if given.output_bytes is None else given.output_bytes,
        fuel=given.fuel_units,
    )


@lru_cache(maxsize=8)
def _interface(wasm: bytes) -> Interface:
    """Read a module once, however often it runs."""
    return read_interface(wasm)


def _program_name(source: object) -> str:
    if isinstance(source, os.PathLike) or (isinstance(source, str) and not is_text(source)):
        return Path(source).name
    return "program"


def _check_program(interface: Interface) -> None:
    """Check that it is a program, before a process is asked to run it."""
    start = next((item for item in interface.exports if item.name == "_start"), None)
    if start is None or start.type != FuncType((), ()):
        functions = [item.name for item in interface.exports if isinstance(item.type, FuncType)]
        remedy = f'Name a function to call: export="{functions[0]}".' if functions else "Build it as a command for wasm32-wasip1."
        raise ExportNotFound("The module is no program: it exports no function _start without parameters and results.", remedy=remedy)
    for item in interface.imports:
        if item.module != NAMESPACE or not isinstance(item.type, FuncType):
            raise LinkError(
                f"The module imports {item.module}.{item.name}, a {item.kind}, and a program is given WASI preview 1 ({NAMESPACE}) alone.",
                remedy="Instantiate it in this process with labkit.runtime(…).compile(…).instantiate(…), if you trust it.",
            )


def _numbers(interface: Interface, export: str, args: Sequence[int | float | str]) -> list[int | float]:
    """Check everything that can be checked before a process is asked."""
    if interface.imports:
        wanted = interface.imports[0]
        raise LinkError(
            f"The module imports {wanted.module}.{wanted.name}, and run gives a function no host functions.",
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
        word = value[:40]
        try:
            value = int(value, 0) if type.startswith("i") else float(value)
        except ValueError:
            raise ArgumentError(f"{what} is {word!r}, which is no {type}.", remedy="Write a number.") from None
    number: int | float = check_value(type, value, what)
    return number


def _refuse_open_wall(runtime: str, grants: Grants) -> None:
    """Refuse folders where the runtime is the only wall and has a hole in it."""
    if grants.folders and runtime.startswith("wasmer") and landlock_version() == 0:
        raise Unsupported(
            "Wasmer 1.1.0 lets a guest with one folder reach every file, and this system cannot confine it: that takes Landlock, of Linux 5.13.",
            remedy='Use runtime="wasmtime", which confines files itself, or grant no folder.',
        )
