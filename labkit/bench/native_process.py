"""A native process, from start to end: what an instance is measured against."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from labkit.bench.arguments import checked_names
from labkit.data_files import data_folder
from labkit.errors import BenchError, LabkitError
from labkit.toolchains.native import build_native

__all__ = ["SPAWNED", "native_program", "spawner"]

#: How a native process is started, for the notes of a bench.
SPAWNED = (
    "The native process is linked statically, prints nothing, and is started by posix_spawn (on Linux that copies no memory, like vfork) "
    "and waited for with waitpid."
)


def native_program(name: str, *, static: bool = True) -> Path | LabkitError:
    """Build one of the lab's native programs, linked statically or as compilers do by default; or the error that says why it cannot be."""
    source = data_folder() / "sources" / "native" / f"{name}.c"
    checked_names([name], sorted(path.stem for path in source.parent.glob("*.c")), what="native program")
    try:
        return build_native(source, static=static)
    except LabkitError as error:
        return error


def spawner(program: Path) -> Callable[[], int]:
    """Start a program as quickly as Python can, and reap it; the call gives its exit code."""
    path, arguments, environment = str(program), [program.name], dict[str, str]()

    def spawn() -> int:
        try:
            pid = os.posix_spawn(path, arguments, environment)
        except OSError as error:
            raise BenchError(
                f"{program.name} cannot be started: {error.strerror}.", remedy="Allow programs to run in labkit's cache folder."
            ) from None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return spawn
