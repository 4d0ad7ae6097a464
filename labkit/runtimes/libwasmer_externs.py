"""The current Wasmer's memories, globals and tables behind labkit's; each ``native`` is where the library's own object is."""

from __future__ import annotations

import ctypes
import struct
from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError, OutOfBounds, Unsupported
from labkit.modules.types import GlobalType, MemoryType, TableType
from labkit.runtimes.externs import Global, Table
from labkit.runtimes.libwasmer_binding import VALUE_BYTES, VALUE_OFFSET, library
from labkit.runtimes.libwasmer_calls import read_value, write_value
from labkit.runtimes.libwasmer_references import from_reference, to_reference
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import BITS_FORMAT, FORMAT, REFERENCES

if TYPE_CHECKING:
    from labkit.runtimes.libwasmer_store import LibwasmerStore

__all__ = ["LibwasmerGlobal", "LibwasmerMemory", "LibwasmerTable"]

#: As many slots as a module may declare for a table.
_MOST_SLOTS = 10_000_000


class LibwasmerMemory(Memory):
    """A linear memory."""

    def __init__(self, store: LibwasmerStore, type: MemoryType, native: int) -> None:
        self.store, self.type, self.native = store, type, native
        calls = library()
        self._data, self._size, self._pages, self._grow_by = (
            calls.wasm_memory_data,
            calls.wasm_memory_data_size,
            calls.wasm_memory_size,
            calls.wasm_memory_grow,
        )

    def _buffer(self) -> memoryview:
        size = self._size(self.native)
        if size == 0:
            return memoryview(b"")
        return memoryview((ctypes.c_ubyte * size).from_address(self._data(self.native))).cast("B")

    def _grow(self, pages: int) -> int:
        old = int(self._pages(self.native))
        return old if pages <= 65536 and self._grow_by(self.native, pages) else -1


class LibwasmerGlobal(Global):
    """A global."""

    store: LibwasmerStore

    def __init__(self, store: LibwasmerStore, type: GlobalType, native: int) -> None:
        self.store, self.type, self.native = store, type, native

    def _read(self) -> Any:
        value = ctypes.create_string_buffer(VALUE_BYTES)
        library().wasm_global_get(self.native, value)
        return value

    def _get(self) -> Any:
        return read_value(self.store, self.type.content, self._read())

    def _set(self, value: Any) -> None:
        native, _kept = write_value(self.store, self.type.content, value, "The global's value")
        library().wasm_global_set(self.native, native)

    @property
    def bits(self) -> int:
        """The value's bits, as an unsigned int."""
        self.store.check()
        if self.type.content not in FORMAT:
            raise Unsupported(f"A global of type {self.type.content} has no bits to show.", remedy="Read its value.")
        return int(struct.unpack_from("<" + BITS_FORMAT[self.type.content], self._read(), VALUE_OFFSET)[0])


class LibwasmerTable(Table):
    """A table."""

    store: LibwasmerStore

    def __init__(self, store: LibwasmerStore, type: TableType, native: int) -> None:
        self.store, self.type, self.native = store, type, native

    @property
    def size(self) -> int:
        """Number of slots."""
        self.store.check()
        return int(library().wasm_table_size(self.native))

    def _slot(self, index: int) -> int:
        self._check_element()
        if not isinstance(index, int) or not 0 <= index < self.size:
            raise OutOfBounds(f"The table has {self.size} slots and none at {index!r}.", remedy="Count slots from 0, or grow() the table.")
        return index

    def _check_element(self) -> None:
        self.store.check()
        if self.type.element not in REFERENCES:
            raise Unsupported(f"A table of {self.type.element} cannot be used from Python.", remedy="Use it in the guest.")

    def get(self, index: int) -> Any:
        """Read a slot."""
        return from_reference(self.store, self.type.element, library().wasm_table_get(self.native, self._slot(index)))

    def set(self, index: int, value: Any) -> None:
        """Write a slot."""
        slot = self._slot(index)
        reference = to_reference(self.store, self.type.element, value, "The slot's value")
        library().wasm_table_set(self.native, slot, reference and reference.native)

    def grow(self, slots: int, value: Any = None) -> int:
        """Add slots."""
        self._check_element()
        if not isinstance(slots, int) or slots < 0:
            raise ArgumentError(f"A table grows by a whole number of slots, not {slots!r}.", remedy="Pass 0 or more.")
        old = self.size
        filling = to_reference(self.store, self.type.element, value, "The slots' value")
        if old + slots > _MOST_SLOTS or not library().wasm_table_grow(self.native, slots, filling and filling.native):
            raise OutOfBounds(f"The table has {old} slots and cannot grow by {slots}.", remedy="Raise its maximum.")
        return old
