"""``labkit inspect``: what is inside a module or component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labkit.cli.output import print_json, to_jsonable
from labkit.cli.parsing import CommandParser
from labkit.modules.anatomy import Anatomy, inspect

__all__ = ["SENTENCE", "main"]

SENTENCE = "Show what is inside a module or component: sections, imports, exports, sizes, where the bytes are."


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = CommandParser("inspect", SENTENCE, ["inspect hello.wasm", "inspect hello.wasm --bytes | head -40", "inspect hello.wat --json"])
    parser.add_file()
    parser.add_argument("--bytes", action="store_true", help="say what each group of bytes means, down to every instruction")
    parser.add_json()
    options = parser.parse(arguments)
    anatomy = inspect(options.file)
    if options.json:
        print_json(_summary(anatomy, groups=options.bytes))
    else:
        print(anatomy.annotate() if options.bytes else anatomy)
    return 0


def _summary(anatomy: Anatomy, *, groups: bool) -> dict[str, Any]:
    """All that was read, but for the module's bytes themselves: the reader has those."""
    found = to_jsonable(anatomy)
    del found["wasm"]
    found["size_bytes"] = anatomy.size_bytes
    if groups:
        found["bytes"] = [to_jsonable(group) for group in anatomy.annotate()]
    return dict(found)
