"""What is to be built: text or a file, with the files beside it that it includes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from labkit.display import format_bytes
from labkit.errors import ArgumentError, UnreadableFile

__all__ = ["LARGEST_SOURCE_BYTES", "MAIN", "Program", "encode", "read_crate", "read_file", "read_program"]

#: The source's name where it is compiled: no reader's file name, however odd, reaches a compiler.
MAIN = "main"
LARGEST_SOURCE_BYTES = 16 * 2**20
_MOST_FILES = 1000


@dataclass(frozen=True)
class Program:
    """A source with what it includes.

    Attributes
    ----------
    source : bytes
    suffix : str
        Of the source's file, with its point.
    shown : str
        The name by which the reader knows it.
    beside : dict of bytes
        Contents of included files, by their path relative to the source.
    crate : Path or None
        The folder, where a whole Cargo package is to be built.
    """

    source: bytes
    suffix: str
    shown: str
    beside: Mapping[str, bytes] = field(default_factory=dict)
    crate: Path | None = None

    @property
    def stem(self) -> str:
        """A file name for what is built: the reader's own, without what shells and compilers stumble on."""
        return re.sub(r"[^\w.-]+", "_", Path(self.shown).stem).strip("._") or "module"

    @property
    def digest(self) -> str:
        """SHA-256 of all that is read."""
        whole = hashlib.sha256()
        for name, contents in [("", self.source), *sorted(self.beside.items())]:
            whole.update(f"{name}\0{len(contents)}\0".encode("utf-8", "surrogateescape") + contents)
        return whole.hexdigest()

    def write(self, folder: Path) -> None:
        """Lay the files down in a folder; a package stays where it is."""
        if self.crate is not None:
            return
        for name, contents in [(MAIN + self.suffix, self.source), *self.beside.items()]:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents)


def read_program(path: Path, includes: Sequence[tuple[str, str]]) -> Program:
    """Read a source file, and the files beside or below it that it includes.

    Parameters
    ----------
    path : Path
    includes : sequence of (str, str)
        How the language names such a file: a pattern whose group 1 is the name, and what is added to that.

    Returns
    -------
    Program

    Raises
    ------
    UnreadableFile
        If a file is missing, no regular file, too large, or may not be read.
    """
    source = read_file(path)
    beside: dict[str, bytes] = {}
    waiting = [(PurePosixPath(), source)]
    while waiting:
        where, text = waiting.pop()
        for name in _included(where, text.decode("utf-8", "replace"), includes):
            file = path.parent / name
            if name in beside or not file.is_file():
                continue
            if len(beside) == _MOST_FILES:
                raise UnreadableFile(f"{path.name!r} includes more than {_MOST_FILES} files.", remedy="Build a smaller program.")
            beside[name] = read_file(file)
            waiting.append((PurePosixPath(name).parent, beside[name]))
    return Program(source, path.suffix, path.name, beside)


def _included(where: PurePosixPath, text: str, includes: Sequence[tuple[str, str]]) -> list[str]:
    """Paths of included files, relative to the source; what would lead out of its folder is left for the compiler to miss."""
    names = (found[1] + ending for pattern, ending in includes for found in re.finditer(pattern, text, re.MULTILINE))
    paths = (os.path.normpath(where / name) for name in names if "\0" not in name)
    return [path for path in paths if not path.startswith(("..", "/")) and not path.startswith(f"{MAIN}.")]


def read_file(path: Path) -> bytes:
    """Read a regular file of at most 16 MiB."""
    shown = repr(str(path)[:200])
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise UnreadableFile(f"{shown} is {what}.", remedy="Give the path of a source file, or of a folder with a Cargo.toml.")
        if status.st_size > LARGEST_SOURCE_BYTES:
            raise UnreadableFile(
                f"{shown} has {format_bytes(status.st_size)}; sources may have {format_bytes(LARGEST_SOURCE_BYTES)}.", remedy="Split it."
            )
        with open(path, "rb") as file:
            return file.read(LARGEST_SOURCE_BYTES)
    except FileNotFoundError:
        remedy = f"Check the path; {os.getcwd()!r} is where relative paths start. Source text needs build(…, language=…)."
        raise UnreadableFile(f"There is no file {shown}.", remedy=remedy) from None
    except UnreadableFile:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.", remedy="Check the path and its rights."
        ) from None


def encode(text: str) -> bytes:
    """Text as the compiler gets it."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ArgumentError(f"Character {error.start} of the source is half of a surrogate pair.", remedy="Remove it, or pass bytes.") from None


def read_crate(folder: Path) -> Program:
    """Read a Cargo package; it is built where it is, and all its files but for what cargo and git made count as its content."""
    files = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("target", ".git")]
        files += [Path(parent, name) for name in names]
        if len(files) > _MOST_FILES:
            raise UnreadableFile(f"The package {folder.name!r} has more than {_MOST_FILES} files.", remedy="Give the folder of one package.")
    contents = {str(file.relative_to(folder)): read_file(file) for file in files if file.is_file()}
    name = folder.resolve().name
    return Program(contents["Cargo.toml"], ".toml", name, contents, folder.resolve())
