"""Wasmer's memories, globals and host functions behind labkit's.

Each ``native`` is a list that holds the binding's object; closing the store empties it, and so frees what it held.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from labkit.errors import Unsupported
from labkit.modules.types import GlobalType, MemoryType
from labkit.runtimes.externs import Function, Global
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import BITS_FORMAT, FORMAT
from labkit.runtimes.wasmer_bridges import global_bits

if TYPE_CHECKING:
    from labkit.runtimes.wasmer_runtime import WasmerStore

__all__ = ["HostFunction", "WasmerGlobal", "WasmerMemory"]


class HostFunction(Function):
    """A Python function that guests can call."""


class WasmerMemory(Memory):
    """A linear memory of Wasmer's."""

    store: WasmerStore

    def __init__(self, store: WasmerStore, type: MemoryType, native: list[Any]) -> None:
        self.store, self.type, self.native = store, type, native

    def _buffer(self) -> memoryview:
        buffer = memoryview(self.native[0].buffer)
        if not buffer and self.native[0].size:  # the binding counts bytes in 32 bits, and 2**32 is one too many
            binding = f"the Python binding of {self.store.runtime.name} {self.store.runtime.version}"
            raise Unsupported(f"The memory has 4 GiB, of which {binding} sees no byte.", remedy='Declare less, or use "wasmtime".')
        return buffer

    def _grow(self, pages: int) -> int:
        try:
            return int(self.native[0].grow(min(pages, 65536)))
        except RuntimeError:
            return -1


class WasmerGlobal(Global):
    """A global of Wasmer's."""

    store: WasmerStore

    def __init__(self, store: WasmerStore, type: GlobalType, native: list[Any]) -> None:
        self.store, self.type, self.native = store, type, native

    def _number(self) -> Any:
        if self.type.content not in FORMAT:
            raise self.store.numbers_only(f"The global is a {self.type.content}")
        return self.native[0]

    def _get(self) -> Any:
        return self._number().value

    def _set(self, value: Any) -> None:
        self._number().value = value

    @property
    def bits(self) -> int:
        """The value's bits, as an unsigned int."""
        self.store.check()
        content = self.type.content
        if content not in FORMAT:
            raise Unsupported(f"A global of type {content} has no bits to show.", remedy="Read its value.")
        if content == "f32":
            bridge = self.store.bridge(global_bits(self.type), {"global": self.native[0]})
            return int(bridge.exports.bits()) & 0xFFFF_FFFF
        return int(struct.unpack("<" + BITS_FORMAT[content], struct.pack("<" + FORMAT[content], self._get()))[0])
