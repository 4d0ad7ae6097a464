"""The wrapper around a serialized module: checked whole before a runtime, which would trust it blindly, sees it."""

from __future__ import annotations

import hashlib
import platform
import struct
from functools import cache
from pathlib import Path

from labkit.errors import ArtifactError

__all__ = ["machine", "unwrap", "wrap"]

_MAGIC = b"\0labkit-artifact\2"
_LENGTHS = struct.Struct("<IIQ")


def wrap(fingerprint: str, interface: bytes, payload: bytes) -> bytes:
    """Wrap what a runtime has serialized.

    Parameters
    ----------
    fingerprint : str
        The engine, its version and configuration, and the machine: all that must be the same when the artifact is loaded.
    interface : bytes
        The module's signatures, as `labkit.modules.interface.interface_bytes` gives them.
    payload : bytes
        What the runtime wrote.

    Returns
    -------
    bytes
        The artifact, with a checksum over all of it. What the runtime wrote comes first, so that a runtime can map the file.

    Examples
    --------
    >>> unwrap("engine 1.0", wrap("engine 1.0", b"signatures", b"machine code"))
    (b'signatures', b'machine code')
    """
    made_by = fingerprint.encode()
    body = payload + interface + made_by + _LENGTHS.pack(len(made_by), len(interface), len(payload))
    return body + hashlib.sha256(body).digest() + _MAGIC


def unwrap(fingerprint: str, artifact: bytes) -> tuple[bytes, bytes]:
    """Check an artifact and take it apart.

    The checksum finds damage, not malice: an artifact is machine code, so load only those you made.

    Returns
    -------
    tuple of bytes
        The interface and the payload that were given to `wrap`.

    Raises
    ------
    ArtifactError
        If it is no artifact, is damaged, or was made by something else than ``fingerprint``.
    """
    remedy = "Compile the module again and serialize it anew."
    tail = len(_MAGIC) + 32
    if not artifact.endswith(_MAGIC):
        raise ArtifactError("These bytes are no artifact of labkit's, or not a whole one.", remedy="Pass what module.serialize() returned.")
    body = memoryview(artifact)[:-tail]
    if hashlib.sha256(body).digest() != artifact[-tail : -len(_MAGIC)]:
        raise ArtifactError("The artifact is damaged: its checksum does not match.", remedy=remedy)
    made_by, interface, payload = _take_apart(body)
    if made_by != fingerprint.encode():
        theirs, ours = _differing(made_by.decode(errors="replace").split(), fingerprint.split())
        raise ArtifactError(f"The artifact was made by {theirs}, and this is {ours}.", remedy=remedy)
    if not payload:
        raise ArtifactError("The artifact holds no code.", remedy=remedy)
    return interface, payload


def _differing(theirs: list[str], ours: list[str]) -> tuple[str, str]:
    """Name both engines, and what else is not the same about them."""
    if len(theirs) != len(ours):
        return " ".join(theirs), " ".join(ours)
    pairs = [pair for i, pair in enumerate(zip(theirs, ours)) if i == 0 or pair[0] != pair[1]]
    return " ".join(word for word, _ in pairs), " ".join(word for _, word in pairs)


def _take_apart(body: memoryview) -> tuple[bytes, bytes, bytes]:
    try:
        lengths = _LENGTHS.unpack(body[-_LENGTHS.size :])
    except struct.error:
        lengths = (0, 0, 0)
    made_by, interface, payload = lengths
    if len(body) != _LENGTHS.size + sum(lengths):
        raise ArtifactError("The artifact is damaged: its lengths do not add up.", remedy="Compile the module again and serialize it anew.")
    end = payload + interface
    return bytes(body[end : end + made_by]), bytes(body[payload:end]), bytes(body[:payload])


@cache
def machine() -> str:
    """Name this machine's architecture and a digest of its processor's features: code made for one may not run on another.

    Examples
    --------
    >>> machine() == machine()
    True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        features = platform.processor()
    return f"{platform.system()}-{platform.machine()}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"
