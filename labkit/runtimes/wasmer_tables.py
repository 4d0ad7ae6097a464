"""Wasmer's tables behind labkit's.

The binding shows a table's size and nothing else, and no reference crosses it. So bridges reach into tables, and a
reference is handed about in a cell: a table of one slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError, OutOfBounds, Unsupported
from labkit.modules.types import TableType
from labkit.runtimes.externs import Function, FunctionReference, Table
from labkit.runtimes.wasmer_bridges import grower, new_table, slot_reader, slot_writer

if TYPE_CHECKING:
    from labkit.runtimes.wasmer_runtime import WasmerStore

__all__ = ["WasmerTable"]

#: What the engine itself allows a module to ask for; a larger table could exhaust the machine and end the process.
_MOST_SLOTS = 10_000_000


class WasmerTable(Table):
    """A table of Wasmer's."""

    store: WasmerStore

    def __init__(self, store: WasmerStore, type: TableType, native: list[Any]) -> None:
        self.store, self.type, self.native = store, type, native

    @property
    def size(self) -> int:
        """Number of slots."""
        self.store.check()
        return int(self.native[0].size)

    def _slot(self, index: int) -> int:
        if not isinstance(index, int) or not 0 <= index < self.size:
            raise OutOfBounds(f"The table has {self.size} slots and none at {index!r}.", remedy="Count slots from 0, or grow() the table.")
        return index

    def get(self, index: int) -> FunctionReference | None:
        """Read a slot."""
        slot, cell = self._slot(index), self._cell(None)
        is_null = self.store.bridge(slot_reader(self.type.element), {"table": self.native[0], "cell": cell}).exports.take(slot)
        return None if is_null else FunctionReference([cell], self.store)

    def set(self, index: int, value: Any) -> None:
        """Write a slot."""
        self._write(slot_writer(self.type.element), self._slot(index), value)

    def grow(self, slots: int, value: Any = None) -> int:
        """Add slots."""
        self.store.check()
        if not isinstance(slots, int) or slots < 0:
            raise ArgumentError(f"A table grows by a whole number of slots, not {slots!r}.", remedy="Pass 0 or more.")
        if self.store.runtime.compiler == "singlepass":
            raise Unsupported(f"{self.store.runtime.name} {self.store.runtime.version} cannot grow a table from outside.", remedy='Use "wasmer".')
        old = self._write(grower(self.type.element), slots, value) if self.size + slots <= _MOST_SLOTS else -1
        if old < 0:
            raise OutOfBounds(f"The table has {self.size} slots and cannot grow by {slots}.", remedy="Raise its maximum.")
        return int(old)

    def _write(self, wat: str, number: int, value: Any) -> Any:
        self.store.check()
        cell = self._cell(value)  # an import does not keep its instance alive; this variable does
        ((_, write),) = self.store.bridge(wat, {"table": self.native[0], "cell": cell}).exports
        return write(number)

    def _cell(self, value: Any) -> Any:
        """Put a value in a cell."""
        if value is None:
            return self.store.bridge(new_table(1, None, self.type.element), {}).exports.table
        if self.type.element == "externref":
            raise self.store.numbers_only("A Python object would become an externref")
        if not isinstance(value, (Function, FunctionReference)):
            raise ArgumentError(
                f"The table wants a function of a guest's, not a {value.__class__.__name__}.", remedy="Pass an export, or store.func(…)."
            )
        if value.store is not self.store:
            raise ArgumentError("The table got a function of another store.", remedy="Instantiate both modules in one store.")
        if isinstance(value, FunctionReference):
            return value.native[0]
        return self.store.cell_of(value.native, value.type)
