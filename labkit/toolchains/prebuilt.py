"""The course's own modules, for machines that lack a toolchain: each found by its source, and checked by its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from labkit.data_files import data_folder
from labkit.errors import ArtifactError, UnreadableFile
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.language import Language, Request
from labkit.toolchains.sources import Program

__all__ = ["LARGEST_BYTES", "MANIFEST", "Prebuilt", "find_prebuilt", "prebuilt_path", "read_manifest", "source_digest"]

MANIFEST = "manifest.json"
#: Nothing larger is kept in the repository.
LARGEST_BYTES = 2_000_000


@dataclass(frozen=True)
class Prebuilt:
    """A line of the manifest.

    Attributes
    ----------
    file : str
        In the folder ``data/modules``.
    source : str
        In the folder ``data/sources``.
    source_sha256 : str
        Of the source without blanks at its ends.
    language, kind, target, toolchain : str
    flags : tuple of str
    sha256 : str
        Of the module.
    size_bytes : int
    licence : str
        Of what the compiler puts into the module; the source is the project's.
    optimize : str or None
    features : tuple of str
        What it was asked for with, beyond what every module of the course is.
    """

    file: str
    source: str
    source_sha256: str
    language: str
    kind: str
    target: str
    toolchain: str
    flags: tuple[str, ...]
    sha256: str
    size_bytes: int
    licence: str
    optimize: str | None = None
    features: tuple[str, ...] = ()


def read_manifest() -> tuple[Prebuilt, ...]:
    """Every prebuilt module; none where labkit is installed without the course.

    Examples
    --------
    >>> all(entry.size_bytes <= LARGEST_BYTES for entry in read_manifest())
    True
    """
    try:
        path = data_folder() / "modules" / MANIFEST
        return _read(path, path.stat().st_mtime_ns)
    except (UnreadableFile, FileNotFoundError):
        return ()


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> tuple[Prebuilt, ...]:
    entries = json.loads(path.read_text(encoding="utf-8"))["modules"]
    return tuple(Prebuilt(**{**entry, "flags": tuple(entry["flags"]), "features": tuple(entry.get("features", ()))}) for entry in entries)


def source_digest(source: bytes) -> str:
    """SHA-256 of a source, the same for a file and for a cell with that text.

    Examples
    --------
    >>> source_digest(b"\\nint x;\\n") == source_digest(b"int x;")
    True
    """
    return hashlib.sha256(source.strip()).hexdigest()


def prebuilt_path(entry: Prebuilt) -> Path:
    """Find the module of a line, and make sure that it is the one.

    Raises
    ------
    ArtifactError
        If it is damaged or missing.

    Examples
    --------
    >>> prebuilt_path(read_manifest()[0]).suffix
    '.wasm'
    """
    path = data_folder() / "modules" / entry.file
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
        raise ArtifactError(
            f"The prebuilt module {entry.file} is damaged or missing.", remedy="Get the course's files again: git checkout data/modules."
        )
    return path


def find_prebuilt(program: Program, language: Language, request: Request) -> Artifact | None:
    """The prebuilt module of a source, where it was built as is asked; a request without a level is served by what was made small, too."""
    if program.beside:
        return None
    requests = (request, replace(request, optimize=request.optimize or "size"))
    source = (source_digest(program.source), language.name)
    for entry in read_manifest():
        built = Request(entry.kind, entry.target, entry.optimize, entry.features)
        if (entry.source_sha256, entry.language) == source and built in requests:
            return Artifact(
                prebuilt_path(entry),
                entry.language,
                entry.toolchain,
                entry.kind,
                entry.target,
                entry.flags,
                float("nan"),
                entry.size_bytes,
                entry.size_bytes,
                prebuilt=True,
                arguments=language.arguments(request, program.source),
            )
    return None
