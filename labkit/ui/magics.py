"""The ``%%wasm`` cell magic: compile what the cell says, show what came out, run it in the sandbox."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from labkit.display import format_bytes, format_seconds, html_table, text_table
from labkit.errors import CompileError, Unsupported, WatError
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import is_text, to_wasm
from labkit.modules.reader import Reader, read_header
from labkit.modules.sections import read_sections
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes
from labkit.sandbox.run import Outcome, Result, run
from labkit.ui import short_errors
from labkit.ui.cell_options import LANGUAGES, OPTIONS, read_options
from labkit.ui.invalid_cell import check_valid

__all__ = ["Call", "CellReport", "register", "run_cell"]

_NAMES_SHOWN = 10


@dataclass(frozen=True)
class Call:
    """One call on one runtime.

    Attributes
    ----------
    text : str
        The call as a reader would write it.
    runtime : str
    result : Result or None
        None where the runtime could not run it.
    reason : str
        Why it could not.
    """

    text: str
    runtime: str
    result: Result | None = None
    reason: str = ""

    def _row(self) -> list[str]:
        return [self.text, *(self.result._row() if self.result else [self.runtime, "not run", self.reason, "–"])]


@dataclass(frozen=True)
class CellReport:
    """What became of a cell.

    Attributes
    ----------
    wasm : bytes
    assemble_seconds : float
        From text to bytes.
    calls : tuple of Call
    """

    wasm: bytes
    assemble_seconds: float
    calls: tuple[Call, ...]

    _HEADER = ("call", "runtime", "outcome", "result", "call took")

    def _sentences(self) -> list[str]:
        reader = Reader(self.wasm)
        read_header(reader)
        sections = ", ".join(f"{section.label} {section.size_bytes} B" for section, _ in read_sections(reader))
        interface = read_interface(self.wasm)
        imports = [f"{item.module}.{item.name}" for item in interface.imports]
        return [
            f"{format_bytes(len(self.wasm))} of WebAssembly, assembled in {format_seconds(self.assemble_seconds)}.",
            f"Sections: {sections or 'none'}.",
            f"Imports: {_listed(imports)}. Exports: {_listed([str(item) for item in interface.exports])}.",
        ]

    def _rows(self) -> list[list[str]]:
        return [call._row() for call in self.calls]

    def __str__(self) -> str:
        return "\n".join([*self._sentences(), *(["", text_table(self._HEADER, self._rows())] if self.calls else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(self._HEADER, self._rows(), grey=[i for i, call in enumerate(self.calls) if call.result is None], right=[4])
        return f"<p>{'<br>'.join(map(escape, self._sentences()))}</p>{table if self.calls else ''}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(names[:_NAMES_SHOWN]) or "none") + more


def run_cell(line: str, cell: str, variables: dict[str, Any]) -> CellReport:
    """Compile a cell and run it.

    Parameters
    ----------
    line : str
        What stands behind ``%%wasm``.
    cell : str
        The text below it.
    variables : dict
        Where ``--name`` puts the module's bytes.

    Returns
    -------
    CellReport

    Raises
    ------
    LabkitError
        If the line is not understood, the text is no valid module, or a call does not fit it.

    Examples
    --------
    >>> text = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
    >>> report = run_cell("wat --run wasmtime --call add -1 2", text, {})
    >>> report.calls[0].text, report.calls[0].result.values
    ('add(-1, 2)', (1,))
    """
    options = read_options(line)
    if options.name:
        variables[options.name] = None  # a cell that is refused must not leave what an earlier one made
    to_wasm("(module)")  # loads the assembler, which is not what this cell costs
    begin = time.perf_counter()
    wasm = _assemble(cell)
    assemble_seconds = time.perf_counter() - begin
    check_valid(wasm, f"\n{cell}")
    if options.name:
        variables[options.name] = wasm
    calls = tuple(_call(wasm, words, name, options.time_seconds) for words in options.calls for name in options.runtime_names)
    return CellReport(wasm, assemble_seconds, calls)


def _call(wasm: bytes, words: tuple[str, ...], name: str, seconds: float) -> Call:
    """Call a function; what only this runtime cannot do is a row of the table, and what is wrong with the call an error."""
    text = f"{words[0]}({', '.join(words[1:])})"
    status = next(row for row in runtimes() if row.name == name)
    if not status.available:
        return Call(text, name, reason=f"Not available: {status.reason}. {status.remedy}")
    try:
        result = run(wasm, export=words[0], args=words[1:], runtime=name, limits=Limits(time=seconds))
    except (CompileError, Unsupported) as error:
        return Call(text, name, reason=str(error))
    if result.outcome is Outcome.TIME_LIMIT:
        result = replace(result, message=f"It ran longer than {seconds:g} s. Give it more with --time, or look for a loop without an end.")
    return Call(text, name, result)


def _assemble(cell: str) -> bytes:
    """Assemble the text. A comment stands for the magic's own line, so that an error counts lines as the reader sees them."""
    if not is_text(cell):
        raise WatError("The cell is no WebAssembly text: it does not begin with a parenthesis.", remedy="Write a module: (module …).")
    return to_wasm(f";;\n{cell}")


def _complete(shell: Any, event: Any) -> list[str]:
    """Complete languages, options and runtimes on the magic's line."""
    words = event.line.split()
    finished = words if not event.symbol or event.line.endswith((" ", ",")) else words[:-1]
    if event.line.rstrip().endswith(",") or (finished and finished[-1] == "--run"):
        return [*RUNTIME_NAMES, "all"]
    if len(finished) == 1:
        return list(LANGUAGES)
    return list(OPTIONS)


def register(shell: Any) -> None:
    """Add the magic, its completion, and labkit's way of showing its errors to an IPython shell."""

    def wasm(line: str, cell: str) -> CellReport:
        """Compile the cell and run it: ``%%wasm wat --name m --run wasmtime,wasmer --call add 1 2``."""
        return run_cell(line, cell, shell.user_ns)

    shell.register_magic_function(wasm, magic_kind="cell")
    shell.set_hook("complete_command", _complete, re_key=r"%%wasm")
    short_errors.register(shell)
