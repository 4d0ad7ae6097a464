"""Zig, and the compiler that C and C++ share with it: one Python package with its own C library for WebAssembly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from labkit.folders import cache_folder
from labkit.toolchains.job import Job
from labkit.toolchains.language import FREESTANDING, Found, Language, Missing, Request
from labkit.toolchains.probe import on_path, package_folder, version_of

__all__ = ["Zig", "find_zig", "zig_environment", "zig_feature_names"]

_REMEDIES = {
    "labkit": "python -m labkit install zig",
    "pip": "pip install ziglang",
    "conda": "conda install -c conda-forge zig",
}


def find_zig(name: str = "Zig") -> Found | Missing:
    """Look for Zig: the PyPI package, else a command on PATH."""
    zig, origin = _installed()
    version = version_of(str(zig), "version") if zig else ""
    if zig is None or not version:
        return Missing(name, "neither the package ziglang nor a command zig is here" if zig is None else "its zig does not start", _REMEDIES)
    return Found(name, version, (str(zig),), origin, (zig.resolve().parent,))


def _installed() -> tuple[Path | None, str]:
    """Where the command is, and where it comes from."""
    package = package_folder("ziglang")
    return (package / "zig", "PyPI") if package else (on_path("zig"), "PATH")


def zig_environment() -> dict[str, str]:
    """Where Zig keeps what it has compiled of its C and C++ libraries: warmed once, in set-up.

    Each installation has a folder of its own: of two that share one, each compiles the C++ library anew after the other. Installations
    whose files are links to the same ones, as uv makes them, are one: each finds Zig's own library in the same place.
    """
    zig, _ = _installed()
    if zig is None:
        return _kept_in(b"")
    zig = zig.resolve()
    library, status = zig.parent / "lib", zig.stat()
    if status.st_nlink == 1 or not (library / "std").is_dir():
        return _kept_in(os.fsencode(zig.parent))
    kept = _kept_in(f"{status.st_dev}:{status.st_ino}:{status.st_mtime_ns}".encode())
    place = Path(kept["ZIG_GLOBAL_CACHE_DIR"], "lib")
    try:
        _lead(place, library, zig)
    except OSError:  # a cache that cannot be written, of which Zig tells
        return kept
    return {**kept, "ZIG_LIB_DIR": str(place)}


def _kept_in(installation: bytes) -> dict[str, str]:
    # Without links on the way: a library that is reached by another name is compiled anew.
    folder = str((cache_folder() / "zig").resolve() / hashlib.sha256(installation).hexdigest()[:16])
    return {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}


def _lead(place: Path, library: Path, zig: Path) -> None:
    """Make a place lead to Zig's library, unless it leads to that of an installation which has the same Zig still."""
    with suppress(OSError):
        if place.resolve(strict=True).with_name(zig.name).samefile(zig):
            return
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"lib-{uuid4().hex}")
    fresh.symlink_to(library)
    fresh.replace(place)


#: The names of Zig's (LLVM's) features for the proposals.
zig_feature_names: Mapping[str, str] = {
    "simd": "simd128",
    "relaxed-simd": "relaxed_simd",
    "threads": "atomics",
    "tail-call": "tail_call",
    "exceptions": "exception_handling",
    "extended-const": "extended_const",
    "multi-memory": "multimemory",
}


class Zig(Language):
    """Zig source."""

    name = "zig"
    title = "Zig"
    suffixes = (".zig",)
    export = "write export before fn"
    without_main = "entry symbol not defined"
    includes = [(r'@(?:import|embedFile)\(\s*"([^"\n]+)"\s*\)', "")]
    features: ClassVar[Mapping[str, tuple[str, ...]]] = {feature: (name,) for feature, name in zig_feature_names.items()}

    def find(self, target: str) -> Found | Missing:
        """The PyPI package, else a command on PATH."""
        return find_zig()

    def flags(self, request: Request) -> tuple[str, ...]:
        """Target, level, shape."""
        system = "freestanding" if request.target == FREESTANDING else "wasi"
        level = request.level(none="Debug", size="ReleaseSmall", speed="ReleaseFast")
        processor = "+".join(["generic", *self.feature_flags(request)])
        shape = ("-fno-entry", "-rdynamic") if request.kind == "library" else ()
        return ("-target", f"wasm32-{system}", f"-mcpu={processor}", f"-O{level}", *(() if level == "Debug" else ("-fstrip",)), *shape)

    def compile(self, job: Job) -> None:
        """Compile and link in one step."""
        job.run(
            [*job.found.command, "build-exe", job.source, *self.flags(job.request), "--color", "off", f"-femit-bin={job.output.name}"],
            environment=zig_environment(),
        )
