"""References between Python and a guest of the current Wasmer: functions, and Python objects as externref.

The library hands each reference out in a box, which its receiver frees; what the box refers to lives as long as the store.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from labkit.errors import ArgumentError
from labkit.runtimes.externs import Function, FunctionReference
from labkit.runtimes.libwasmer_binding import library

if TYPE_CHECKING:
    from labkit.runtimes.libwasmer_store import LibwasmerStore

__all__ = ["Reference", "from_reference", "to_reference"]


class Reference:
    """A box with a reference in it, freed with this object."""

    def __init__(self, native: int) -> None:
        self.native = native
        self._delete = library().wasm_ref_delete

    def __del__(self) -> None:
        self._delete(self.native)

    def copy(self) -> int:
        """Box the reference once more, for a receiver that frees it."""
        return int(library().wasm_ref_copy(self.native))


def to_reference(store: LibwasmerStore, type: str, value: Any, what: str) -> Reference | None:
    """Box a Python object, or a function of the store's; None is the null reference.

    Raises
    ------
    ArgumentError
        If it is no function of this store's where one is wanted.
    """
    if value is None:
        return None
    if type == "externref":
        return store.foreign(value)
    if not isinstance(value, (Function, FunctionReference)):
        raise ArgumentError(f"{what} must be a function of a guest's, not a {value.__class__.__name__}.", remedy="Pass an export, or store.func(…).")
    if value.store is not store:
        raise ArgumentError(f"{what} is a function of another store.", remedy="Instantiate both modules in one store.")
    return store.reference(value) if isinstance(value, Function) else value.native


def from_reference(store: LibwasmerStore, type: str, native: int | None) -> Any:
    """Take a reference out of its box, which is ours now."""
    if not native:
        return None
    reference = Reference(native)
    if type == "funcref":
        return FunctionReference(reference, store)
    return store.objects[ctypes.c_void_p(library().wasm_ref_get_host_info(native)).value or 0][0]
