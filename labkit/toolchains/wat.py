"""WebAssembly text, assembled by the reference runtime itself."""

from __future__ import annotations

from importlib.metadata import version

from labkit.errors import BuildError, WatError
from labkit.modules.load import is_text, to_wasm
from labkit.toolchains.job import Job
from labkit.toolchains.language import FEATURES, FREESTANDING, WASIP1, Found, Language, Missing, Request

__all__ = ["Wat"]


class Wat(Language):
    """WebAssembly text. What it imports is what the text says, whatever the target."""

    name = "wat"
    title = "WebAssembly text"
    suffixes = (".wat",)
    export = 'write (func (export "NAME") …)'
    targets = {"command": (WASIP1,), "library": (FREESTANDING, WASIP1)}
    features = dict.fromkeys(FEATURES, ())

    def find(self, target: str) -> Found | Missing:
        """Always here: it comes with wasmtime."""
        return Found("wasmtime's assembler", version("wasmtime"), (), "PyPI")

    def flags(self, request: Request) -> tuple[str, ...]:
        """None: the text says everything."""
        return ()

    def compile(self, job: Job) -> None:
        """Assemble."""
        source = job.program.source
        if not is_text(source.decode("utf-8", "replace")):
            raise BuildError(
                "The source is not WebAssembly text: it does not begin with a parenthesis.", remedy="Begin with (module …).", language=self.name
            )
        try:
            job.output.write_bytes(to_wasm(source))
        except WatError as error:
            place = error.message.split(",", 1)[0].removeprefix("Line ")
            line = int(place) if place.isdecimal() else None
            raise BuildError(error.message, remedy=error.remedy, language=self.name, line=line) from None
