"""Guests on a runtime that is a command: the worker confines itself, starts the command, and puts what it says in the words of every answer."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.errors import GuestTrap, LabkitError, LimitExceeded, TrapKind, Unsupported
from labkit.modules.interface import read_interface
from labkit.modules.types import FuncType
from labkit.runtimes.command_runtime import CommandRuntime
from labkit.sandbox import confinement
from labkit.sandbox.command_words import LOG, raise_v8_failure, raise_wasmedge_failure
from labkit.sandbox.grants import to_file
from labkit.sandbox.memories import limit_memories
from labkit.sandbox.preview1 import check_signatures
from labkit.sandbox.request import Request

__all__ = ["V8_HOST", "CommandGuests"]

#: Data that a command may take beside the guest's memories, in bytes: its own code, compiler and garbage.
COMMAND_BYTES = 768 * 2**20
#: Most of a command's last words that are kept back until it is known whether they are its own or the guest's.
_HELD_BYTES = 65536
_CHUNK_BYTES = 65536
# Node.js reads its configuration of OpenSSL, which may be anywhere, before anything else.
_ENVIRONMENT = {"LANG": "C.UTF-8", "OPENSSL_CONF": os.devnull}
_FAILURE = re.compile(LOG.pattern + rb"[a-z ]+ failed: ")
#: The script with which Node.js runs a guest.
V8_HOST = Path(__file__).with_name("v8_host.mjs")
_PAGE_BYTES = 65536


class CommandGuests:
    """A command, ready to be started in the place where a worker's runtime would be."""

    def __init__(self, runtime: CommandRuntime) -> None:
        self.runtime = runtime
        self.memory_limit: confinement.MemoryLimit | None = None

    def confine(self, *, sealed: bool) -> None:
        """Give up what neither the command nor a guest needs; files are confined when it is known which are granted."""
        del sealed
        self.memory_limit = confinement.MemoryLimit()
        confinement.limit_resources()

    def rehearse(self, artifact: bytes) -> None:
        """A command starts anew for every guest: there is nothing to rehearse."""

    def hold(self, artifact_file: int, memory_bytes: int, *, component: bool) -> None:
        """A command keeps nothing compiled."""
        del memory_bytes, component
        os.close(artifact_file)

    def answer(self, request: Request, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Run the guest, and say what came of it."""
        assert self.memory_limit is not None
        try:
            with os.fdopen(request.files[0], "rb") as file:
                wasm = file.read()
            interface = read_interface(wasm)
            check_signatures(interface.imports)
            module = to_file(limit_memories(wasm, request.memory_bytes))
            folders = request.grants.folders
            confinement.confine_files(
                [folder.host for folder in folders if not folder.writable],
                [folder.host for folder in folders if folder.writable],
                [*self.runtime.command.files, str(V8_HOST)],
            )
            self.memory_limit.allow(request.memory_bytes + COMMAND_BYTES)
            confinement.limit_time(request.prepare_seconds + request.seconds)
            type = next((item.type for item in interface.exports if item.name == request.export), None)
            run = {"v8": _run_v8, "wasmedge": _run_wasmedge}[self.runtime.name]
            answer = run(self.runtime, request, module, type if isinstance(type, FuncType) else FuncType((), ()), say)
        except GuestTrap as trap:
            answer = {"trap": trap.kind.value, "message": str(trap)}
        except LimitExceeded as error:
            answer = {"memory_limit": True, "message": str(error)}
        except LabkitError as error:
            return {"error": error.__class__.__name__, "message": error.message, "remedy": error.remedy}
        return {**answer, "peak_memory_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}


def _run_v8(runtime: CommandRuntime, request: Request, module: int, type: FuncType, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    reader, writer = os.pipe()
    words = {
        "answer": writer,
        "module": f"/dev/fd/{module}",
        "argv": request.grants.argv,
        "env": dict(request.grants.env),
        "folders": {folder.guest: folder.host for folder in request.grants.folders},
        "export": request.export,
        "args": [str(value) for value in request.args],
        "types": type.params,
    }
    pid = _start([*runtime.command.words, "--no-warnings", str(V8_HOST), json.dumps(words)], [writer, module])
    os.close(writer)
    answer: dict[str, Any] = {}
    with os.fdopen(reader, "r", encoding="utf-8") as lines:
        for line in lines:
            answer = json.loads(line)
            if "started" in answer:
                confinement.limit_time(request.seconds)
                say({"started": True, "resident_bytes": 0})
    code = _end_alike(pid)
    if not answer:
        raise LabkitError(f"Node.js ended with exit code {code} before the guest.", remedy="Install Node.js anew, if `node --version` fails too.")
    if "started" in answer:
        raise GuestTrap(TrapKind.OTHER, runtime=runtime.name, detail=f"Node.js ended with exit code {code} while the guest ran")
    if "failure" in answer:
        raise_v8_failure(answer["failure"], answer["message"], answer["stack"])
    if "values" in answer:
        answer["values"] = [_number(kind, text) for kind, text in zip(type.results, answer["values"])]
    return answer


def _run_wasmedge(runtime: CommandRuntime, request: Request, module: int, type: FuncType, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    # Each write stays a packet of its own, so that a result is told from what the guest has printed just before.
    reader, writer = os.pipe2(os.O_DIRECT) if hasattr(os, "O_DIRECT") else os.pipe()
    begin = time.perf_counter()
    pid = _start(_wasmedge_words(runtime, request, module), [module], stdout=writer)
    os.close(writer)
    confinement.limit_time(request.seconds)
    say({"started": True, "resident_bytes": 0})
    held = _pass_on(reader, holds_last=bool(request.export is not None and type.results))
    code = _end_alike(pid)
    wall_seconds = time.perf_counter() - begin
    said = b"".join(held)
    failed = _FAILURE.search(said) if code != 0 else None
    if failed:
        _write(said[: failed.start()])
        raise_wasmedge_failure(said[failed.start() :].decode("utf-8", "replace"))
    if request.export is None or code != 0:
        _write(said)
        return {"exit_code": code, "wall_seconds": wall_seconds}
    results = held.pop().decode("utf-8", "replace").splitlines() if held else []
    _write(b"".join(held))
    if len(results) != len(type.results):
        raise GuestTrap(TrapKind.OTHER, runtime=runtime.name, detail="the command printed other results than the function has")
    return {"values": [_number(kind, text) for kind, text in zip(type.results, results)], "wall_seconds": wall_seconds}


def _wasmedge_words(runtime: CommandRuntime, request: Request, module: int) -> list[str]:
    pages = min(max(request.memory_bytes // _PAGE_BYTES, 1), 65536)
    words = [*runtime.command.words, "run", "--memory-page-limit", str(pages)]
    for folder in request.grants.folders:
        if ":" in folder.guest + folder.host:
            raise Unsupported(f"wasmedge cannot be told of a folder with a colon: {folder.guest} for {folder.host}.", remedy="Rename it.")
        words += ["--dir", f"{folder.guest}:{folder.host}{'' if folder.writable else ':readonly'}"]
    for name, value in request.grants.env:
        words += ["--env", f"{name}={value}"]
    called = [] if request.export is None else [request.export, *map(str, request.args)]
    return [*words, *(["--reactor"] if called else []), f"/dev/fd/{module}", *called, *request.grants.argv[1:]]


def _start(words: list[str], kept: list[int], *, stdout: int = 1) -> int:
    """Start a command with this process's streams and some of its files; it ends when this process does."""
    worker = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            confinement.die_with_parent(worker)
            os.dup2(stdout, 1)
            for descriptor in kept:
                os.set_inheritable(descriptor, True)
            os.execve(words[0], words, _ENVIRONMENT)
        except BaseException as error:
            os.write(2, f"{words[0]} cannot be started: {error}\n".encode())
        finally:
            os._exit(127)
    return pid


def _pass_on(reader: int, *, holds_last: bool) -> list[bytes]:
    """Pass on what the command writes, packet by packet, but for its own last words: what failed, or the results."""
    held: list[bytes] = []
    while packet := os.read(reader, _CHUNK_BYTES):
        logs = LOG.match(held[0] if held else packet)
        if not logs or sum(map(len, held)) > _HELD_BYTES:
            _write(b"".join(held))
            held.clear()
        held.append(packet)
        if not holds_last and not LOG.match(held[0]):
            _write(held.pop())
    os.close(reader)
    return held


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def _end_alike(pid: int) -> int:
    """Wait for the command, and give its exit code; where a signal has ended it, end this process the same way, for the kernel to see."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        signal.signal(number, signal.SIG_DFL) if number not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), number)
    return os.waitstatus_to_exitcode(status)


def _number(kind: str, text: str) -> int | float:
    """Read a number as the command has written it, an integer maybe without its sign."""
    if kind.startswith("f"):
        return float(text)
    bits = int(kind[1:])
    number: int = int(text) % 2**bits
    return number - 2**bits if number >> (bits - 1) else number
