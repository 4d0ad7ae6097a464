"""A function made ready for stepping: its instructions, and where each of its blocks ends."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from labkit.errors import LimitExceeded, Unsupported
from labkit.modules.contents import Contents
from labkit.modules.instructions import Instruction
from labkit.modules.types import FuncType

__all__ = ["LARGEST_VALUE_COUNT", "Code", "prepare", "too_large"]

# The stepper keeps every state it passes, so it takes small functions; beyond these it says so.
LARGEST_INSTRUCTION_COUNT = 20_000
LARGEST_VALUE_COUNT = 1_000


@dataclass(frozen=True)
class Code:
    """A function made ready.

    Attributes
    ----------
    ends : mapping of int to int
        Where the block ends that a position begins.
    elses : mapping of int to int
        Where the ``else`` is of the ``if`` at a position.
    """

    index: int
    type: FuncType
    local_types: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    ends: Mapping[int, int]
    elses: Mapping[int, int]


def prepare(contents: Contents, function: int, known: Container[str]) -> Code:
    """Decode one of the module's own functions and match its blocks; every instruction must be known."""
    body = contents.bodies[function - contents.imported_functions]
    entry = contents.declarations.types[contents.declarations.functions[function]].type
    assert isinstance(entry, FuncType)  # the module was validated
    local_types = tuple(kind for count, kind in body.locals for _ in range(count))
    if len(local_types) + len(entry.params) > LARGEST_VALUE_COUNT:
        raise too_large(f"Function {function} has {len(local_types)} locals")
    instructions: list[Instruction] = []
    open_blocks: list[int] = []
    ends: dict[int, int] = {}
    elses: dict[int, int] = {}
    for position, instruction in enumerate(contents.instructions(body)):
        if instruction.name not in known:
            raise Unsupported(
                f"The stepper cannot step through {instruction.name!r} (byte {instruction.offset}).",
                remedy="Run the module on a runtime instead, or step through a function without it: the stepper knows the instructions "
                "of WebAssembly 2.0 except SIMD.",
            )
        if position >= LARGEST_INSTRUCTION_COUNT:
            raise too_large(f"Function {function} has more than {LARGEST_INSTRUCTION_COUNT} instructions")
        instructions.append(instruction)
        if instruction.opens:
            open_blocks.append(position)
        elif instruction.name == "else":
            elses[open_blocks[-1]] = position
        elif instruction.name == "end" and open_blocks:
            ends[open_blocks.pop()] = position
    # Where an `else` is reached from above, the block's end is next.
    ends |= {middle: ends[start] for start, middle in elses.items()}
    return Code(function, entry, local_types, tuple(instructions), ends, elses)


def too_large(what: str) -> LimitExceeded:
    """Say that something is more than the stepper takes."""
    return LimitExceeded(f"{what}.", remedy="The stepper is for small functions: run this one on a runtime.")
