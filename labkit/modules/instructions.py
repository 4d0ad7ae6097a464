"""What an instruction is, and how it reads as text: the printer prints it and the stepper steps through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

from labkit.modules.floats import float_text
from labkit.modules.opcodes import Opcode

__all__ = ["Cast", "Catch", "Immediate", "Instruction", "MemoryAccess", "Namer"]


@dataclass(frozen=True)
class MemoryAccess:
    """Where a load or store reaches: `offset` is added to the address; `alignment` is an exponent of two."""

    offset: int
    alignment: int
    memory: int = 0


@dataclass(frozen=True)
class Catch:
    """One clause of a ``try_table``; ``catch_all`` has no tag."""

    name: str
    tag: int | None
    label: int


@dataclass(frozen=True)
class Cast:
    """Where ``br_on_cast`` goes, and the two reference types it tells apart."""

    label: int
    source: str
    target: str


Immediate = Union[None, int, str, bytes, "tuple[int, ...]", "tuple[str, ...]", "tuple[Catch, ...]", MemoryAccess, Cast]
"""An index or constant (floats as bits), a type, labels, lanes, or one of the classes above; None is the empty block type."""

Namer = Callable[[str, int], str]
"""Given an index space such as ``"func"`` and an index: the words to print."""


def _plain_index(space: str, index: int) -> str:
    return str(index)


@dataclass(frozen=True)
class Instruction:
    """One instruction of a function's body or of a constant expression.

    Attributes
    ----------
    offset : int
        Where it begins in the module, in bytes.
    opcode : Opcode
        What it is called, and the kinds of its immediates.
    immediates : tuple
        What follows the opcode, one value for each kind.

    Examples
    --------
    >>> print(Instruction(0, Opcode("i32.const", ("i32",)), (5,)))
    i32.const 5
    """

    offset: int
    opcode: Opcode
    immediates: tuple[Immediate, ...] = ()

    @property
    def name(self) -> str:
        """The name as WebAssembly text spells it."""
        return self.opcode.name

    @property
    def opens(self) -> bool:
        """Whether it begins a block that an ``end`` closes."""
        return "block" in self.opcode.kinds

    def __str__(self) -> str:
        return self.text()

    def text(self, name: Namer = _plain_index) -> str:
        """Write the instruction as WebAssembly text.

        Parameters
        ----------
        name : callable, optional
            Given an index space and an index, the words to print; the bare index unless given.

        Returns
        -------
        str
            One line.

        Examples
        --------
        >>> call = Instruction(0, Opcode("call", ("func",)), (7,))
        >>> call.text(lambda space, index: f"${space}{index}")
        'call $func7'
        """
        words = [_write(kind, value, self.opcode, name) for kind, value in zip(self.opcode.kinds, self.immediates)]
        if "memory" in self.opcode.kinds or "table" in self.opcode.kinds:
            words = _in_order_of_text(self, words)
        return " ".join([self.name, *filter(None, words)])


def _in_order_of_text(instruction: Instruction, words: list[str]) -> list[str]:
    """Text names memories and tables first, where the binary has them last; number 0 goes without saying."""
    places, others, numbers = [], [], []
    for kind, value, word in zip(instruction.opcode.kinds, instruction.immediates, words):
        if kind in ("memory", "table"):
            places.append(word)
            numbers.append(value)
        else:
            others.append(f"(type {word})" if kind == "type" else word)
    return (places if any(numbers) else []) + others


def _write(kind: str, value: Immediate, opcode: Opcode, name: Namer) -> str:
    """Write one immediate."""
    if isinstance(value, MemoryAccess):
        words = [
            name("memory", value.memory) if value.memory else "",
            f"offset={value.offset}" if value.offset else "",
            f"align={1 << value.alignment}" if value.alignment != opcode.alignment else "",
        ]
        return " ".join(filter(None, words))
    if isinstance(value, Cast):
        return f"{name('label', value.label)} {value.source} {value.target}"
    if isinstance(value, bytes):
        return "i32x4 " + " ".join(f"0x{value[i : i + 4][::-1].hex()}" for i in range(0, 16, 4))
    if isinstance(value, int):
        return _write_number(kind, value, name)
    if isinstance(value, tuple):
        return _write_several(kind, value, name)
    if value is None or kind == "zero":
        return ""
    return f"(result {value})" if kind == "block" else value


def _write_number(kind: str, value: int, name: Namer) -> str:
    if kind in ("f32", "f64"):
        return float_text(value, int(kind[1:]))
    if kind == "block":
        return f"(type {name('type', value)})"
    return str(value) if kind in ("i32", "i64", "lane", "count", "field") else name(kind, value)


def _write_several(kind: str, values: tuple[object, ...], name: Namer) -> str:
    if kind == "results":
        return f"(result {' '.join(map(str, values))})"
    words: list[str] = []
    for value in values:
        if isinstance(value, Catch):
            tag = [] if value.tag is None else [name("tag", value.tag)]
            words.append(f"({' '.join([value.name, *tag, name('label', value.label)])})")
        elif kind == "labels" and isinstance(value, int):
            words.append(name("label", value))
        else:
            words.append(str(value))
    return " ".join(words)
