"""The folder of a tool that labkit installs: it is there whole or not at all, and is not made again while it is up to date."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.errors import ToolchainUnavailable

__all__ = ["fresh_folder", "keep_folder"]

#: Holds what the folder was made of.
_MADE_OF = ".made-of"


def keep_folder(place: Path, made_of: str, fill: Callable[[Path], None], say: Callable[[str], None]) -> None:
    """Make a folder, unless the one that is there was made of the same.

    Parameters
    ----------
    place : Path
    made_of : str
        What decides its contents: a file's hash, names of packages, a lock file.
    fill : callable
        Fills a new folder.
    say : callable
        Gets a line of text if there is nothing to do.

    Raises
    ------
    ToolchainUnavailable
        If the folder cannot be made; and what `fill` raises.
    """
    note = place / _MADE_OF
    if note.is_file() and note.read_text() == made_of:
        say(f"It is there already; to have it made anew, remove {str(place)!r} first.")
        return
    with fresh_folder(place) as folder:
        fill(folder)
        (folder / _MADE_OF).write_text(made_of)


@contextmanager
def fresh_folder(place: Path) -> Iterator[Path]:
    """A new folder, that takes its place when it is complete, and vanishes when it does not get there."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        remedy = "Name a folder you may write to in the environment variable LABKIT_TOOLS."
        raise ToolchainUnavailable(f"{str(place.parent)!r} cannot be made: {error.strerror}.", remedy=remedy) from None
    try:
        yield folder
        folder.chmod(0o755)
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
