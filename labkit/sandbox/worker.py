"""The process a guest runs in: waits for one request, confines itself, answers, ends."""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from labkit.errors import ArtifactError, GuestTrap, LabkitError, LimitExceeded
from labkit.limits import Limits
from labkit.runtimes.instance import Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.registry import runtime
from labkit.sandbox import confinement
from labkit.sandbox.grants import Folder, Grants
from labkit.sandbox.wasi import Exited, Replacements

__all__ = ["HEADER", "rehearsal_artifact", "serve"]

#: Ahead of a request: the length of its JSON. The descriptors that come with it: stdin, stdout, stderr, the module, and its artifact.
HEADER = struct.Struct("<I")
#: Data that compiling may take, in bytes.
COMPILE_BYTES = 1536 * 2**20
#: Data that a runtime may take beside the guest's memories, in bytes: tables, stacks, threads.
RUNTIME_BYTES = 256 * 2**20
_REHEARSAL = """(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "ready")
    (func (export "_start") (call $exit (i32.const 0))))"""


@dataclass(frozen=True)
class _Request:
    """What the kernel asks for; the descriptors stand for files that are open already."""

    export: str | None
    args: list[int | float]
    grants: Grants
    seconds: float
    prepare_seconds: float
    memory_bytes: int
    fuel_units: int | None
    landlock: int
    artifact: str | None
    wasm_file: int
    artifact_file: int


def rehearsal_artifact(runtime_name: str) -> bytes:
    """Compile the program that workers rehearse with; this starts threads, so not in a process that will be forked."""
    return runtime(runtime_name, interruptible=False).compile(_REHEARSAL).serialize()


def serve(channel: socket.socket, runtime_name: str, rehearsal: bytes) -> NoReturn:
    """Get ready, answer one request, and end.

    Parameters
    ----------
    channel : socket
        To the kernel.
    runtime_name : str
    rehearsal : bytes
        What `rehearsal_artifact` made, or nothing.
    """
    try:
        guests = _Guests(runtime(runtime_name, interruptible=False))
        if rehearsal:
            guests.rehearse(rehearsal)
        failure = None
    except LabkitError as error:
        failure = error
    request = _receive(channel)
    if request is None:
        os._exit(0)

    def say(answer: dict[str, Any]) -> None:
        channel.sendall(json.dumps(answer).encode() + b"\n")

    say(_error(failure) if failure else guests.answer(request, say))
    # Skip the interpreter's clean-up: nothing in this process is needed again.
    os._exit(0)


def _receive(channel: socket.socket) -> _Request | None:
    data, descriptors, _, _ = socket.recv_fds(channel, 65536, 5)
    if not data:
        return None
    while len(data) < HEADER.size or len(data) < HEADER.size + HEADER.unpack_from(data)[0]:
        more = channel.recv(1 << 20)
        if not more:
            return None
        data += more
    fields = json.loads(data[HEADER.size :])
    for target, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, target)
        os.close(descriptor)
    granted = fields.pop("grants")
    folders = tuple(Folder(*folder) for folder in granted["folders"])
    env = tuple((name, value) for name, value in granted["env"])
    grants = Grants(tuple(granted["argv"]), env, folders, granted["clock_seconds"], granted["seed"])
    return _Request(grants=grants, wasm_file=descriptors[3], artifact_file=descriptors[4] if len(descriptors) > 4 else -1, **fields)


class _Guests:
    """A runtime, made ready while the worker waits."""

    def __init__(self, chosen: Runtime) -> None:
        self.runtime = chosen
        family = chosen.name.partition("-")[0]
        self.program = getattr(import_module(f"labkit.sandbox.wasi_{family}"), f"{family.capitalize()}Program")(chosen)

    def rehearse(self, artifact: bytes) -> None:
        """Run a program that exits at once, so that what a first run costs is paid while nobody waits. It starts no thread."""
        with suppress(Exited):
            self.program.bind(self.runtime.deserialize(artifact), self.runtime.store(), Grants())()

    def answer(self, request: _Request, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Run the guest, and say what came of it."""
        try:
            resident_bytes = _resident_bytes()
            _confine(request)
            module, damaged = self._module(request)
            say({"started": True, "resident_bytes": resident_bytes, "damaged": damaged})
            confinement.limit_memory(request.memory_bytes + RUNTIME_BYTES)
            confinement.limit_time(request.seconds)
            answer = self._run(request, module)
            return {**answer, "peak_memory_bytes": max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - resident_bytes, 0)}
        except GuestTrap as trap:
            return {"trap": trap.kind.value, "message": str(trap)}
        except (LimitExceeded, MemoryError) as error:
            return {"memory_limit": True, "message": str(error) or "The worker has no memory left. Raise Limits(memory=…)."}
        except LabkitError as error:
            return _error(error)

    def _module(self, request: _Request) -> tuple[Module, bool]:
        """Load the compiled module, or compile it and keep what came out; tell whether what was kept is damaged."""
        damaged = False
        if request.artifact == "load":
            try:
                return self.runtime.deserialize(_read(request.artifact_file)), False
            except ArtifactError:
                damaged = True
        module = self.runtime.compile(self.program.adapt(_read(request.wasm_file), request.memory_bytes))
        if request.artifact == "store":
            _write(request.artifact_file, module.serialize())
        # The guest must not reach what later runs will trust.
        if request.artifact_file >= 0:
            os.close(request.artifact_file)
        return module, damaged

    def _run(self, request: _Request, module: Module) -> dict[str, Any]:
        memory_bytes = request.memory_bytes if "memory" in self.runtime.enforces else None
        store = self.runtime.store(limits=Limits(memory=memory_bytes, fuel=request.fuel_units))
        if request.export is not None:
            function = module.instantiate(store=store).func(request.export)
            begin = time.perf_counter()
            values = function(*request.args)
            wall_seconds = time.perf_counter() - begin
            return {"values": () if values is None else values if isinstance(values, tuple) else (values,), "wall_seconds": wall_seconds}
        begin = time.perf_counter()
        try:
            start = self.program.bind(module, store, request.grants)
            begin = time.perf_counter()
            start()
            code = 0
        except Exited as exited:
            code = exited.code
        return {"exit_code": code, "wall_seconds": time.perf_counter() - begin}


def _confine(request: _Request) -> None:
    """Give up, for good, what no guest needs. What runs later in other threads inherits it, so none may run yet."""
    confinement.limit_resources()
    confinement.limit_memory(COMPILE_BYTES)
    confinement.limit_time(request.prepare_seconds)
    if request.landlock:
        if len(os.listdir("/proc/self/task")) != 1:
            raise LabkitError("The runtime has started threads before its worker was confined.", remedy="Report this version of the runtime.")
        readable = [folder.host for folder in request.grants.folders if not folder.writable]
        confinement.confine_files(request.landlock, readable, [folder.host for folder in request.grants.folders if folder.writable])


def _error(error: LabkitError) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def _resident_bytes() -> int:
    """Physical memory this process holds now; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
