"""Compiled modules kept on disk, so that a module is compiled once for each engine, not once for each run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from labkit.limits import parse_size

__all__ = ["CACHE_BYTES", "ArtifactCache", "Entry", "the_cache"]

#: Most that the cache keeps; what was not used for longest goes first.
CACHE_BYTES = parse_size("1GiB")
_SUFFIX = ".artifact"


@dataclass
class Entry:
    """A place in the cache, opened to load what is there or to store what is not.

    Attributes
    ----------
    use : str
        ``"load"`` or ``"store"``.
    descriptor : int
        The file, open for that; `close` closes it.
    """

    use: str
    descriptor: int
    _path: Path
    _written: Path | None = None

    def keep(self) -> None:
        """Give what was stored its name, all at once: other kernels see a whole entry or none."""
        if self._written is not None:
            with contextlib.suppress(OSError):
                os.replace(self._written, self._path)
                self._written = None

    def drop(self) -> None:
        """Remove the entry: it is damaged, and the next run stores it anew."""
        with contextlib.suppress(OSError):
            self._path.unlink()

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

    def entry(self, wasm: bytes, engine: str) -> Entry | None:
        """Open the place of a module, compiled by an engine.

        Parameters
        ----------
        wasm : bytes
        engine : str
            All that decides how it is compiled: runtime, version, configuration, machine.

        Returns
        -------
        Entry or None
            None where the folder cannot be used.
        """
        path = self.folder / (_key(wasm, engine) + _SUFFIX)
        try:
            descriptor = os.open(path, os.O_RDONLY)
            os.utime(path)
            return Entry("load", descriptor, path)
        except OSError:
            pass
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, written = tempfile.mkstemp(dir=self.folder, prefix=path.stem[:16], suffix=".part")
            return Entry("store", descriptor, path, Path(written))
        except OSError:
            return None

    def tidy(self) -> None:
        """Remove what was not used for longest, until the rest fits; another kernel may be doing the same."""
        found = []
        with contextlib.suppress(OSError):
            for item in os.scandir(self.folder):
                with contextlib.suppress(OSError):
                    status = item.stat()
                    found.append((status.st_mtime_ns, status.st_size, item.path))
        total_bytes = sum(size for _, size, _ in found)
        for _, size_bytes, path in sorted(found):
            if total_bytes <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                os.unlink(path)
            total_bytes -= size_bytes


@lru_cache(maxsize=8)
def _key(wasm: bytes, engine: str) -> str:
    return hashlib.sha256(engine.encode() + b"\0" + wasm).hexdigest()


def the_cache() -> ArtifactCache:
    """The cache in the folder that LABKIT_CACHE names, else in the reader's own cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return ArtifactCache(os.environ.get("LABKIT_CACHE") or os.path.join(base, "labkit"))
