"""The store: what instances live in, owned by one thread, closed once."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError, Closed, Unsupported, UnsupportedLimit, WrongThread
from labkit.limits import Limits
from labkit.modules.types import Export, FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes.externs import Extern, Function, Global, Table
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import FORMAT, REFERENCES, boundary_types, check_parameters, check_value

if TYPE_CHECKING:
    from labkit.runtimes.instance import Module
    from labkit.runtimes.interface import Runtime

__all__ = ["Store"]


class Store(ABC):
    """What instances live in. One thread owns it: the one that made it.

    Attributes
    ----------
    runtime : Runtime
    limits : Limits
    owner : int
        Identity of the thread that owns it; 0 once it is closed, so that one comparison in a call finds both mistakes.
    """

    # One is made for each instance: slots make that cheaper.
    __slots__ = ("__dict__", "__weakref__", "limits", "owner", "runtime")

    #: How many host functions of its are running, one within the other.
    host_depth = 0
    #: The exception a host function raised, on its way through the guest to the caller.
    pending: BaseException | None = None

    def __init__(self, runtime: Runtime, limits: Limits) -> None:
        self.runtime = runtime
        self.limits = limits
        self.owner = get_ident()
        self._open()

    def _open(self) -> None:  # noqa: B027 - an adapter may have nothing to open
        """Make the native store, where there is one to make; `_close` frees it."""

    @abstractmethod
    def _instantiate(self, module: Module, externs: list[Extern]) -> Any:
        """Instantiate; raise LinkError, GuestTrap or what a host function raised."""

    @abstractmethod
    def _export(self, native_instance: Any, export: Export) -> Extern:
        """Wrap one export."""

    @abstractmethod
    def _func(self, call: Callable[..., Any], type: FuncType, name: str) -> Function:
        """Make a host function."""

    @abstractmethod
    def _memory(self, type: MemoryType) -> Memory:
        """Make a memory."""

    @abstractmethod
    def _global(self, type: GlobalType, value: Any) -> Global:
        """Make a global from a checked value."""

    @abstractmethod
    def _table(self, type: TableType) -> Table:
        """Make a table of nulls."""

    @abstractmethod
    def _close(self) -> None:
        """Free the native store."""

    @property
    def fuel(self) -> int:
        """Units of fuel left of ``Limits(fuel=…)``."""
        raise UnsupportedLimit("This store has no fuel to count.", remedy="Set Limits(fuel=…), on a runtime that has it.")

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self.owner == 0

    def check(self) -> None:
        """Raise unless the calling thread may use the store now.

        Raises
        ------
        Closed, WrongThread
        """
        if self.owner != get_ident():
            if self.closed:
                raise Closed("The instance, or the store it lives in, is closed.", remedy="Instantiate the module again.")
            raise WrongThread(
                "A store belongs to the thread that made it, and this is another.",
                remedy="Instantiate the module in this thread: modules may be shared, stores may not.",
            )

    def func(self, call: Callable[..., Any], params: tuple[str, ...] = (), results: tuple[str, ...] = ()) -> Function:
        """Make a function that guests can import, from a Python one.

        Parameters
        ----------
        call : callable
        params, results : tuple of str
            Value types: ``("i32", "f64")``.
        """
        self.check()
        if not callable(call):
            raise ArgumentError(f"A {type(call).__name__} is not callable.", remedy="Pass a function.")
        if not all(isinstance(types, (tuple, list)) for types in (params, results)):
            raise ArgumentError("A function's types come as two tuples.", remedy='Write ("i32",) for one.')
        boundary_types([*params, *results], "The function")
        name = getattr(call, "__name__", "function")
        check_parameters(call, params, name)
        return self._func(call, FuncType(tuple(params), tuple(results)), name)

    def memory(self, minimum_pages: int, maximum_pages: int | None = None) -> Memory:
        """Make a memory of pages of 64 KiB."""
        self.check()
        _bounds(minimum_pages, maximum_pages, 65536, "A memory's pages")
        return self._memory(MemoryType(minimum_pages, maximum_pages))

    def global_(self, content: str, value: Any, *, mutable: bool = False) -> Global:
        """Make a global of a value type that holds a value."""
        self.check()
        boundary_types([content], "The global")
        checked = check_value(content, value, "The global's value") if content in FORMAT else value
        return self._global(GlobalType(content, mutable), checked)

    def table(self, minimum: int, maximum: int | None = None, *, element: str = "funcref") -> Table:
        """Make a table of null references."""
        self.check()
        if element not in REFERENCES:
            raise Unsupported(f"A table of {element} cannot be made from Python.", remedy='Choose "funcref", or export a table from a guest.')
        _bounds(minimum, maximum, 10_000_000, "A table's slots")
        return self._table(TableType(element, minimum, maximum))

    def close(self) -> None:
        """Free the store and all that lives in it. Closing twice is fine; closing while its guest runs is refused."""
        if self.owner != get_ident():
            if not self.owner:
                return
            self.check()
        if self.host_depth:
            raise Unsupported("The guest in this store is running.", remedy="Close it after the call has returned.")
        self.owner = 0
        self._close()

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # When the interpreter ends, what closing needs may be gone already, and the process frees everything anyway.
        if getattr(self, "owner", 0) and not is_finalizing():
            self.owner = 0
            self._close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _bounds(minimum: object, maximum: object, highest: int, what: str) -> None:
    """Check the bounds of a memory or table."""
    whole = isinstance(minimum, int) and (maximum is None or isinstance(maximum, int))
    if not whole or not 0 <= minimum <= (highest if maximum is None else maximum) <= highest:  # type: ignore[operator]
        raise ArgumentError(f"{what} cannot be {minimum!r} to {maximum!r}.", remedy=f"Give 0 ≤ minimum ≤ maximum ≤ {highest}.")
