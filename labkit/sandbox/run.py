"""Run a program or a function that nobody vouches for: with what it was granted, and in a process that can be killed."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError, Unsupported, UnsupportedLimit
from labkit.limits import Limits
from labkit.modules.load import Source, is_text, to_wasm
from labkit.modules.reader import header
from labkit.runtimes.registry import runtime as get_runtime
from labkit.sandbox.confinement import landlock_version
from labkit.sandbox.grants import Folders, Grants, Stdin, check_grants
from labkit.sandbox.pool import the_pool
from labkit.sandbox.result import Outcome, Result
from labkit.sandbox.runnable import check_component, check_function, check_program, component_of, interface_of
from labkit.sandbox.supervise import supervise
from labkit.sandbox.verdict import verdict
from labkit.sandbox.watch import OnOutput

__all__ = ["COMPILE_SECONDS", "RUN_LIMITS", "Outcome", "Result", "run", "run_async", "warm"]

#: Seconds for starting a worker and compiling, on top of the guest's own time: an interpreter takes a compiler up to half a minute where others work.
COMPILE_SECONDS = 60.0
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
    compile_seconds: float = COMPILE_SECONDS,
    on_output: OnOutput | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Run a WASI program, or a function that a module exports, in a process of its own.

    The guest gets what it is granted here and nothing else. An endless loop costs its time limit, and a crash costs the
    worker process: never the caller. Interrupting the kernel ends the run.

    Parameters
    ----------
    source : bytes, str or path
        The module, or on Wasmtime the component: bytes, WebAssembly text or a path.
    export : str, optional
        Name of a function to call; a module that has ``_initialize`` is initialised first. Left out, it is a program and runs: a module for WASI
        preview 1 (``_start``), or a component for WASI 0.2 (``wasi:cli/run``).
    args : sequence
        The program's arguments, as text; or the function's, as numbers, or as text that is read as the number its parameter wants.
    env : mapping, optional
        The program's environment. This and what follows is for programs, and for functions of a module that imports WASI.
    stdin : bytes, str, path or open file, optional
        What the program reads: bytes, text, a file by its `pathlib.Path`, or a file that is open. Left out, nothing.
    dirs : mapping, optional
        Folders: guest path to a host folder to read, or to ``(folder, "rw")``.
    clock : float, optional
        Seconds since 1970 that every clock of the program shows, for ever; not for a component.
    seed : int, optional
        Where the program's random source starts, the same each time.
    runtime : str
        Name of the runtime; ``"wasmedge"`` and ``"v8"`` are commands, started for each run.
    limits : Limits, optional
        Time, memory and output default to those of `RUN_LIMITS`; fuel only where the runtime has it.
    compile_seconds : float, optional
        How long compiling may take, which the limit on time does not count; what is compiled is kept for the next run.
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
    if isinstance(compile_seconds, bool) or not isinstance(compile_seconds, (int, float)) or not 0 < compile_seconds < 86400:
        raise ArgumentError(f"compile_seconds={compile_seconds!r} is no time to wait.", remedy="Give seconds: compile_seconds=120.")
    wasm = to_wasm(source)
    engine = get_runtime(runtime, interruptible=False)
    component = header(wasm) == "component"
    numbers, has_imports = _check(wasm, export, args, runtime, component=component)
    chosen = _limits(limits, writes=export is None or has_imports)
    if export is not None and not has_imports and any(given is not None for given in (env, stdin, dirs, clock, seed)):
        raise ArgumentError("A function without imports is given numbers alone.", remedy="Leave env, stdin, dirs, clock and seed out.")
    if component and clock is not None:
        raise Unsupported("The clocks of WASI 0.2 cannot be fixed.", remedy="Leave clock out, or build it for wasm32-wasip1.")
    if (clock is not None or seed is not None) and not engine.in_process:
        raise Unsupported(
            f"{runtime} is a command, whose clocks and chance cannot be fixed.", remedy='Use runtime="wasmtime", or leave clock and seed out.'
        )
    grants = check_grants(_program_name(source), args if export is None else (), env, dirs, clock, seed)  # type: ignore[arg-type]
    _refuse_open_wall(runtime, grants)
    if cancel is not None and cancel.is_set():
        return Result(runtime, Outcome.CANCELLED, message="It was cancelled.")
    request = {
        "component": component,
        "export": export,
        "args": numbers,
        "grants": grants.fields,
        "seconds": chosen.time_seconds,
        "prepare_seconds": float(compile_seconds),
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


def _check(wasm: bytes, export: str | None, args: Sequence[int | float | str], runtime: str, *, component: bool) -> tuple[list[Any], bool]:
    """Check that it can be run; give a function's arguments, and whether it imports anything that it could be granted."""
    if component:
        layer = component_of(wasm)
        check_component(layer, export, runtime)
        for value in args:
            if not isinstance(value, (int, float, str)):
                raise ArgumentError(f"An argument is a {type(value).__name__}.", remedy="Pass numbers, or text.")
        return ([] if export is None else list(args)), bool(layer.imports)
    interface = interface_of(wasm)
    if export is None:
        check_program(interface)
        return [], True
    return check_function(interface, export, args), bool(interface.imports)


def _limits(limits: Limits | None, *, writes: bool) -> Limits:
    """Fill in the limits that the caller left out."""
    given = Limits() if limits is None else limits
    if not isinstance(given, Limits):
        raise ArgumentError(f"limits={limits!r} are no limits.", remedy="Give labkit.Limits(time=2.0), for example.")
    if given.output_bytes is not None and not writes:
        raise UnsupportedLimit("A function without imports writes no output that could be limited.", remedy="Leave Limits(output=…) out.")
    return Limits(
        time=RUN_LIMITS.time_seconds if given.time_seconds is None else given.time_seconds,
        memory=RUN_LIMITS.memory_bytes if given.memory_bytes is None else given.memory_bytes,
        output=RUN_LIMITS.output_bytes if given.output_bytes is None else given.output_bytes,
        fuel=given.fuel_units,
    )


def _program_name(source: object) -> str:
    if isinstance(source, os.PathLike) or (isinstance(source, str) and not is_text(source)):
        return Path(source).name
    return "program"


def _refuse_open_wall(runtime: str, grants: Grants) -> None:
    """Refuse folders where the runtime is the only wall and has a hole in it."""
    leaky = {"wasmer": "Wasmer 1.1.0 lets a guest with one folder reach every file", "v8": "Node's WASI follows links out of a folder"}
    hole = leaky.get(runtime.partition("-")[0])
    if grants.folders and hole and landlock_version() == 0:
        raise Unsupported(
            f"{hole}, and this system cannot confine it: that takes Landlock, of Linux 5.13.",
            remedy='Use runtime="wasmtime", which confines files itself, or grant no folder.',
        )
    if runtime.startswith("libwasmer") and landlock_version() == 0 and not all(folder.writable for folder in grants.folders):
        raise Unsupported(
            "Wasmer's library lets a guest write in every folder that it may read, and this system cannot forbid that without Landlock (Linux 5.13).",
            remedy='Use runtime="wasmtime", or grant the folder for writing: ("folder", "rw").',
        )
