"""A function as a reader sees it: its instructions with names, blocks indented, and what its locals are called."""

from __future__ import annotations

from labkit.modules.body_text import write_body
from labkit.modules.code import Code
from labkit.modules.contents import Contents
from labkit.modules.trace import Listing

__all__ = ["list_function"]


def list_function(contents: Contents, code: Code) -> Listing:
    """List a function for a trace.

    Its name is the one in the module, else the one under which it is exported, else its number.
    """
    names = contents.names
    exported = {export.index: export.name for export in reversed(contents.declarations.exports) if export.kind == "func"}

    local_count = len(code.type.params) + len(code.local_types)
    return Listing(
        names.find("func", code.index) or exported.get(code.index) or f"function {code.index}",
        tuple(write_body(code.instructions, names, code.index)),
        tuple(names.find_local(code.index, index) or str(index) for index in range(local_count)),
    )
