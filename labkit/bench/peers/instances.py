"""Peers in this process: an instance of the module, from code that is compiled already, loaded from a file, or compiled anew.

They use Wasmtime's own Python package as its documentation does, so that what is measured is Wasmtime and not labkit.
"""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from typing import Any

import wasmtime

from labkit.bench.contenders import status_of, version
from labkit.bench.peers.peer import Peer
from labkit.bench.peers.processes import loaded_code, own_pss_bytes
from labkit.bench.peers.start import HELLO, Run
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError
from labkit.runtimes.registry import runtime
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime

__all__ = ["CompiledInstance", "FreshInstance", "LoadedInstance", "PooledInstance"]

#: So many are held at once, so that one is more than the page it ends in.
_HELD = 100


class _Instance(Peer):
    """Instantiates the module with WASI and calls its ``_start``."""

    kind = "wasm"
    isolates = "memory; no host function it was not given"
    in_process = True

    def prepare(self, workshop: Workshop) -> Run:
        """Make the engine and the link to WASI."""
        self.version = version(status_of("wasmtime"))
        self._wasm, self._precompiled = workshop.wasm, str(workshop.precompiled)
        self._engine = self.engine()
        self._linker = wasmtime.Linker(self._engine)
        self._linker.define_wasi()
        self._compiled = wasmtime.Module(self._engine, self._wasm)
        self.image_bytes = self.size_bytes()
        reader, writer = os.pipe()
        self._reader, self._writer = os.fdopen(reader, "rb", buffering=0), os.fdopen(writer, "wb", buffering=0)
        workshop.enter(self._reader)
        workshop.enter(self._writer)
        self.hello()
        return self.hello()

    def engine(self) -> wasmtime.Engine:
        """Make the engine."""
        return wasmtime.Engine()

    def size_bytes(self) -> int:
        """Size of what it is made from."""
        return len(self._wasm)

    @abstractmethod
    def module(self) -> wasmtime.Module:
        """The code to instantiate."""

    def _start(self) -> tuple[wasmtime.Store, Any]:
        """A new instance, after its hello."""
        store, wasi = wasmtime.Store(self._engine), wasmtime.WasiConfig()
        wasi.inherit_stdout()
        store.set_wasi(wasi)
        instance = self._linker.instantiate(store, self.module())
        start: Any = instance.exports(store)["_start"]
        start(store)
        return store, instance

    def hello(self) -> Run:
        """One instance, its standard output through a pipe."""
        begin = time.perf_counter()
        kept = os.dup(1)
        os.dup2(self._writer.fileno(), 1)
        try:
            self._start()
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        said = self._reader.read(len(HELLO))
        seconds = time.perf_counter() - begin
        if said != HELLO:
            raise BenchError(f"The instance said {said!r} in place of hello.", remedy="Report this as a fault of labkit's.")
        return Run(seconds, seconds)

    def memory_bytes(self) -> int | None:
        """What an instance more takes of this process."""
        libraries = loaded_code()
        before = own_pss_bytes(without=libraries)
        held = []
        kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        try:
            held += [self._start() for _ in range(_HELD)]
            after = own_pss_bytes(without=libraries)
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(nowhere)
        return None if before is None or after is None else max(after - before, 0) // len(held)


class FreshInstance(_Instance):
    """From a module that this process has compiled."""

    name = "wasm instance"

    def module(self) -> wasmtime.Module:
        """The one that is there."""
        return self._compiled


class PooledInstance(FreshInstance):
    """From a module that this process has compiled, in room that was reserved beforehand."""

    name = "wasm instance, pooled"

    def engine(self) -> wasmtime.Engine:
        """Make one with a pool, which the binding has no option for and labkit has."""
        chosen = runtime("wasmtime", interruptible=False, pooled_instances=2 * _HELD)
        assert isinstance(chosen, WasmtimeRuntime)
        return chosen.engine(fuel=False)


class LoadedInstance(_Instance):
    """From a file that was compiled ahead of time."""

    name = "wasm, precompiled file"

    def module(self) -> wasmtime.Module:
        """Loaded anew each time."""
        return wasmtime.Module.deserialize_file(self._engine, self._precompiled)

    def size_bytes(self) -> int:
        """Of the file."""
        return os.stat(self._precompiled).st_size


class CompiledInstance(_Instance):
    """From the module's bytes."""

    name = "wasm, compiled anew"

    def module(self) -> wasmtime.Module:
        """Compiled anew each time, by Cranelift."""
        return wasmtime.Module(self._engine, self._wasm)
