"""What a build gives: a module on disk, and how it came to be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from labkit.display import format_bytes, format_seconds, html_table, text_table

__all__ = ["Artifact"]


@dataclass(frozen=True)
class Artifact(os.PathLike[str]):
    """A built module or component; it may be given wherever a path may.

    Attributes
    ----------
    path : Path
        The file. It is in labkit's cache, which may be emptied: copy it, or build with ``output=…``, to keep it.
    language : str
    toolchain : str
        The compiler and its version.
    kind : str
        ``"command"`` or ``"library"``.
    target : str
        ``"freestanding"``, ``"wasip1"`` or ``"wasip2"``.
    flags : tuple of str
        What the compiler was told.
    wall_seconds : float
        How long compiling took, when it was compiled.
    size_bytes : int
    compiled_size_bytes : int
        Before an optimizer, where one ran.
    optimizer : str
        The optimizer and its version; empty where none ran.
    from_cache : bool
        Whether it was compiled earlier.
    prebuilt : bool
        Whether it is the course's own, because this machine lacks the toolchain.
    arguments : tuple of str
        What the module must be given before the reader's own arguments; an interpreter's program.
    note : str
        What the reader should know, such as why a prebuilt module was taken.
    """

    path: Path
    language: str
    toolchain: str
    kind: str
    target: str
    flags: tuple[str, ...]
    wall_seconds: float
    size_bytes: int
    compiled_size_bytes: int
    optimizer: str = ""
    from_cache: bool = False
    prebuilt: bool = False
    arguments: tuple[str, ...] = ()
    note: str = ""

    def __fspath__(self) -> str:
        return str(self.path)

    def read_bytes(self) -> bytes:
        """The module itself."""
        return self.path.read_bytes()

    _HEADER = ("module", "language", "kind", "target", "toolchain", "size", "compiled in")

    def _row(self) -> list[str]:
        size = format_bytes(self.size_bytes)
        if self.optimizer:
            size = f"{format_bytes(self.compiled_size_bytes)} → {size} ({self.optimizer})"
        took = "prebuilt" if self.prebuilt else format_seconds(self.wall_seconds) + (" (from the cache)" if self.from_cache else "")
        return [self.path.name, self.language, self.kind, self.target, self.toolchain, size, took]

    def __str__(self) -> str:
        return text_table(self._HEADER, [self._row()]) + (f"\n{self.note}" if self.note else "")

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, [self._row()], caption=self.note)
