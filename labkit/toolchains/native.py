"""C source to a program of this machine, by the compiler that also makes the modules: what a native process is measured with."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from labkit.errors import ToolchainUnavailable
from labkit.toolchains.kept_build import compile_once
from labkit.toolchains.language import Missing
from labkit.toolchains.zig import find_zig

__all__ = ["build_native"]


def build_native(source: Path, *, static: bool = True, flags: Sequence[str] = ("-Os", "-s"), libraries: Sequence[Path] = ()) -> Path:
    """Build a native program from one C file; it is kept by its content, its compiler and its flags.

    Parameters
    ----------
    source : Path
    static : bool, optional
        Whether it needs no library of the system's: on Linux it is then linked with musl, and runs in an empty root folder.
    flags : sequence of str, optional
        For the compiler.
    libraries : sequence of Path, optional
        Shared libraries to link, each found again where it lies now.

    Returns
    -------
    Path
        The program, in labkit's cache.

    Raises
    ------
    ToolchainUnavailable
        If Zig, whose clang compiles it, is not here.
    BuildError
        If it refuses the source, or does not end.

    Examples
    --------
    >>> from labkit.data_files import data_folder
    >>> build_native(data_folder() / "sources" / "say_hello.c").name
    'say_hello'
    """
    zig = find_zig("Zig's clang")
    if isinstance(zig, Missing):
        raise ToolchainUnavailable(f"A native program cannot be built here: {zig.reason}.", remedy=zig.remedy)
    target = ("-target", f"{platform.machine()}-linux-musl", "-static") if static and sys.platform == "linux" else ()
    links = [word for library in libraries for word in (str(library), f"-Wl,-rpath,{library.parent}")]
    clang, changed = replace(zig, command=(*zig.command, "cc")), [library.stat().st_mtime_ns for library in libraries]
    failure = f"{source.name} cannot be built for this machine."
    return compile_once(clang, [*target, *flags], [source], source.stem, links=links, beside=changed, failure=failure)
