"""Turns a compiler's words into the reader's: their file's name, their lines, and nothing of where labkit compiles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["clean", "first_line"]

_LONGEST_LINES = 60
_LONGEST_LINE = 500
# Colours and other orders to a terminal.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[^\S\n ]|[\x00-\x08\x0b-\x1f\x7f]")


def clean(output: str, *, folder: Path, internal: str, shown: str, roots: Iterable[tuple[Path, str]] = ()) -> str:
    """Clean a compiler's output.

    Parameters
    ----------
    output : str
        What it wrote.
    folder : Path
        Where it ran; the path vanishes from the words.
    internal : str
        Name of the source in that folder, without its suffix, which becomes…
    shown : str
        … the name that the reader gave it.
    roots : iterable of (Path, str)
        Folders of the compiler's own, and what stands for them.

    Returns
    -------
    str
        At most 60 lines of at most 500 characters.

    Examples
    --------
    >>> words = "\\x1b[1m/tmp/b/main.c:3:5: error: expected ';'\\x1b[0m\\n"
    >>> clean(words, folder=Path("/tmp/b"), internal="main", shown="my fib.c")
    "my fib.c:3:5: error: expected ';'"
    """
    text = _CONTROLS.sub(" ", _ESCAPES.sub("", output).replace("\r\n", "\n").replace("\t", "    ")).strip()
    for path in {str(folder), str(folder.resolve())}:
        text = text.replace(f"{path}/", "").replace(path, ".")
    for root, name in sorted(roots, key=lambda pair: -len(str(pair[0]))):
        text = text.replace(str(root), name)
    lines = text.split("\n")
    suffix = re.escape(Path(shown).suffix)
    # An object file keeps the source's name, and a compiler that caches it says where; componentize-py mounts the folder as `/0/`.
    names = re.compile(rf"(?:[^\s'\"(:]*/)?\b{internal}\.o(?:bj)?\b|(?:\./|/\d/)?\b{internal}{suffix}\b")
    kept = [names.sub(lambda _: shown, _shorten(line)) for line in lines[:_LONGEST_LINES]]
    if len(lines) > _LONGEST_LINES:
        kept.append(f"… and {len(lines) - _LONGEST_LINES} more lines")
    return "\n".join(kept)


def first_line(diagnostics: str, shown: str) -> int | None:
    """Find the first line of the source that the words name.

    Examples
    --------
    >>> first_line(" --> fib.rs:7:13", "fib.rs"), first_line("in fib.ts(2,17)", "fib.ts"), first_line("no place", "fib.c")
    (7, 2, None)
    """
    found = re.search(rf"{re.escape(shown)}(?:[:(]|\", line )(\d+)", diagnostics)
    return int(found[1]) if found else None


def _shorten(line: str) -> str:
    return line.rstrip() if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
