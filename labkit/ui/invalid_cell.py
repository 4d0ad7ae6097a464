"""Says where in a cell a module is not valid: engines name a byte, readers need a function, an instruction and a line."""

from __future__ import annotations

import re

from labkit.errors import CompileError, LabkitError
from labkit.modules.contents import Contents, read_contents
from labkit.modules.names import Names
from labkit.runtimes.registry import runtime

__all__ = ["check_valid"]

# As a validator ends its message, with what it found before that.
_FOUND = re.compile(r"(?:.*refuses the module: )?(?P<reason>.*) \(at offset 0x(?P<offset>[0-9a-f]+)\)", re.DOTALL)
# What may hold words that are no instructions.
_NO_CODE = re.compile(r';;[^\n]*|\(;.*?;\)|"(?:\\.|[^"\\])*"', re.DOTALL)


def check_valid(wasm: bytes, text: str) -> None:
    """Check a module that was assembled from a cell.

    Parameters
    ----------
    wasm : bytes
    text : str
        The cell, with the magic's line, so that lines count as the reader sees them.

    Raises
    ------
    CompileError
        If it is not valid, with the place in the reader's words.
    """
    try:
        runtime("wasmtime").validate(wasm)
    except CompileError as error:
        found = _FOUND.match(error.message)
        place = _place(wasm, int(found["offset"], 16), text) if found else None
        if found is None or place is None:
            raise
        raise CompileError(f"The module is not valid. {place}: {found['reason']}.", remedy="Correct it there and run the cell again.") from None


def _place(wasm: bytes, offset: int, text: str) -> str | None:
    """The function and instruction at a byte of the module; None for a byte outside the code."""
    try:
        contents = read_contents(wasm)
        for number, body in enumerate(contents.bodies):
            if body.offset <= offset < body.end:
                before = [instruction for instruction in contents.instructions(body) if instruction.offset <= offset]
                return _in_words(contents, contents.imported_functions + number, before[-1].offset, len(before), text)
    except (LabkitError, IndexError):
        pass
    return None


def _in_words(contents: Contents, function: int, offset: int, position: int, text: str) -> str:
    body = contents.bodies[function - contents.imported_functions]
    instruction = next(item for item in contents.instructions(body) if item.offset == offset)
    where = f"In {_function_words(contents.names, contents, function, text)}"
    if instruction.name == "end":
        return f"{where}, at an end (instruction {position})"
    line = _only_line(rf"(?<![\w.]){re.escape(instruction.name)}(?![\w.])", text)
    return f"{where}, at {instruction.name} ({f'line {line}' if line else f'instruction {position}'})"


def _function_words(names: Names, contents: Contents, function: int, text: str) -> str:
    name = names.find("func", function)
    if name:
        line = _only_line(rf"\(\s*func\s+{re.escape('$' + name)}(?=[\s()])", text)
        return f"function ${name}" + (f" of line {line}" if line else "")
    exported = next((item.name for item in contents.declarations.exports if item.kind == "func" and item.index == function), None)
    return f'the function exported as "{exported}"' if exported is not None else f"function {function}"


def _only_line(pattern: str, text: str) -> int | None:
    """The line of the only match outside comments and strings; None where there are several."""
    code = _NO_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    matches = list(re.finditer(pattern, code))
    return code.count("\n", 0, matches[0].start()) + 1 if len(matches) == 1 else None
