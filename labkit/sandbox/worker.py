"""The process a guest runs in: waits for one request, confines itself, answers, ends."""

from __future__ import annotations

import json
import os
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from labkit.errors import ArtifactError, GuestTrap, LabkitError, LimitExceeded, TrapKind
from labkit.limits import Limits
from labkit.runtimes.artifacts import machine
from labkit.runtimes.command_runtime import CommandRuntime
from labkit.runtimes.registry import runtime
from labkit.sandbox import confinement
from labkit.sandbox.commands import CommandGuests
from labkit.sandbox.core_modules import CoreModules
from labkit.sandbox.grants import Grants, to_file
from labkit.sandbox.request import HEADER, Request, read_request, receive
from labkit.sandbox.stack import StackGauge

__all__ = ["Guests", "guests_of", "rehearsal_artifact", "serve"]

#: Data that compiling may take, in bytes.
COMPILE_BYTES = 1536 * 2**20
#: Data that a runtime may take beside the guest's memories, in bytes: tables, stacks, threads.
RUNTIME_BYTES = 256 * 2**20
_REHEARSAL = """(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "ready")
    (func (export "_start") {calls} (call $exit (i32.const 0))))"""
_REHEARSED: dict[str, Any] = {
    "component": False,
    "export": None,
    "args": [],
    "grants": Grants().fields,
    "seconds": 1.0,
    "prepare_seconds": 1.0,
    "memory_bytes": 2**20,
    "fuel_units": None,
    "artifact": "load",
}


def rehearsal_artifact(runtime_name: str, *, sealed: bool) -> bytes:
    """Compile the program to rehearse with; this starts threads, so not in a process that will be forked.

    Calling WASI starts threads too, and before a worker is confined none may run: only a sealed one rehearses that.
    """
    calls = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))" if sealed else ""
    return runtime(runtime_name, interruptible=False).compile(_REHEARSAL.format(calls=calls)).serialize()


def serve(channel: socket.socket, runtime_name: str, *, sealed: bool, rehearsal: bytes) -> NoReturn:
    """Get ready, answer one request, and end.

    Parameters
    ----------
    channel : socket
        To the kernel.
    runtime_name : str
    sealed : bool
        Whether no folder will be granted: then the worker is confined before it knows what it will run.
    rehearsal : bytes
        What `rehearsal_artifact` made, or nothing.
    """
    try:
        guests = guests_of(runtime_name)
        guests.confine(sealed=sealed)
        guests.rehearse(rehearsal)
        failure = None
    except LabkitError as error:
        failure = error

    def say(answer: dict[str, Any]) -> None:
        channel.sendall(json.dumps(answer).encode() + b"\n")

    say({"ready": True})
    while True:
        fields, files = receive(channel)
        if "hold" not in fields:
            break
        if failure is None:
            guests.hold(files[0], fields["hold"], component=fields["component"])
        say({"ready": True})
    say(_error(failure) if failure else guests.answer(read_request(fields, files), say))
    # Skip the interpreter's clean-up: nothing in this process is needed again.
    os._exit(0)


def guests_of(runtime_name: str) -> Guests | CommandGuests:
    """Make ready a runtime that is in this process, or one that is a command."""
    chosen = runtime(runtime_name, interruptible=False)
    return CommandGuests(chosen) if isinstance(chosen, CommandRuntime) else Guests(runtime_name)


