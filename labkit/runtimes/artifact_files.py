"""Artifacts in files: each checked whole once, then served from a sealed copy in memory for as long as the file stays as it is.

Code that runs from a mapped file dies with it, if that is written to or cut short. A sealed copy cannot change.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from weakref import finalize

from labkit.errors import ArtifactError, LabkitError
from labkit.modules.interface import Interface, read_interface
from labkit.runtimes import artifacts

__all__ = ["SETTLED_SECONDS", "CheckedFile", "artifact_interface", "read_checked"]

#: How many files are kept, and how many bytes of them.
_KEPT_FILES = 32
_KEPT_BYTES = 256 * 2**20
#: A file is kept when it is that old: it may change twice within one tick of its system's clock and look the same after, and the coarsest
#: clock there is ticks every two seconds.
SETTLED_SECONDS = 2.0

_kept: OrderedDict[tuple[str | int, ...], CheckedFile] = OrderedDict()
_lock = threading.Lock()


class CheckedFile:
    """An artifact that was checked.

    Attributes
    ----------
    stub : bytes
        The module's declarations.
    interface : Interface
    size_bytes : int
    path : str
        Of the sealed copy, for a runtime that maps files; empty where there is none. What the runtime wrote stands at its beginning.
    """

    def __init__(self, stub: bytes, payload: bytes, content: bytes) -> None:
        self.stub = stub
        self.interface = artifact_interface(stub)
        self.size_bytes = len(content)
        self._payload_bytes = len(payload)
        self._descriptor = _seal(content)
        self.path = "" if self._descriptor is None else f"/proc/self/fd/{self._descriptor}"
        self._payload = payload if self._descriptor is None else None
        if self._descriptor is not None:
            finalize(self, os.close, self._descriptor).atexit = False

    def payload(self) -> bytes:
        """What the runtime wrote."""
        if self._descriptor is None:
            assert self._payload is not None
            return self._payload
        return os.pread(self._descriptor, self._payload_bytes, 0)


def artifact_interface(stub: bytes) -> Interface:
    """Read what an artifact says of its module.

    Raises
    ------
    ArtifactError
        If that is damaged.
    """
    try:
        return read_interface(stub)
    except LabkitError as error:
        raise ArtifactError(f"The artifact's description of the module is damaged: {error.message}", remedy="Compile the module again.") from None


def read_checked(path: str | os.PathLike[str], fingerprint: str) -> CheckedFile:
    """Read an artifact from a file, or give what was read before where the file is the same and has not changed.

    Raises
    ------
    ArtifactError
        If it cannot be read, or is not one of ``fingerprint``'s.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            key = (fingerprint, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            with _lock:
                if key in _kept:
                    _kept.move_to_end(key)
                    return _kept[key]
            content = file.read()
    except (OSError, ValueError) as error:
        raise ArtifactError(f"The artifact cannot be read: {error}.", remedy="Check the path.") from None
    checked = CheckedFile(*artifacts.unwrap(fingerprint, content), content)
    if time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_SECONDS:
        _keep(key, checked)
    return checked


def _keep(key: tuple[str | int, ...], checked: CheckedFile) -> None:
    with _lock:
        _kept[key] = checked
        while len(_kept) > _KEPT_FILES or (len(_kept) > 1 and sum(kept.size_bytes for kept in _kept.values()) > _KEPT_BYTES):
            _kept.popitem(last=False)


def _seal(content: bytes) -> int | None:
    """Copy bytes to a file in memory that nothing can change; None where the system has no such thing."""
    if not hasattr(os, "memfd_create") or not Path("/proc/self/fd").is_dir():
        return None
    import fcntl

    try:
        descriptor = os.memfd_create("labkit-artifact", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
