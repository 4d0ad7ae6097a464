"""Writes the Python of one call into a guest, for one signature: with nothing in it that is not needed each time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import get_ident
from typing import TYPE_CHECKING, Any

from labkit.modules.types import FuncType
from labkit.runtimes.values import BITS_FORMAT, FORMAT, PACK_ERRORS, explain, explain_bits

if TYPE_CHECKING:
    from labkit.runtimes.store import Store

__all__ = ["Slots", "bind_call"]

#: {…} is filled in once for each signature, `{enter}` once for each runtime. The store is looked at twice: its owner before the
#: slots are written, and that it is still open after, since converting an argument may run Python code.
_CALL = """
def make({scope}):
    def call({parameters}*surplus, **named):
        if thread() != store.owner:
            store.check()
        try:
            {write_arguments}
            if surplus or named:
                raise TypeError
        except PACK_ERRORS:
            explain(params, [value for value in ({arguments}*surplus,) if value is not missing], name, named)
        if not store.owner:
            store.check()
        {enter}
        return {result}
    return call
"""
_MISSING = object()
_PACK_F32 = struct.Struct("<f").pack_into


@dataclass(frozen=True)
class Slots:
    """How a runtime wants its values laid out in memory.

    Attributes
    ----------
    slot_bytes : int
        Size of one value.
    value_offset : int
        Where in it the number is, in bytes.
    enter : str
        The statements that call the guest, from what is bound by name; each line after the first indented by eight.
    """

    slot_bytes: int
    value_offset: int
    enter: str

    def place(self, slot: int) -> int:
        """Where the number of a slot is, in bytes.

        Examples
        --------
        >>> Slots(16, 8, "").place(2)
        40
        """
        return slot * self.slot_bytes + self.value_offset


def bind_call(
    slots: Slots, store: Store, type: FuncType, name: str, given: Any, taken: Any, /, **bound: Any
) -> tuple[Callable[..., Any], Callable[..., tuple[int, ...]]]:
    """Make the two calls of a function of numbers: with Python's numbers, and with bits.

    Parameters
    ----------
    slots : Slots
    store : Store
        Looked at before each call.
    type : FuncType
    name : str
        The function's, for messages.
    given, taken : buffers
        Where the arguments are written and the results are read; they may be one.
    bound : object
        What ``slots.enter`` uses, and whatever must live as long as the calls.
    """
    scope = {
        "given": given,
        "pack_f32": _PACK_F32,
        "thread": get_ident,
        "store": store,
        "params": type.params,
        "name": name,
        "missing": _MISSING,
        "PACK_ERRORS": PACK_ERRORS,
        **bound,
    }
    bits: list[Callable[..., tuple[int, ...]]] = []

    def call_bits(*arguments: Any, **named: Any) -> tuple[int, ...]:
        # Few ask for bits: made at the first call of that kind.
        if not bits:
            bits.append(_bound(slots, type, {**scope, **_views(type, given, taken, BITS_FORMAT), "explain": explain_bits}, bits=True))
        return bits[0](*arguments, **named)

    return _bound(slots, type, {**scope, **_views(type, given, taken, FORMAT), "explain": explain}, bits=False), call_bits


def _views(type: FuncType, given: Any, taken: Any, formats: dict[str, str]) -> dict[str, memoryview]:
    """See the slots as the numbers that the signature has, and no others."""
    writable = memoryview(given).cast("B")
    readable = writable if taken is given else memoryview(taken).cast("B")
    views = {f"given_{code}": writable.cast(code) for code in {formats[kind] for kind in type.params}}  # type: ignore[call-overload]
    views.update({f"taken_{code}": readable.cast(code) for code in {formats[kind] for kind in type.results}})  # type: ignore[call-overload]
    return views


def _bound(slots: Slots, type: FuncType, scope: dict[str, Any], *, bits: bool) -> Callable[..., Any]:
    call = _maker(slots, type, tuple(scope), bits=bits)(**scope)
    # A closure keeps only what it names, and C reads more: the memory behind pointers.
    vars(call)["keeps"] = scope
    return call


@cache
def _maker(slots: Slots, type: FuncType, scope: tuple[str, ...], *, bits: bool) -> Callable[..., Callable[..., Any]]:
    """Write the call of a signature, as a function that takes what it uses: closures find it fastest."""
    formats = BITS_FORMAT if bits else FORMAT
    names = [f"a{i}" for i in range(len(type.params))]

    def number(buffer: str, slot: int, kind: str) -> str:
        code = formats[kind]
        return f"{buffer}_{code}[{slots.place(slot) // struct.calcsize(code)}]"

    # A memoryview checks an integer's range as it stores it, and faster than struct; it lets floats overflow to infinity.
    writes = [
        f"pack_f32(given, {slots.place(i)}, {name})" if kind == "f32" and not bits else f"{number('given', i, kind)} = {name}"
        for i, (kind, name) in enumerate(zip(type.params, names))
    ]
    reads = [number("taken", i, kind) for i, kind in enumerate(type.results)]
    one = len(reads) == 1 and not bits
    source = _CALL.format(
        scope=", ".join(scope),
        parameters="".join(f"{name}=missing, " for name in names) + ("/, " if names else ""),
        arguments="".join(f"{name}, " for name in names),
        write_arguments="; ".join(writes) or "pass",
        enter=slots.enter,
        result=reads[0] if one else f"({', '.join(reads)},)" if reads else "()" if bits else "None",
    )
    made: dict[str, Any] = {}
    exec(compile(source, f"<call of {type}>", "exec"), made)
    maker: Callable[..., Callable[..., Any]] = made["make"]
    return maker
