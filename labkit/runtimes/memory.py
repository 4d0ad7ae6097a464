"""A guest's linear memory, and views of it that end instead of dangling."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from typing import Any

from labkit.display import format_bytes
from labkit.errors import ArgumentError, Closed, OutOfBounds
from labkit.modules.types import MemoryType
from labkit.runtimes.externs import Extern

__all__ = ["Memory", "MemoryView"]


class Memory(Extern, ABC):
    """A linear memory.

    Examples
    --------
    >>> import labkit
    >>> instance = labkit.runtime("wasmtime").compile('(module (memory (export "m") 1 3))').instantiate()
    >>> memory = instance.memory("m")
    >>> memory.write(8, b"hello"); memory.read(8, 5)
    b'hello'
    >>> memory.grow(1), memory.size_bytes
    (1, 131072)
    """

    type: MemoryType

    @abstractmethod
    def _buffer(self) -> memoryview:
        """The whole memory as it is now, for use before the guest runs again."""

    @abstractmethod
    def _grow(self, pages: int) -> int:
        """Grow and return the old size in pages, or -1 where the runtime refuses."""

    @property
    def size_bytes(self) -> int:
        """Size now, in bytes."""
        self.store.check()
        return len(self._buffer())

    @property
    def pages(self) -> int:
        """Size now, in pages."""
        return self.size_bytes // self.type.page_size_bytes

    def _range(self, offset: int, length: int, size: int) -> slice:
        if not (isinstance(offset, int) and isinstance(length, int)):
            raise ArgumentError("An offset and a length in a memory are whole numbers.", remedy="Pass ints.")
        if offset < 0 or length < 0 or offset + length > size:
            raise OutOfBounds(
                f"Bytes {offset} to {offset + length} are outside the memory, which has {size} bytes.",
                remedy="Stay inside it, or grow() it first.",
            )
        return slice(offset, offset + length)

    def read(self, offset: int, length: int) -> bytes:
        """Copy bytes out of the memory.

        Parameters
        ----------
        offset, length : int
            In bytes.

        Returns
        -------
        bytes

        Raises
        ------
        OutOfBounds
            If any of the bytes is outside the memory.
        """
        part = self._range(offset, length, self.size_bytes)
        return bytes(self._buffer()[part])

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Copy bytes into the memory, all of them or none.

        Raises
        ------
        OutOfBounds
            If any of the bytes would be outside the memory.
        ArgumentError
            If ``data`` is not bytes.
        """
        source = _bytes_of(data)
        part = self._range(offset, len(source), self.size_bytes)
        self._buffer()[part] = source

    def grow(self, pages: int) -> int:
        """Grow by a number of pages.

        Returns
        -------
        int
            The old size in pages, as ``memory.grow`` gives it.

        Raises
        ------
        OutOfBounds
            If the memory's maximum, a limit, or the machine does not allow it.
        """
        self.store.check()
        if not isinstance(pages, int) or pages < 0:
            raise ArgumentError(f"A memory grows by a whole number of pages, not {pages!r}.", remedy="Pass 0 or more.")
        old = self._grow(pages) if self.pages + pages < 2**48 else -1
        if old < 0:
            raise OutOfBounds(f"The memory has {self.pages} pages and cannot grow by {pages}.", remedy="Raise its maximum, or Limits(memory=…).")
        return old

    def view(self) -> MemoryView:
        """Look at the memory without copying; the view ends when the memory grows or closes."""
        return MemoryView(self)

    def __repr__(self) -> str:
        return f"<Memory {self.type}, closed>" if self.store.closed else f"<Memory {self.type}, now {format_bytes(self.size_bytes)}>"


class MemoryView:
    """A window on a memory that ends, with a clear error, when the memory grows or is closed.

    Raises
    ------
    Closed
        On any use after that.

    Examples
    --------
    >>> import labkit
    >>> memory = labkit.runtime("wasmtime").compile('(module (memory (export "m") 1))').instantiate().memory("m")
    >>> view = memory.view()
    >>> view[0:2] = b"hi"
    >>> bytes(view[0:2]), len(view)
    (b'hi', 65536)
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._size_bytes = memory.size_bytes

    def _live(self) -> memoryview:
        if self._memory.store.closed or self._memory.size_bytes != self._size_bytes:
            raise Closed("The memory under this view has grown or was closed.", remedy="Take a new view() of it.")
        return self._memory._buffer()

    def __len__(self) -> int:
        return len(self._live())

    def _plain(self, index: int | slice) -> Any:
        """Let what an index converts to be settled before the memory is touched: converting may run Python code."""
        size = len(self)
        if isinstance(index, slice):
            start, stop, step = index.indices(size)
            return slice(start, None if stop < 0 else stop, step)
        number = operator.index(index)
        if not -size <= number < size:
            raise OutOfBounds(f"The memory has {size} bytes and none at {number}.", remedy="Stay inside it, or grow() it first.")
        return number

    def __getitem__(self, index: int | slice) -> Any:
        plain = self._plain(index)
        part = self._live()[plain]
        return bytes(part) if isinstance(part, memoryview) else part

    def __setitem__(self, index: int | slice, value: Any) -> None:
        plain = self._plain(index)
        settled: Any = _bytes_of(value) if isinstance(plain, slice) else operator.index(value)
        try:
            self._live()[plain] = settled
        except ValueError as error:
            if isinstance(error, Closed):
                raise
            raise ArgumentError("The value does not fit there.", remedy="Give a byte from 0 to 255, or as many bytes as the slice has.") from None

    def __repr__(self) -> str:
        return f"<MemoryView of {format_bytes(self._size_bytes)}>"


def _bytes_of(data: Any) -> memoryview:
    """See any object with a buffer as bytes."""
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise ArgumentError("Only bytes can be written to a memory.", remedy='Encode text first: "…".encode().') from None
