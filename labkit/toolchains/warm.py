"""Compiles Zig's own libraries and the course's kernels in set-up, for WebAssembly and for this machine, so that no first cell waits for them.

It is run as ``python -m labkit.toolchains.warm``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from labkit.data_files import data_folder
from labkit.errors import LabkitError, ToolchainUnavailable, UnreadableFile
from labkit.toolchains.job import Job
from labkit.toolchains.language import Missing
from labkit.toolchains.native import build_native
from labkit.toolchains.registry import language_named
from labkit.toolchains.request import make_request
from labkit.toolchains.shared_library import build_shared_library, native_builds
from labkit.toolchains.sources import Program

__all__ = ["warm"]

# One program for each library that Zig compiles when it is first needed.
_PROGRAMS = (
    ("c", "command", '#include <stdio.h>\nint main(void) { puts(""); }'),
    ("c", "library", "int zero(void) { return 0; }"),
    ("cpp", "command", "#include <iostream>\nint main() { std::cout << 1; }"),
    ("zig", "command", "pub fn main() void {}"),
)
_NATIVE = "int main(void) { return 0; }"
_TIMEOUT_SECONDS = 900.0


def warm(say: Callable[[str], None] = print) -> None:
    """Compile what every first build would compile; quick where it was done before.

    Parameters
    ----------
    say : callable, optional
        Gets a line of text for each library.

    Raises
    ------
    ToolchainUnavailable
        If Zig is not here.
    BuildError
        If it fails.
    """
    for number, (name, kind, text) in enumerate(_PROGRAMS, 1):
        language = language_named(name)
        request = make_request(language, kind=kind, target=None, optimize=None, features=())
        found = language.find(request.target)
        if isinstance(found, Missing):
            raise ToolchainUnavailable(f"Zig cannot be prepared: {found.reason}.", remedy=found.remedy)
        say(f"Preparing {language.title} for WebAssembly ({number} of {len(_PROGRAMS)}).")
        with tempfile.TemporaryDirectory(prefix="labkit-warm-") as folder:
            program = Program(text.encode(), language.suffixes[0], f"warm{language.suffixes[0]}")
            program.write(Path(folder))
            language.compile(Job(language, request, program, found, Path(folder), time.monotonic() + _TIMEOUT_SECONDS))
    say("Preparing C for this machine.")
    with tempfile.TemporaryDirectory(prefix="labkit-warm-") as folder:
        source = Path(folder, "warm.c")
        source.write_text(_NATIVE, encoding="utf-8")
        for static in (True, False):
            build_native(source, static=static)
    with suppress(UnreadableFile):  # labkit can be installed without the course
        sources = sorted((data_folder() / "sources" / "kernels").glob("*.c"))
        for build in native_builds()[0]:
            say(f"Building the course's kernels for this machine: {build.name}.")
            build_shared_library(sources, build)


if __name__ == "__main__":
    try:
        warm(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except LabkitError as error:
        sys.exit(str(error))
