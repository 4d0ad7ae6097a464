"""Compiled components, checked once and then mapped by every worker: reading one whole for each run would take longer than running it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

from labkit.errors import ArtifactError
from labkit.runtimes import artifacts
from labkit.sandbox.cache import ArtifactCache, Entry
from labkit.sandbox.grants import to_file

__all__ = ["KEPT", "load_checked"]

#: How many are kept ready to be mapped; each takes as much memory as its machine code, tens of megabytes where an interpreter is in it.
KEPT = 2

_lock = threading.Lock()
#: By file and the time it was written: a file without a name, which holds what the runtime wrote and nothing else.
_ready: OrderedDict[tuple[int, int, int, int], int] = OrderedDict()


def load_checked(cache: ArtifactCache, key: str, fingerprint: str) -> Entry | None:
    """Open what is kept under a key, checked, as a file to be mapped; None where nothing is, or it is damaged and now gone.

    Parameters
    ----------
    cache : ArtifactCache
    key : str
    fingerprint : str
        The engine that must have made it.
    """
    entry = cache.load(key)
    if entry is None:
        return None
    status = os.fstat(entry.descriptor)
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    with _lock:
        if identity not in _ready:
            try:
                _, payload = artifacts.unwrap(fingerprint, Path(f"/dev/fd/{entry.descriptor}").read_bytes())
            except ArtifactError:
                entry.drop()
                entry.close()
                return None
            _ready[identity] = to_file(payload)
        _ready.move_to_end(identity)
        mapped = os.dup(_ready[identity])
        while len(_ready) > KEPT:
            os.close(_ready.popitem(last=False)[1])
    return entry.replace(mapped)
