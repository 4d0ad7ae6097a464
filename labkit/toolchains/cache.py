"""Built modules, kept by all that decides what comes out: content, toolchain and flags. Safe under several kernels at once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labkit.errors import BuildError, UnreadableFile
from labkit.folders import cache_folder
from labkit.limits import parse_size

__all__ = ["BUILDS_BYTES", "BuildCache"]

#: Most that the cache keeps; what was not used for longest goes first.
BUILDS_BYTES = parse_size("1GiB")
_RECORD = "build.json"
_LOOK_SECONDS = 0.05


class BuildCache:
    """One folder for each build, with the module and a record of how it was made; each appears whole or not at all.

    Parameters
    ----------
    largest_bytes : int, optional
        Most that it keeps.
    """

    def __init__(self, *, largest_bytes: int = BUILDS_BYTES) -> None:
        self.folder = cache_folder() / "builds"
        self._largest_bytes = largest_bytes
        try:
            (self.folder / "locks").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            remedy = "Name a folder you may write to in the environment variable LABKIT_CACHE."
            raise UnreadableFile(f"The cache {str(self.folder)!r} cannot be made: {error.strerror}.", remedy=remedy) from None

    def load(self, key: str) -> tuple[Path, dict[str, Any]] | None:
        """Give the module kept under a key and its record; None where there is none, or it is damaged and has been removed."""
        place = self.folder / key
        try:
            record = json.loads((place / _RECORD).read_text(encoding="utf-8"))
            path = place / record["file"]
            if hashlib.sha256(path.read_bytes()).hexdigest() == record["sha256"]:
                with contextlib.suppress(OSError):
                    os.utime(place)
                return path, dict(record)
        except FileNotFoundError:
            if not place.exists():
                return None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        shutil.rmtree(place, ignore_errors=True)
        return None

    def store(self, key: str, module: Path, name: str, record: dict[str, Any]) -> Path:
        """Keep a module under a key."""
        place = self.folder / key
        with tempfile.TemporaryDirectory(prefix="new-", dir=self.folder, ignore_cleanup_errors=True) as fresh:
            entry = Path(fresh, "entry")
            entry.mkdir()
            shutil.move(module, entry / name)
            digest = hashlib.sha256((entry / name).read_bytes()).hexdigest()
            (entry / _RECORD).write_text(json.dumps({**record, "file": name, "sha256": digest}), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            entry.rename(place)
        self._trim(keep=place)
        return place / name

    @contextmanager
    def lock(self, key: str, deadline: float) -> Iterator[None]:
        """Hold the key, so that two kernels do not build the same thing at once; the system gives it back if this process dies."""
        with open(self.folder / "locks" / key[:2], "ab") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        remedy = "Wait for it, or give more with timeout_seconds=… or --timeout."
                        raise BuildError("Another kernel is still building, and the time limit is over.", remedy=remedy) from None
                    time.sleep(_LOOK_SECONDS)
            yield

    def _trim(self, *, keep: Path) -> None:
        """Remove what was not used for longest until the rest fits; a folder being made by another kernel is not looked at."""
        entries = []
        for place in self.folder.glob("[0-9a-f]" * 64):
            with contextlib.suppress(OSError):
                entries.append((place.stat().st_mtime, sum(file.stat().st_size for file in place.iterdir()), place))
        total_bytes = sum(size_bytes for _, size_bytes, _ in entries)
        for _, size_bytes, place in sorted(entries):
            if total_bytes <= self._largest_bytes:
                break
            if place != keep:
                shutil.rmtree(place, ignore_errors=True)
                total_bytes -= size_bytes
