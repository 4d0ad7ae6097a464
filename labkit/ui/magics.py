"""The ``%%wasm`` cell magic: compile what the cell says, show what came out, run it in the sandbox."""

from __future__ import annotations

import argparse
import re
import shlex
import time
from dataclasses import dataclass
from html import escape
from typing import Any, NoReturn

from IPython.core.magic import Magics, cell_magic, magics_class

from labkit.display import format_bytes, format_seconds, html_table, text_table
from labkit.errors import ArgumentError, WatError
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes
from labkit.sandbox.run import Result, run

__all__ = ["WasmMagics", "register"]

_LANGUAGES = ("wat",)
_EXAMPLE = "%%wasm wat --name module --run wasmtime,wasmer --call add 1 2"


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentError(f"The first line of the cell is not understood: {message}.", remedy=f"Write it like {_EXAMPLE}.")


def _parser() -> _Parser:
    parser = _Parser(prog="%%wasm", add_help=False)
    parser.add_argument("language", choices=_LANGUAGES)
    parser.add_argument("--name", default="", help="Python variable that gets the module's bytes")
    parser.add_argument("--run", default="wasmtime", help="runtimes, with commas between; all for every one that works here")
    parser.add_argument("--call", nargs="+", action="append", default=[], help="an exported function and its arguments")
    parser.add_argument("--time", type=float, default=1.0, help="seconds for each call")
    return parser


@dataclass(frozen=True)
class CellReport:
    """What became of a cell.

    Attributes
    ----------
    wasm : bytes
    compile_seconds : float
        From text to bytes.
    calls : tuple of (str, Result)
        Each call as it was written, and what it gave.
    """

    wasm: bytes
    compile_seconds: float
    calls: tuple[tuple[str, Result], ...]

    def _head(self) -> str:
        interface = read_interface(self.wasm)
        exports = ", ".join(f"{item.name}: {item.type}" for item in interface.exports) or "nothing"
        imports = f" It imports {', '.join(f'{item.module}.{item.name}' for item in interface.imports)}." if interface.imports else ""
        size = format_bytes(len(self.wasm))
        return f"{size} of WebAssembly, assembled in {format_seconds(self.compile_seconds)}. It exports {exports}.{imports}"

    def _rows(self) -> list[list[str]]:
        return [[call, *result._row()] for call, result in self.calls]

    _HEADER = ("call", "runtime", "outcome", "result", "call took")

    def __str__(self) -> str:
        return self._head() + ("\n\n" + text_table(self._HEADER, self._rows()) if self.calls else "")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows(), caption=self._head()) if self.calls else f"<p>{escape(self._head())}</p>"


@magics_class
class WasmMagics(Magics):  # type: ignore[misc]
    """The magics of labkit."""

    @cell_magic  # type: ignore[misc]
    def wasm(self, line: str, cell: str) -> CellReport:
        """Compile the cell and run it: ``%%wasm wat --name m --run wasmtime,wasmer --call add 1 2``."""
        try:
            options = _parser().parse_args(shlex.split(line))
        except ValueError as error:
            raise ArgumentError(f"The first line of the cell is not understood: {error}.", remedy=f"Write it like {_EXAMPLE}.") from None
        if options.name and not options.name.isidentifier():
            raise ArgumentError(f"{options.name!r} is no name for a variable.", remedy="Choose one such as --name module.")
        names = _runtime_names(options.run)
        if options.name:
            # Where the text is refused, the variable must not keep the bytes of an earlier run: a check would judge those.
            self.shell.user_ns[options.name] = None
        begin = time.perf_counter()
        wasm = _assemble(cell)
        compile_seconds = time.perf_counter() - begin
        if options.name:
            self.shell.user_ns[options.name] = wasm
        limits = Limits(time=options.time)
        calls = tuple(
            (" ".join(words), run(wasm, export=words[0], args=words[1:], runtime=name, limits=limits)) for words in options.call for name in names
        )
        return CellReport(wasm, compile_seconds, calls)


def _runtime_names(text: str) -> list[str]:
    if text == "all":
        return [row.name for row in runtimes() if row.available]
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in RUNTIME_NAMES:
            raise ArgumentError(f"There is no runtime {name!r}.", remedy=f"Choose from {', '.join(RUNTIME_NAMES)}.")
    return names


def _assemble(cell: str) -> bytes:
    """Assemble the text; an error's line is counted as the reader sees it, with the magic's own line first."""
    try:
        return to_wasm(cell)
    except WatError as error:
        message = re.sub(r"\bline (\d+)", lambda match: f"line {int(match[1]) + 1}", error.message)
        raise WatError(message, remedy=error.remedy) from None


def _complete(shell: Any, event: Any) -> list[str]:
    """Complete languages, options and runtimes on the magic's line."""
    words = event.line.split()
    if (words and words[-1] == "--run") or (len(words) > 1 and words[-2] == "--run" and event.symbol):
        head, comma, _ = event.symbol.rpartition(",")
        return [head + comma + name for name in (*RUNTIME_NAMES, "all")]
    return [*_LANGUAGES, "--name", "--run", "--call", "--time"]


def register(shell: Any) -> None:
    """Add the magics and their completion to an IPython shell."""
    shell.register_magics(WasmMagics)
    shell.set_hook("complete_command", _complete, re_key=r"%%wasm")
