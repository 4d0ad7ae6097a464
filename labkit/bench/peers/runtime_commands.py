"""Peers that are other runtimes, started as commands: WasmEdge, and V8 in Node.js, each with the module in a fresh process of its own."""

from __future__ import annotations

import json
from typing import ClassVar

from labkit.bench.contenders import status_of, version
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.start import Run
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError
from labkit.runtimes.command_runtime import find_command
from labkit.sandbox.commands import V8_HOST

__all__ = ["FreshNode", "FreshWasmedge"]


class _FreshCommand(CommandPeer):
    """A runtime's command that compiles the module, or interprets it, each time anew."""

    kind = "wasm"
    isolates = "as an instance, in a process of its own"
    runtime: ClassVar[str]

    def prepare(self, workshop: Workshop) -> Run:
        """Find the command where labkit's runtimes find it."""
        found = find_command(self.runtime)
        if isinstance(found, str):
            remedy = status_of(self.runtime).remedy
            raise BenchError(f"{found[0].upper()}{found[1:]}.", remedy=remedy or "Start the kernel anew: it was there before.")
        self._words, self.version = list(found.words), version(status_of(self.runtime))
        return super().prepare(workshop)

    def make(self, workshop: Workshop) -> None:
        """Write the module where the command reads it."""
        self._module = workshop.folder / f"say_hello_{self.runtime}.wasm"
        self._module.write_bytes(workshop.wasm)
        self.image_bytes = len(workshop.wasm)


class FreshWasmedge(_FreshCommand):
    """WasmEdge as it is by default, which is as an interpreter."""

    name = "wasm, fresh wasmedge"
    runtime = "wasmedge"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The command that runs a module."""
        return [("", [*self._words, "run", str(self._module), *arguments])]


class FreshNode(_FreshCommand):
    """V8 with Node's WASI."""

    name = "wasm, fresh node"
    runtime = "v8"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The script that `labkit.run` starts too."""
        request: dict[str, object] = {
            "answer": None,
            "module": str(self._module),
            "argv": ["say_hello", *arguments],
            "env": {},
            "folders": {},
            "export": None,
        }
        return [("", [*self._words, "--no-warnings", str(V8_HOST), json.dumps(request)])]
