"""C source to a program of this machine, by the compiler that also makes the modules: what a native process is measured with."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import BuildError, ToolchainUnavailable
from labkit.toolchains.cache import BuildCache
from labkit.toolchains.language import Missing
from labkit.toolchains.process import run_process
from labkit.toolchains.zig import find_zig, zig_environment

__all__ = ["build_native"]

_TIMEOUT_SECONDS = 300.0


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
    arguments = [*target, *flags, *links]
    content = source.read_bytes()
    parts = [str(zig), zig.command, arguments, [library.stat().st_mtime_ns for library in libraries], hashlib.sha256(content).hexdigest()]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    cache = BuildCache()
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    with cache.lock(key, deadline):
        if kept := cache.load(key):
            return kept[0]
        with tempfile.TemporaryDirectory(prefix="labkit-native-", ignore_cleanup_errors=True) as folder:
            output = Path(folder, source.stem)
            command = [*zig.command, "cc", *arguments, str(source), "-o", str(output)]
            environment = {**os.environ, **zig_environment()}
            ended = run_process(command, folder=Path(folder), environment=environment, timeout_seconds=deadline - time.monotonic())
            if ended.exit_code != 0 or not output.is_file():
                words = ended.output.strip() or f"the compiler ended with exit code {ended.exit_code}"
                raise BuildError(f"{source.name} cannot be built for this machine: {words[:2000]}", remedy="Correct the source.", language="c")
            return cache.store(key, output, source.stem, {})
