"""A function's instructions as lines of text, blocks indented, names in place: for the printer and the stepper alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labkit.modules.instructions import Instruction
from labkit.modules.names import Names

__all__ = ["write_body"]

# Blocks nested deeper are not indented further: the indentation alone would grow with the square of the depth.
_DEEPEST_INDENTATION = 40


def write_body(instructions: Iterable[Instruction], names: Names, function: int) -> Iterator[str]:
    """Write a function's instructions, one line each.

    Parameters
    ----------
    instructions : iterable of Instruction
        As the decoder gives them, the closing ``end`` included.
    names : Names
        What to call things.
    function : int
        Index of the function.

    Yields
    ------
    str
        A block without a name carries its number as a comment, and so do the branches to it.
    """
    labels: list[str | None] = [None]
    blocks = 0

    def name(space: str, index: int) -> str:
        if space == "label":
            return _label(labels, index)
        found = names.find_local(function, index) if space == "local" else names.find(space, index)
        return f"${found}" if found else str(index)

    for instruction in instructions:
        leaves = instruction.name in ("end", "delegate")
        outdents = leaves or instruction.name in ("else", "catch", "catch_all")
        indentation = "  " * min(max(0, len(labels) - 1 - outdents), _DEEPEST_INDENTATION)
        if instruction.name == "delegate":
            labels.pop()
        text = instruction.text(name)
        if instruction.name == "end":
            labels.pop()
        if instruction.opens:
            label = names.find_label(function, blocks)
            opener, _, rest = text.partition(" ")
            text = " ".join(filter(None, [opener, f"${label}" if label else "", rest, "" if label else f";; @{len(labels)}"]))
            labels.append(label)
            blocks += 1
        yield indentation + text


def _label(labels: list[str | None], depth: int) -> str:
    """What a branch to the block that many levels out says."""
    place = len(labels) - 1 - depth
    if place < 0:
        return str(depth)
    return f"${labels[place]}" if labels[place] else f"{depth} (;@{place};)"
