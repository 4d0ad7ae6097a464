"""What the commands' parsers have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

__all__ = ["PROGRAM", "CommandParser"]

PROGRAM = "python -m labkit"


class CommandParser(argparse.ArgumentParser):
    """The parser of one command; its help ends with examples, and options may stand anywhere.

    Parameters
    ----------
    name : str
        The command.
    sentence : str
        What it does.
    examples : sequence of str
        Lines after the program's name.
    """

    def __init__(self, name: str, sentence: str, examples: Sequence[str]) -> None:
        lines = "\n".join(f"  {PROGRAM} {example}" for example in examples)
        super().__init__(
            prog=f"{PROGRAM} {name}",
            description=sentence,
            epilog=f"examples:\n{lines}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def add_file(self) -> None:
        """Take the module's file."""
        self.add_argument("file", type=Path, metavar="FILE", help="a .wasm file, or WebAssembly text (.wat)")

    def add_json(self) -> None:
        """Take ``--json``."""
        self.add_argument("--json", action="store_true", help="print one JSON object in place of the table")

    def parse(self, arguments: Sequence[str], *, rest: str = "") -> argparse.Namespace:
        """Parse; what follows ``--`` is added to the option ``rest`` as it is."""
        words = list(arguments)
        cut = words.index("--") if rest and "--" in words else len(words)
        options = self.parse_intermixed_args(words[:cut])
        if rest:
            setattr(options, rest, [*getattr(options, rest), *words[cut + 1 :]])
        return options
