"""Shows what a program writes while it runs, and takes it back once the report has it."""

from __future__ import annotations

import codecs
import sys

from labkit.display import escape_controls

__all__ = ["LiveOutput"]

_LARGEST_CHARACTERS = 20_000


class LiveOutput:
    """Writes to the cell's output area as it comes; no more of it than a reader can look at."""

    def __init__(self) -> None:
        self._left = _LARGEST_CHARACTERS
        self._heading = ""
        self._wrote = False
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def begin(self, runtime: str) -> None:
        """Let what follows stand under the name of a runtime."""
        self._heading = f"{runtime} …\n"
        self._left = _LARGEST_CHARACTERS
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}

    def __call__(self, stream: str, data: bytes) -> None:
        """Write what a program wrote; for `labkit.run`'s ``on_output``."""
        if self._left == 0:
            return
        text = self._decoders[stream].decode(data)
        shown = escape_controls(text[: self._left])
        self._left -= min(self._left, len(text))
        sys.stdout.write(f"{self._heading}{shown}" + ("" if self._left else "\n… (the rest of it is not shown while it runs)\n"))
        sys.stdout.flush()
        self._heading, self._wrote = "", True

    def end(self) -> None:
        """Take everything back as soon as the next output is there."""
        if self._wrote:
            from IPython.display import clear_output

            clear_output(wait=True)  # type: ignore[no-untyped-call]
