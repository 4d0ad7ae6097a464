"""Compiled code of Wasmer's: loaded once in each engine and thread that needs it, because its objects bear no other thread.

An engine never gives back the memory of the code it was given, so each compiled module has an engine of its own and dies with it.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from labkit.runtimes.wasmer_binding import universal_engine, wasmer

__all__ = ["Code", "Engine"]


class Engine:
    """An engine: what code, and all that is linked with it, lives in."""

    def __init__(self, compiler: str) -> None:
        self.native = universal_engine(compiler)


class _OfThread(threading.local):
    """What one thread has loaded; it goes when the thread does."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.modules: WeakKeyDictionary[Engine, Any] = WeakKeyDictionary()


class Code:
    """A compiled module.

    Parameters
    ----------
    compiler : str
    payload : bytes
        What Wasmer wrote of it, and can read back.
    deferred : bool
        Whether an instance is still to be initialised, by `wasmer_initialisation.INITIALISE`.
    """

    def __init__(self, compiler: str, payload: bytes, *, deferred: bool = False) -> None:
        self.payload = payload
        self.deferred = deferred
        self._compiler = compiler
        self._mine = _OfThread()

    @classmethod
    def compile(cls, compiler: str, wasm: bytes, *, deferred: bool = False) -> Code:
        """Compile a module; the binding's exceptions come out as they are."""
        engine = Engine(compiler)
        module = wasmer.Module(engine.native, wasm)
        code = cls(compiler, bytes(module.serialize()), deferred=deferred)
        code._mine.engine, code._mine.modules[engine] = engine, module
        return code

    @property
    def engine(self) -> Engine:
        """The engine it has in this thread."""
        if self._mine.engine is None:
            self._mine.engine = Engine(self._compiler)
        return self._mine.engine

    def module(self, engine: Engine) -> Any:
        """Get the binding's module, loaded in an engine."""
        modules = self._mine.modules
        if engine not in modules:
            modules[engine] = wasmer.Module.deserialize(engine.native, self.payload)
        return modules[engine]
