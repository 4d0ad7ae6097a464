"""Compiled modules kept on disk, so that a module is compiled once for each engine, not once for each run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from labkit.limits import parse_size

__all__ = ["CACHE_BYTES", "ArtifactCache", "Entry", "artifact_key", "the_cache"]

#: Most that the cache keeps; what was not used for longest goes first.
CACHE_BYTES = parse_size("1GiB")


@dataclass
class Entry:
    """A place in the cache, opened to load what is there or to store what is not.

    Attributes
    ----------
    use : str
        ``"load"`` or ``"store"``.
    descriptor : int
        The file, open for that; `close` closes it.
    key : str
        What it is kept under.
    """

    use: str
    descriptor: int
    key: str
    _path: Path
    _written: Path | None = None

    def keep(self) -> None:
        """Give what was stored its name, all at once: other kernels see a whole entry or none."""
        if self._written is not None:
            with contextlib.suppress(OSError):
                self._written.replace(self._path)
                self._written = None

    def drop(self) -> None:
        """Remove the entry: it is damaged, and the next run stores it anew."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    def replace(self, descriptor: int) -> Entry:
        """Give the same entry with another file in the place of its own, which is closed."""
        os.close(self.descriptor)
        return Entry(self.use, descriptor, self.key, self._path)

    def close(self) -> None:
        """Close the file; what was stored and not kept goes."""
        os.close(self.descriptor)
        if self._written is not None:
            with contextlib.suppress(OSError):
                self._written.unlink()


class ArtifactCache:
    """A folder of artifacts that several kernels use at once.

    Parameters
    ----------
    folder : path
        Made at the first entry; where it cannot be, nothing is kept and all else works.
    limit_bytes : int
        Most that it keeps.
    """

    def __init__(self, folder: str | os.PathLike[str], *, limit_bytes: int = CACHE_BYTES) -> None:
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes

    def load(self, key: str) -> Entry | None:
        """Open what is kept under a key; None where nothing is."""
        path = self._path(key)
        try:
            descriptor = os.open(path, os.O_RDONLY)
            # Used now, and written when it was.
            os.utime(path, ns=(time.time_ns(), os.fstat(descriptor).st_mtime_ns))
        except OSError:
            return None
        return Entry("load", descriptor, key, path)

    def store(self, key: str) -> Entry | None:
        """Open a place for something to be kept under a key; None where the folder cannot be used."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, written = tempfile.mkstemp(dir=self.folder, prefix=key[:16], suffix=".part")
        except OSError:
            return None
        return Entry("store", descriptor, key, self._path(key), Path(written))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.artifact"

    def tidy(self) -> None:
        """Remove what was not used for longest, until the rest fits; another kernel may be doing the same."""
        found = []
        with contextlib.suppress(OSError):
            for item in self.folder.iterdir():
                with contextlib.suppress(OSError):
                    status = item.stat()
                    found.append((status.st_atime_ns, status.st_size, item))
        total_bytes = sum(size for _, size, _ in found)
        for _, size_bytes, item in sorted(found):
            if total_bytes <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                item.unlink()
            total_bytes -= size_bytes


@lru_cache(maxsize=8)
def artifact_key(wasm: bytes, engine: str) -> str:
    """Name a module compiled by an engine, by all that decides what comes out: its bytes, and the engine's version, configuration and machine.

    Examples
    --------
    >>> len(artifact_key(b"module", "engine 1.0"))
    64
    """
    return hashlib.sha256(engine.encode() + b"\0" + wasm).hexdigest()


def the_cache() -> ArtifactCache:
    """The cache in the folder that LABKIT_CACHE names, else in the reader's own cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return ArtifactCache(os.environ.get("LABKIT_CACHE") or Path(base, "labkit"))
