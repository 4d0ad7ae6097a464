"""The one interface of every runtime; an adapter fills in the methods with an underscore, here and in `Store`."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from labkit.errors import ArtifactError, UnsupportedLimit
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.runtimes import artifacts
from labkit.runtimes.artifact_files import CheckedFile, artifact_interface, read_checked
from labkit.runtimes.instance import Module
from labkit.runtimes.store import Store

__all__ = ["Runtime"]

_UNLIMITED = Limits()


class Runtime(ABC):
    """A WebAssembly engine in this process.

    Attributes
    ----------
    name, version : str
    release_year : int or None
        Year in which that version came out, where labkit knows it.
    enforces : frozenset of str
        The limits it can enforce: of ``time``, ``memory``, ``fuel``.
    interruptible : bool
        Whether interrupting the kernel stops a guest that runs.

    Examples
    --------
    >>> import labkit
    >>> wasmtime = labkit.runtime("wasmtime")
    >>> module = wasmtime.compile('(module (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))')
    >>> module.instantiate().func("double")(21)
    42
    """

    name: str
    version: str
    release_year: int | None
    enforces: frozenset[str]
    interruptible: bool
    #: Whether its modules and instances can be in this process; a command's cannot.
    in_process: bool = True

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """All that an artifact's maker and loader must have in common."""

    @abstractmethod
    def _compile(self, wasm: bytes) -> Any:
        """Compile; raise CompileError."""

    @abstractmethod
    def _validate(self, wasm: bytes) -> None:
        """Raise CompileError if the module is not valid."""

    @abstractmethod
    def _serialize(self, native: Any) -> bytes:
        """Write a compiled module as bytes."""

    @abstractmethod
    def _deserialize(self, payload: bytes) -> Any:
        """Read what _serialize wrote, already checked; raise ArtifactError."""

    @abstractmethod
    def _store(self, limits: Limits) -> Store:
        """Make a store that enforces limits, all of which are in ``enforces``."""

    def compile(self, source: bytes | str | os.PathLike[str]) -> Module:
        """Compile a module.

        Parameters
        ----------
        source : bytes, str or path
            The bytes of a module, WebAssembly text, or the path of a file with either.

        Returns
        -------
        Module

        Raises
        ------
        CompileError
            If it is no module, is not valid, or uses a feature that this runtime lacks.
        """
        wasm = to_wasm(source)
        interface = read_interface(wasm)
        return Module(self, interface, self._compile(wasm), wasm)

    def validate(self, source: bytes | str | os.PathLike[str]) -> None:
        """Check that this runtime's validator accepts a module, without compiling it.

        Its compiler may still lack something valid, as the one-pass compilers do; that only `compile` tells.

        Raises
        ------
        CompileError
            If not.
        """
        wasm = to_wasm(source)
        read_interface(wasm)
        self._validate(wasm)

    def deserialize(self, artifact: bytes | str | os.PathLike[str]) -> Module:
        """Load a module that was compiled before.

        Parameters
        ----------
        artifact : bytes or path
            What `Module.serialize` returned, or a file that holds it. A file is checked whole when it is first read, and is not
            read again for as long as it stays as it is: then this takes far less than a millisecond.

        Raises
        ------
        ArtifactError
            If it is damaged, or was made by another runtime, version, configuration or machine.
        """
        if isinstance(artifact, (str, os.PathLike)):
            checked = read_checked(artifact, self.fingerprint)
            return Module(self, checked.interface, self._deserialize_file(checked), None, checked.stub)
        if not isinstance(artifact, (bytes, bytearray)):
            raise ArtifactError("An artifact is bytes or a path.", remedy="Pass what module.serialize() returned.")
        stub, payload = artifacts.unwrap(self.fingerprint, bytes(artifact))
        return Module(self, artifact_interface(stub), self._deserialize(payload), None, stub)

    def _deserialize_file(self, checked: CheckedFile) -> Any:
        """Read what is in a checked file; an adapter may know a better way than to read it into memory."""
        return self._deserialize(checked.payload())

    def store(self, *, limits: Limits | None = None) -> Store:
        """Make a store, for instances that share memories, tables, globals or functions.

        Raises
        ------
        UnsupportedLimit
            If this runtime cannot enforce one of the limits.
        """
        if limits is None:
            return self._store(_UNLIMITED)
        for limit in limits.set_names():
            if limit not in self.enforces:
                raise UnsupportedLimit(
                    f"{self.name} {self.version} cannot enforce Limits({limit}=…) on an instance in this process.",
                    remedy="Leave it out, or use labkit.run, whose worker process enforces it."
                    if limit != "fuel"
                    else 'Use "wasmtime", or limit the time with labkit.run.',
                )
        return self._store(limits)

    def _store_for(self, module: Module, limits: Limits | None) -> Store:
        """Make the store of one instance; an adapter may know a better one than `store` makes."""
        return self._store(_UNLIMITED) if limits is None else self.store(limits=limits)

    def _bind_fresh(self, module: Module, type: FuncType, name: str) -> Callable[..., Any] | None:
        """Bind a function to a fresh instance for each call, where an adapter knows a better way than making an `Instance`."""
        return None

    def __repr__(self) -> str:
        return f"<Runtime {self.name} {self.version}{', interruptible' if self.interruptible else ''}>"