class Guests:
    """A runtime, made ready while the worker waits."""

    def __init__(self, runtime_name: str) -> None:
        self.runtime = runtime(runtime_name, interruptible=False)
        #: A compiled module or component, loaded ahead.
        self.held: Any = None
        self.sealed = False
        self.memory_limit: confinement.MemoryLimit | None = None
        self.stack: StackGauge | None = None
        machine()  # what artifacts are checked against; files tell it, and later on none can be read
        family = runtime_name.partition("-")[0]
        self.program = getattr(import_module(f"labkit.sandbox.wasi_{family}"), f"{family.capitalize()}Program")(self.runtime)
        self.core_modules = CoreModules(self.runtime, self.program)
        self.components: Any = None
        if family == "wasmtime":
            self.components = import_module("labkit.sandbox.components").Components(self.runtime)

    def confine(self, *, sealed: bool) -> None:
        """Give up what no guest needs; where it is sealed, all files too."""
        self.sealed, self.memory_limit, self.stack = sealed, confinement.MemoryLimit(), StackGauge()
        confinement.limit_resources()
        if sealed:
            confinement.confine_files([], [])
        else:
            self.program.expect_folders()

    def rehearse(self, artifact: bytes) -> None:
        """Answer a request for a program that exits at once, so that what a first run costs is paid while nobody waits."""
        if not artifact or (self.program.starts_threads and not self.sealed):  # only the calling thread would be confined, later on
            return
        here, there = socket.socketpair()
        words = json.dumps(_REHEARSED).encode()
        files = [*map(os.dup, (0, 1, 2)), to_file(b""), to_file(artifact)]
        with here, there:
            socket.send_fds(here, [HEADER.pack(len(words)) + words], files)
            request = read_request(*receive(there))
            here.sendall(json.dumps(self._run(request, self._compiled(request)[0])).encode())
        for file in files:
            os.close(file)

    def _kind(self, *, component: bool) -> Any:
        """What loads, compiles and runs guests of that kind; a component is asked only of a runtime that has them."""
        return self.components if component else self.core_modules

    def hold(self, artifact_file: int, memory_bytes: int, *, component: bool) -> None:
        """Load a module or component ahead of the request that will want it, probably with the same limit on memory."""
        kind = self._kind(component=component)
        with suppress(ArtifactError):
            self.held = kind.load(artifact_file)
            kind.expect(self.held, self._limits(memory_bytes, None))

    def answer(self, request: Request, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Run the guest, and say what came of it."""
        if request.artifact == "held" and self.held is None:
            return {"lost": True}
        try:
            assert self.memory_limit is not None
            resident_bytes = _peak_bytes()
            self.memory_limit.allow(COMPILE_BYTES)
            confinement.limit_time(request.prepare_seconds)
            if not self.sealed:
                folders = request.grants.folders
                confinement.confine_files(
                    [folder.host for folder in folders if not folder.writable], [folder.host for folder in folders if folder.writable]
                )
            compiled, damaged = self._compiled(request)
            say({"started": True, "resident_bytes": resident_bytes, "damaged": damaged})
            self.memory_limit.allow(request.memory_bytes + RUNTIME_BYTES)
            confinement.limit_time(request.seconds)
            answer = self._run(request, compiled)
        except GuestTrap as trap:
            if trap.kind is TrapKind.MEMORY_OUT_OF_BOUNDS and self.stack is not None and self.stack.is_exhausted():
                trap = GuestTrap(TrapKind.STACK_OVERFLOW, runtime=trap.runtime, backtrace=trap.backtrace)
            answer = {"trap": trap.kind.value, "message": str(trap)}
        except (LimitExceeded, MemoryError) as error:
            answer = {"memory_limit": True, "message": str(error) or "The worker has no memory left. Raise Limits(memory=…)."}
        except LabkitError as error:
            return _error(error)
        return {**answer, "peak_memory_bytes": _peak_bytes() - resident_bytes}

    def _compiled(self, request: Request) -> tuple[Any, bool]:
        """Load what is compiled, or compile it and keep what came out; tell whether what was kept is damaged."""
        if self.held is not None and request.artifact == "held":
            return self.held, False
        kind = self._kind(component=request.component)
        wasm_file, *artifact_file = request.files
        damaged = False
        if request.artifact == "load":
            try:
                return kind.load(artifact_file[0]), False
            except ArtifactError:
                damaged = True
        with os.fdopen(wasm_file, "rb") as file:
            compiled = kind.compile(file.read(), request)
        if request.artifact == "store":
            # The guest must not reach what later runs will trust.
            with os.fdopen(artifact_file[0], "wb") as file:
                file.write(kind.artifact(compiled))
        return compiled, damaged

    def _limits(self, memory_bytes: int, fuel_units: int | None) -> Limits:
        """What the runtime itself can limit; the rest is written into the module."""
        return Limits(memory=memory_bytes if "memory" in self.runtime.enforces else None, fuel=fuel_units)

    def _run(self, request: Request, compiled: Any) -> dict[str, Any]:
        limits = self._limits(request.memory_bytes, request.fuel_units)
        answer: dict[str, Any] = self._kind(component=request.component).run(compiled, request, limits)
        return answer


def _error(error: LabkitError) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def _peak_bytes() -> int:
    """The most physical memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
