"""One build on its way: a folder of its own, the source in it, a compiler, a time limit."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.display import format_bytes, format_seconds
from labkit.errors import BuildError
from labkit.folders import cache_folder, tools_folder
from labkit.toolchains.diagnostics import clean, first_line
from labkit.toolchains.language import Found, Language, Request
from labkit.toolchains.process import Ended, run_process
from labkit.toolchains.sources import MAIN, Program

__all__ = ["Job"]

# What would make a build depend on who starts it, or reach outside the sources.
_UNWANTED = (
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "GOFLAGS",
    "GOOS",
    "GOARCH",
    "GOROOT",
    "GOWORK",
    "NODE_OPTIONS",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "LD_PRELOAD",
)


@dataclass
class Job:
    """A build on its way.

    Attributes
    ----------
    language : Language
    request : Request
    program : Program
    found : Found
        The compiler.
    folder : Path
        Holds the source, and in the end the module.
    deadline : float
        On `time.monotonic`'s clock.
    """

    language: Language
    request: Request
    program: Program
    found: Found
    folder: Path
    deadline: float

    @property
    def source(self) -> str:
        """The source's file name in the folder."""
        return MAIN + self.program.suffix

    @property
    def output(self) -> Path:
        """Where the module goes."""
        return self.folder / "module.wasm"

    def run(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
        """Run a compiler in the job's folder.

        Returns
        -------
        str
            What it wrote.

        Raises
        ------
        BuildError
            If it fails, or does not end.
        """
        name, left = self.found.name, self.deadline - time.monotonic()
        own = {"TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb", "CARGO_TERM_COLOR": "never", "RUST_BACKTRACE": "0"}
        inherited = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
        try:
            ended = run_process(
                command, folder=folder or self.folder, environment={**inherited, **own, **(environment or {})}, timeout_seconds=max(left, 0.0)
            )
        except OSError as error:
            remedy = "Install it again: `python -m labkit install` lists how."
            raise BuildError(f"{name} cannot be started: {error.strerror or error}.", remedy=remedy, language=self.language.name) from None
        if ended.stopped or ended.exit_code:
            raise self._failure(ended)
        return ended.output

    def fail(self, message: str, *, remedy: str, output: str = "") -> BuildError:
        """An error about the source, with the compiler's words cleaned."""
        words = self._clean(output)
        return BuildError(
            message, remedy=remedy, language=self.language.name, diagnostics=words, line=first_line(words, self.program.shown) if words else None
        )

    def without_main(self, output: str = "") -> BuildError:
        """An error about a source that has no main function."""
        if self.request.kind == "library":
            message, remedy = "wants a main function in a library too", "Add one that does nothing."
        else:
            message = "finds no main function in this source, and a program begins there"
            remedy = "Write one; or, if its functions are to be called, build a library: kind='library', in a cell --kind library or a --call."
        return self.fail(f"{self.found.name} {message}.", remedy=remedy, output=output)

    def without_export(self) -> BuildError:
        """An error about a library's source that exports nothing."""
        how = self.language.export
        return self.fail("The source does not say which functions it exports.", remedy=f"{how[0].upper()}{how[1:]}")

    def _failure(self, ended: Ended) -> BuildError:
        name, title, output = self.found.name, self.language.title, ended.output
        if ended.stopped == "time":
            message = f"{name} had not ended after {format_seconds(ended.wall_seconds)} and was stopped."
            remedy = "Give it more, with timeout_seconds=… or --timeout; or look for what makes the source so hard to compile."
            return self.fail(message, remedy=remedy, output=output)
        if ended.stopped == "output":
            message = f"{name} wrote more than {format_bytes(32 * 2**20)} of messages and was stopped."
            return self.fail(message, remedy="Correct the first error and try again; the beginning is above.", output=output)
        if ended.exit_code < 0:
            message = f"{name} was ended by signal {-ended.exit_code}."
            return self.fail(message, remedy="Try again, with more memory free; if it stays so, the source makes the compiler crash.", output=output)
        if self.language.without_main and self.language.without_main in output:
            return self.without_main(output)
        message = f"{name} refuses this {title} source."
        return self.fail(message, remedy="Correct the source and build again.", output=output)

    def _clean(self, output: str) -> str:
        roots = [(root, f"<{self.found.name}>") for root in self.found.roots]
        roots += [(cache_folder(), "<cache>"), (tools_folder(), "<tools>"), (Path(sys.prefix), "<python>"), (Path.home(), "~")]
        return clean(self.language.words(output), folder=self.folder, internal=MAIN, shown=self.program.shown, roots=roots)
