"""``labkit runtimes``: which runtimes there are, and what to do about those that do not work here."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.cli.output import print_json
from labkit.cli.parsing import CommandParser
from labkit.runtimes.registry import runtimes

__all__ = ["SENTENCE", "main"]

SENTENCE = "List every WebAssembly runtime, whether it works here, and what to do where it does not."


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = CommandParser("runtimes", SENTENCE, ["runtimes", "runtimes --json"])
    parser.add_json()
    options = parser.parse(arguments)
    rows = runtimes()
    if options.json:
        print_json({"runtimes": rows})
    else:
        print(rows)
    return 0
