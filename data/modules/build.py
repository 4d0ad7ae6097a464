"""Builds every prebuilt module of the course from its source, and writes the manifest: ``python data/modules/build.py``.

All toolchains must be here: ``python -m labkit install zig rust go assemblyscript javascript components``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from labkit.toolchains.build import build
from labkit.toolchains.prebuilt import LARGEST_BYTES, MANIFEST, Prebuilt, source_digest

HERE = Path(__file__).parent
SOURCES = HERE.parent / "sources"

# What a compiler puts into its modules; the programs themselves are the project's.
_LIBC = "wasi-libc (Apache-2.0 WITH LLVM-exception, MIT), compiler-rt (Apache-2.0 WITH LLVM-exception)"
LICENCES = {
    "wat": "",
    "c": _LIBC,
    "cpp": f"{_LIBC}, libc++ (Apache-2.0 WITH LLVM-exception)",
    "zig": "Zig standard library (MIT)",
    "rust": f"Rust standard library (MIT OR Apache-2.0), {_LIBC}",
    "go": "Go runtime and standard library (BSD-3-Clause)",
    "assemblyscript": "AssemblyScript standard library and WASI shim (Apache-2.0)",
    "javascript": f"QuickJS-NG (MIT), {_LIBC}",
}

# Source, kind, target; and, for kernels, optimisation and features.
KERNELS = ("ackermann", "chase", "collatz", "difference", "fibonacci", "mandelbrot", "nbody", "sha256", "sort", "stream")
PROGRAMS: list[tuple[str, ...]] = [
    *((f"hello.{suffix}", "command", "wasip1") for suffix in ("wat", "c", "cpp", "zig", "rs", "ts", "js")),
    # What Go's own compiler makes of it is too large for the repository.
    ("hello.go", "command", "wasip1", "size"),
    *((f"fib.{suffix}", "library", "freestanding") for suffix in ("wat", "c", "cpp", "zig", "rs", "ts")),
    *((f"fib.{suffix}", "library", "wasip1") for suffix in ("go", "js")),
    ("hello.rs", "command", "wasip2"),
    ("say_hello.c", "command", "wasip1"),
    ("fib.js", "library", "wasip2"),
    *((f"kernels/{name}.c", "library", "freestanding", "speed") for name in KERNELS),
    ("kernels/difference.c", "library", "freestanding", "speed", "simd"),
    ("kernels/allocation.c", "library", "wasip1", "speed"),
    ("system_calls.c", "command", "wasip1", "speed"),
]


def module_name(source: str, target: str, features: tuple[str, ...]) -> str:
    """The module's file: every source has one of a kind, and a component says so, as does what uses more than the rest."""
    stem, _, suffix = source.replace("/", "-").rpartition(".")
    return f"{'-'.join([stem, suffix, *features])}{'.component' if target == 'wasip2' else ''}.wasm"


def make(source: str, kind: str, target: str, optimize: str | None = None, *features: str) -> Prebuilt:
    """Build one module into place."""
    file = module_name(source, target, features)
    artifact = build(SOURCES / source, kind=kind, target=target, optimize=optimize, features=features, output=HERE / file)
    if artifact.prebuilt:
        sys.exit(f"{source}: {artifact.note}")
    if artifact.size_bytes > LARGEST_BYTES:
        sys.exit(f"{file} has {artifact.size_bytes} bytes, and at most {LARGEST_BYTES} are kept in the repository.")
    print(artifact)
    return Prebuilt(
        file=file,
        source=source,
        source_sha256=source_digest((SOURCES / source).read_bytes()),
        language=artifact.language,
        kind=kind,
        target=target,
        toolchain=artifact.toolchain,
        flags=artifact.flags,
        sha256=hashlib.sha256(artifact.read_bytes()).hexdigest(),
        size_bytes=artifact.size_bytes,
        licence=LICENCES[artifact.language],
        optimize=optimize,
        features=features,
    )


def line(entry: Prebuilt) -> dict[str, object]:
    """What the manifest says of a module; what it was not asked for is left out."""
    return {name: value for name, value in asdict(entry).items() if value or name not in ("optimize", "features")}


def main() -> None:
    """Build all, then name them."""
    entries = [make(*program) for program in PROGRAMS]
    temporary = HERE / f".{MANIFEST}.new"
    temporary.write_text(json.dumps({"modules": [line(entry) for entry in entries]}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(HERE / MANIFEST)


if __name__ == "__main__":
    main()
