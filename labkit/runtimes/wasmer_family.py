"""What both Wasmers have in common: a name for each compiler, a store in the engine of its module, and bridges that are compiled once."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar

from labkit.errors import CompileError, Unsupported
from labkit.limits import Limits
from labkit.modules.load import to_wasm
from labkit.runtimes import artifacts
from labkit.runtimes.instance import Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.store import Store

__all__ = ["WasmerFamily"]


class WasmerFamily(Runtime):
    """A Wasmer with one of its compilers.

    Parameters
    ----------
    compiler : str
        ``"cranelift"``, which is not in the name, or another.
    """

    family: ClassVar[str]
    interruptible = False

    def __init__(self, compiler: str) -> None:
        self.name = self.family if compiler == "cranelift" else f"{self.family}-{compiler}"
        self.compiler = compiler
        self._bridges: dict[str, Any] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Name, version, compiler and machine."""
        return f"{self.name} {self.version} {self.compiler} {artifacts.machine()}"

    @abstractmethod
    def _engine_for(self, module: Module, store: Any) -> Any:
        """The engine that a module's code lives in, for a store of its own."""

    @abstractmethod
    def _compile_bridge(self, wasm: bytes) -> Any:
        """Compile what labkit has written itself."""

    def _store_for(self, module: Module, limits: Limits | None) -> Store:
        store: Any = self.store(limits=limits)
        store.engine = self._engine_for(module, store)
        return store  # type: ignore[no-any-return]

    def bridge(self, wat: str) -> Any:
        """Compile a bridge, once."""
        if wat not in self._bridges:
            try:
                self._bridges[wat] = self._compile_bridge(to_wasm(wat))
            except CompileError as error:
                raise Unsupported(f"{self.name} {self.version} cannot reach that from outside: {error.message}", remedy=error.remedy) from None
        return self._bridges[wat]
