"""Peers without a wall of the system's: the native program, and a module in a fresh process of one host or another."""

from __future__ import annotations

import os
import sys
import threading
import time

from labkit.bench.contenders import PYTHON_VERSION, status_of, version
from labkit.bench.peers.peer import SETTLE_SECONDS, CommandPeer, Peer
from labkit.bench.peers.processes import descendants, pss_bytes
from labkit.bench.peers.start import HELLO, Run
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError
from labkit.sandbox.pool import the_pool
from labkit.sandbox.run import Result, run
from labkit.sandbox.run import warm as warm_workers

__all__ = ["FreshNativeHost", "FreshPython", "NativeProcess", "WarmWorker"]


class NativeProcess(CommandPeer):
    """The program itself."""

    name = "native process"
    kind = "native"
    isolates = "its memory; all files, network, system calls"

    def make(self, workshop: Workshop) -> None:
        """Compile it."""
        self._program = workshop.program
        self.image_bytes = self._program.stat().st_size

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The program."""
        return [("", [str(self._program), *arguments])]


class FreshNativeHost(CommandPeer):
    """A small native host that loads the precompiled module."""

    name = "wasm, fresh native host"
    kind = "wasm"
    isolates = "as an instance, in a process of its own"

    def make(self, workshop: Workshop) -> None:
        """Compile the host, and the module ahead of time."""
        self.version = version(status_of("wasmtime"))
        self._host, self._module = workshop.host, workshop.precompiled
        self.image_bytes = self._module.stat().st_size

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The host with the module."""
        return [("", [str(self._host), str(self._module), *arguments])]


class FreshPython(CommandPeer):
    """A new Python that runs the module in labkit's sandbox."""

    name = "wasm, fresh Python"
    kind = "wasm"
    isolates = "as labkit.run, started by a new Python"
    cost = 2

    def make(self, workshop: Workshop) -> None:
        """Write the module where the command reads it."""
        self.version = f"{version(status_of('wasmtime'))} in {PYTHON_VERSION}"
        self._module = workshop.folder / "say_hello.wasm"
        self._module.write_bytes(workshop.wasm)
        self.image_bytes = len(workshop.wasm)

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The command line of labkit."""
        return [("", [sys.executable, "-m", "labkit", "run", str(self._module), "--", *arguments])]


class WarmWorker(Peer):
    """`labkit.run` with a worker that waits for it."""

    name = "wasm, labkit.run warm"
    kind = "wasm"
    isolates = "as an instance, in a worker that is confined"

    _KIND = ("wasmtime", True)

    def prepare(self, workshop: Workshop) -> Run:
        """Have workers made, and the module compiled."""
        self._wasm = workshop.wasm
        return self._warm_up()

    def _warm_up(self) -> Run:
        self.image_bytes, self.version = len(self._wasm), version(status_of("wasmtime"))
        warm_workers("wasmtime")
        self.hello()
        return self.hello()

    def hello(self) -> Run:
        """Run it; the next worker is ready before this returns, and that is in neither figure."""
        arrived = []
        begin = time.perf_counter()
        result = run(self._wasm, on_output=lambda *_: arrived.append(time.perf_counter()))
        end = time.perf_counter()
        self._ready()
        if result.exit_code != 0 or result.stdout != HELLO or not arrived:
            raise BenchError(f"labkit.run did not say hello: {result.message or result.stdout!r}.", remedy="Report this as a fault of labkit's.")
        return Run(arrived[0] - begin, end - begin)

    def _ready(self) -> None:
        pool = the_pool()
        pool.settle()
        pool.warm(self._KIND)
        pool.wait(self._KIND)

    def memory_bytes(self) -> int | None:
        """What a worker more takes: one whose program waits, with as many spares behind it as before."""
        self._ready()
        before = pss_bytes(descendants(os.getpid()))
        reader, writer = os.pipe()
        said = threading.Event()
        results: list[Result] = []
        with os.fdopen(reader, "rb") as stdin:
            waiting = threading.Thread(target=lambda: results.append(run(self._wasm, args=["wait"], stdin=stdin, on_output=lambda *_: said.set())))
            waiting.start()
            try:
                said.wait(5)
                self._ready()
                time.sleep(SETTLE_SECONDS)
                held = pss_bytes(descendants(os.getpid()))
            finally:
                os.close(writer)
                waiting.join()
        self._ready()
        return held - before if said.is_set() and held and before else None
