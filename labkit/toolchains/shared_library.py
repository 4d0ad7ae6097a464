"""C sources to a shared library of this machine, by each compiler and set of flags: the native side of a comparison with modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.runtimes.artifacts import machine
from labkit.toolchains.kept_build import compile_once
from labkit.toolchains.language import Found, Missing
from labkit.toolchains.probe import on_path, version_number, version_of
from labkit.toolchains.zig import find_zig

__all__ = ["NativeBuild", "build_shared_library", "find_gcc", "native_builds"]

# A module's floating point is the same to the last bit everywhere; without the first flag, compilers join a product and a sum where the
# processor can, which rounds once in place of twice.
_ALWAYS = ("-ffp-contract=off", "-fomit-frame-pointer", "-shared", "-fPIC")
# The attribute that exports a function from a module means nothing here.
_GCC = ("-Wno-attributes",)
_CLANG = ("-Wno-unknown-attributes", "-fno-sanitize=undefined")
_REMEDIES = {"Debian": "sudo apt install gcc libc6-dev", "conda": "conda install -c conda-forge gcc"}


@dataclass(frozen=True)
class NativeBuild:
    """A compiler with its flags.

    Attributes
    ----------
    name : str
        What a table calls it: the compiler and the flags that matter.
    compiler : Found
    flags : tuple of str
        All of them.
    """

    name: str
    compiler: Found
    flags: tuple[str, ...]


def find_gcc() -> Found | Missing:
    """Look for GCC: a command on PATH that is not another compiler under its name.

    Examples
    --------
    >>> find_gcc().name
    'GCC'
    """
    gcc = on_path("gcc")
    words = version_of(str(gcc), "--version") if gcc else ""
    if not gcc or not words:
        return Missing("GCC", "no command gcc is here" if not gcc else "its gcc does not start", _REMEDIES)
    if "clang" in words:
        return Missing("GCC", "the command gcc is clang", _REMEDIES)
    first = words.splitlines()[0]
    return Found("GCC", version_number(first.rpartition(")")[2]) or version_number(first), (str(gcc),), "PATH")


def native_builds() -> tuple[tuple[NativeBuild, ...], tuple[Missing, ...]]:
    """Give every native build that this machine can make, and the compilers it lacks; the first build is the usual reference.

    GCC and Zig's clang, each at ``-O2`` for any processor of this architecture and at ``-O3`` for this very one.

    Examples
    --------
    >>> builds, missing = native_builds()
    >>> len(builds) == 2 * (2 - len(missing))
    True
    """
    gcc, zig = find_gcc(), find_zig("Zig's clang")
    builds: list[NativeBuild] = []
    if isinstance(gcc, Found):
        builds += [
            NativeBuild("gcc -O2", gcc, ("-O2", *_GCC, *_ALWAYS)),
            NativeBuild("gcc -O3 -march=native", gcc, ("-O3", "-march=native", *_GCC, *_ALWAYS)),
        ]
    if isinstance(zig, Found):
        # Zig's clang means this very processor unless it is told otherwise, and spells both in its own way.
        clang = Found(zig.name, zig.version, (*zig.command, "cc"), zig.origin, zig.roots)
        builds += [
            NativeBuild("clang -O2", clang, ("-O2", "-mcpu=baseline", *_CLANG, *_ALWAYS)),
            NativeBuild("clang -O3 -march=native", clang, ("-O3", "-mcpu=native", *_CLANG, *_ALWAYS)),
        ]
    return tuple(builds), tuple(tool for tool in (gcc, zig) if isinstance(tool, Missing))


def build_shared_library(sources: Sequence[Path], build: NativeBuild) -> Path:
    """Build a shared library from C files; it is kept by their contents, the compiler, the flags and the processor.

    Parameters
    ----------
    sources : sequence of Path
    build : NativeBuild
        One of `native_builds`.

    Returns
    -------
    Path
        The library, in labkit's cache, to be loaded with `ctypes`.

    Raises
    ------
    BuildError
        If the compiler refuses a source, or does not end.
    """
    failure = f"{build.name} makes no shared library of this source."
    return compile_once(build.compiler, build.flags, sources, "library.so", links=["-lm"], beside=[machine()], failure=failure)
