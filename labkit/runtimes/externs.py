"""What an instance exports and imports: functions, globals and tables, the same on every runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError, Unsupported
from labkit.modules.types import FuncType, GlobalType, TableType
from labkit.runtimes.values import FORMAT, boundary_types, check_value

if TYPE_CHECKING:
    from labkit.runtimes.store import Store

__all__ = ["Extern", "Function", "FunctionReference", "Global", "Table"]


class Extern:
    """Anything that can be imported or exported. It belongs to one store and is used through it only.

    Attributes
    ----------
    store : Store
    type : FuncType, MemoryType, GlobalType or TableType
    native : object
        The runtime's own object.
    """

    store: Store
    type: Any
    native: Any


class Function(partial, Extern):  # type: ignore[type-arg]
    """A guest's function, bound and typed once; calling it costs about a microsecond.

    It is a `functools.partial`, because that is the one callable object Python calls without a frame of its own.

    Attributes
    ----------
    name : str
    type : FuncType
    call_bits : callable
        Calls with and returns every value as its bits, an unsigned int: the way to pass a NaN pattern exactly.
    """

    name: str
    type: FuncType
    call_bits: Callable[..., tuple[int, ...]]

    def __new__(
        cls, call: Callable[..., Any], call_bits: Callable[..., tuple[int, ...]], *, name: str, type: FuncType, store: Store, native: Any
    ) -> Function:
        """Wrap the two ways to call that an adapter has bound."""
        self = super().__new__(cls, call)
        self.name, self.type, self.store, self.native, self.call_bits = name, type, store, native, call_bits
        return self

    def __repr__(self) -> str:
        return f"<Function {self.name}: {self.type}>"

    def __reduce__(self) -> Any:
        raise Unsupported("A guest's function cannot be copied or pickled.", remedy="Send the module's bytes and instantiate them there.")


class FunctionReference:
    """A function reference a guest handed out: opaque to Python, good for handing back to a guest or a table of its store.

    It cannot be called, since it does not tell its type; export the function and call it by its name.
    """

    def __init__(self, native: Any, store: Store) -> None:
        self.native = native
        self.store = store

    def __repr__(self) -> str:
        return "<FunctionReference>"


class Global(Extern, ABC):
    """A global variable.

    Examples
    --------
    >>> import labkit
    >>> instance = labkit.runtime("wasmtime").compile('(module (global (export "g") (mut i32) (i32.const 7)))').instantiate()
    >>> counter = instance.global_("g")
    >>> counter.value += 1
    >>> counter.value
    8
    """

    type: GlobalType

    @abstractmethod
    def _get(self) -> Any:
        """The value."""

    @abstractmethod
    def _set(self, value: Any) -> None:
        """Set a checked value."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """The value's bits, as an unsigned int."""

    @property
    def value(self) -> Any:
        """The value; setting it checks that it fits and that the global is mutable."""
        self.store.check()
        boundary_types([self.type.content], "This global")
        return self._get()

    @value.setter
    def value(self, value: Any) -> None:
        self.store.check()
        boundary_types([self.type.content], "This global")
        if not self.type.mutable:
            raise ArgumentError("This global is immutable.", remedy="Declare it (mut …) in the module.")
        self._set(check_value(self.type.content, value, "The global's value") if self.type.content in FORMAT else value)

    def __repr__(self) -> str:
        return f"<Global {self.type}>"


class Table(Extern, ABC):
    """A table of references."""

    type: TableType

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of slots."""

    @abstractmethod
    def get(self, index: int) -> Any:
        """Read a slot: None, a reference, or for externref the Python object.

        Raises
        ------
        OutOfBounds
            If there is no such slot.
        """

    @abstractmethod
    def set(self, index: int, value: Any) -> None:
        """Write a slot.

        Raises
        ------
        OutOfBounds
            If there is no such slot.
        """

    @abstractmethod
    def grow(self, slots: int, value: Any = None) -> int:
        """Add slots that hold ``value``; returns the old size.

        Raises
        ------
        OutOfBounds
            If the table's maximum does not allow it.
        """

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"<Table {self.type}>"
