"""``labkit install``: get a toolchain, into a folder of the reader's; nothing else in labkit ever downloads."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from labkit.cli.parsing import CommandParser
from labkit.display import format_bytes, text_table
from labkit.toolchains.install import INSTALLABLE, install

__all__ = ["SENTENCE", "main"]

SENTENCE = "Install toolchains, into a folder of yours; without a name, list them with their sizes."


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = CommandParser("install", SENTENCE, ["install", "install go", "install rust assemblyscript"])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(INSTALLABLE)}")
    options = parser.parse(arguments)
    if unknown := [name for name in options.names if name not in INSTALLABLE]:
        parser.error(f"there is no {unknown[0]!r} to install; choose some of {', '.join(INSTALLABLE)}")
    for name in options.names:
        install(name, say=lambda line: print(line, file=sys.stderr, flush=True))
    if not options.names:
        rows = [[tool.name, format_bytes(tool.download_bytes), format_bytes(tool.installed_bytes), tool.sentence] for tool in INSTALLABLE.values()]
        print(text_table(["tool", "to download", "on disk", "what it is for"], rows, right=[1, 2]))
    return 0
