"""A function as a reader sees it: its instructions with names, blocks indented, and what its locals are called."""

from __future__ import annotations

from labkit.display import shorten
from labkit.modules.body_text import write_body
from labkit.modules.code import Code
from labkit.modules.contents import Contents
from labkit.modules.trace import Listing

__all__ = ["list_function"]

_LONGEST_NAME = 60


def list_function(contents: Contents, code: Code, name: str | None) -> Listing:
    """List a function for a trace; a function without a name is called by its number."""
    names = contents.names
    local_count = len(code.type.params) + len(code.local_types)
    return Listing(
        shorten(name, _LONGEST_NAME) if name else f"function {code.index}",
        tuple(write_body(code.instructions, names, code.index)),
        tuple(names.find_local(code.index, index) or str(index) for index in range(local_count)),
    )
