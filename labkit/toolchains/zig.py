"""Zig, and the compiler that C and C++ share with it: one Python package with its own C library for WebAssembly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

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

    Each installation has a folder of its own: of two that share one, each compiles the C++ library anew after the other.
    """
    zig, _ = _installed()
    installation = os.fsencode(zig.parent) if zig else b""
    folder = str(cache_folder() / "zig" / hashlib.sha256(installation).hexdigest()[:16])
    return {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}


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
