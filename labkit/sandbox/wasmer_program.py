"""What is the same for programs on both Wasmers: the names of the granted folders, labkit's own functions, and the memory they write to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NoReturn

from labkit.limits import Limits
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Instance, Module
from labkit.runtimes.memory import Memory
from labkit.sandbox.grants import Grants
from labkit.sandbox.preview1 import check_signatures
from labkit.sandbox.wasi import Replacements

__all__ = ["WasmerProgramBase", "wasmers_own"]

# Wasmer puts a folder of its own at descriptor 3, which holds the granted ones; they follow from 4 on. Nothing can be made in it, so
# where the guest is granted a folder under its usual name, it gets another: programs take the first folder that fits.
_ROOT, _OTHER_ROOT = "/", "/.wasmer"


class WasmerProgramBase(ABC):
    """A program, ready to start."""

    #: Whether binding a program starts threads, which only a process that is confined already may do.
    starts_threads: ClassVar[bool]
    runtime: Any

    def expect(self, _module: Module, _limits: Limits) -> None:  # noqa: B027 - the same for both
        """Wasmer makes a program's imports from what it is granted: nothing can be made before."""

    def bind(self, module: Module, limits: Limits, grants: Grants) -> Instance:
        """Instantiate the program, or the library, with what it was granted.

        Raises
        ------
        LinkError
            If it imports what WASI preview 1 does not have.
        Unsupported
            If Wasmer cannot pass on what was granted.
        """
        store = self.runtime._store_for(module, limits)
        granted = tuple(folder.guest for folder in grants.folders)
        replacements = Replacements(grants, (_OTHER_ROOT if _ROOT in granted else _ROOT, *granted) if granted else ())
        check_signatures(module.imports)
        memory: list[Memory] = []
        replaced = replacements.functions(lambda: memory[0] if memory else None)
        externs = self._externs(module, store, grants, replaced)
        native = store._instantiate(module, externs)
        instance = Instance(module, store, native, owns_store=True)
        exported = instance.exports.get("memory")
        if isinstance(exported, Memory):
            memory.append(exported)
        self._begin(instance, native, grants)
        return instance

    @abstractmethod
    def _externs(self, module: Module, store: Any, grants: Grants, replaced: dict[str, Any]) -> list[Extern]:
        """What is given for each import: labkit's own function where it is replaced, or Wasmer's."""

    def _begin(self, instance: Instance, native: Any, grants: Grants) -> None:  # noqa: B027 - one has nothing to do
        """What is left to do before the program runs."""


def wasmers_own(name: str, type: Any, store: Any, native: Any) -> Function:
    """A function of Wasmer's WASI, as an import; labkit itself never calls it."""
    return Function(_uncalled, _uncalled, name=name, type=type, store=store, native=native)


def _uncalled(*_: object) -> NoReturn:
    raise AssertionError("only the guest calls WASI")
