"""The ``%%wasm`` cell magic: compile what the cell says, show what came out, run it in the sandbox."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from labkit.errors import CompileError, ExportNotFound, Unsupported, WatError
from labkit.limits import Limits
from labkit.modules.load import is_text, to_wasm
from labkit.runtimes.registry import runtimes
from labkit.sandbox.run import Outcome, Result, run
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.cell import compile_cell
from labkit.toolchains.language import WASIP2, Missing
from labkit.toolchains.registry import LANGUAGE_NAMES, language_named
from labkit.toolchains.wasm_opt import find_wasm_opt
from labkit.ui import short_errors
from labkit.ui.cell_options import CHOICES, OPTIONS, CellOptions, read_options, usage
from labkit.ui.cell_report import Call, CellReport
from labkit.ui.invalid_cell import check_valid
from labkit.ui.live_output import LiveOutput

__all__ = ["Call", "CellReport", "register", "run_cell"]


def run_cell(line: str, cell: str, variables: dict[str, Any], *, live: LiveOutput | None = None) -> CellReport:
    """Compile a cell and run it.

    Parameters
    ----------
    line : str
        What stands behind ``%%wasm``.
    cell : str
        The text below it.
    variables : dict
        Where ``--name`` puts the module's bytes.
    live : LiveOutput, optional
        Shows what a program writes while it runs.

    Returns
    -------
    CellReport

    Raises
    ------
    LabkitError
        If the line is not understood, a compiler is missing or refuses the text, the module is not valid, or a call does
        not fit it.

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
    wasm, assemble_seconds, artifact = _make(options, cell)
    if options.name:
        variables[options.name] = wasm
    calls = [_call(wasm, words, name, options) for words in options.calls for name in options.runtime_names]
    if options.runs_program:
        calls += [_run_program(artifact or wasm, options, name, live) for name in options.runtime_names]
        if live is not None:
            live.end()
    return CellReport(wasm, assemble_seconds, tuple(calls), artifact, _notes(options, artifact))


def _make(options: CellOptions, cell: str) -> tuple[bytes, float, Artifact | None]:
    """Make the module: text is assembled here, in no time and with better words for what is wrong; all else is compiled."""
    seconds = float("nan")
    if options.language == "wat":
        to_wasm("(module)")  # loads the assembler, which is not what this cell costs
        begin = time.perf_counter()
        wasm = _assemble(cell)
        seconds = time.perf_counter() - begin
        check_valid(wasm, f"\n{cell}")
        if options.optimize is None and options.target is None:
            return wasm, seconds, None
    artifact = compile_cell(
        options.language,
        cell,
        kind=options.kind,
        optimize=options.optimize,
        features=options.features,
        target=options.target,
        timeout_seconds=options.timeout_seconds,
    )
    return artifact.read_bytes(), seconds, artifact


def _notes(options: CellOptions, artifact: Artifact | None) -> tuple[str, ...]:
    """Why no optimizer ran, where one was asked for."""
    if options.optimize not in ("size", "speed") or artifact is None or artifact.optimizer:
        return ()
    if artifact.target == WASIP2:
        return ("The level is the compiler's alone: wasm-opt takes no components.",)
    found = find_wasm_opt()
    return (f"The level is the compiler's alone: {found.reason}. {found.remedy}",) if isinstance(found, Missing) else ()


def _call(wasm: bytes, words: tuple[str, ...], name: str, options: CellOptions) -> Call:
    """Call a function."""
    text, seconds = f"{words[0]}({', '.join(words[1:])})", options.time_seconds
    try:
        return _attempt(text, name, seconds, lambda: run(wasm, export=words[0], args=words[1:], runtime=name, limits=Limits(time=seconds)))
    except ExportNotFound as error:
        language = language_named(options.language)
        how = language.export.replace("NAME", words[0])
        raise ExportNotFound(error.message, remedy=f"{error.remedy} To export it in {language.title}, {how}.") from None


def _run_program(source: Artifact | bytes, options: CellOptions, name: str, live: LiveOutput | None) -> Call:
    """Run the program, whose interpreter, if it has one, is first told what to interpret."""
    given = source.arguments if isinstance(source, Artifact) else ()
    if live is not None:
        live.begin(name)

    def start() -> Result:
        return run(
            source,
            args=[*given, *options.arguments],
            env=options.environment,
            stdin=options.stdin,
            runtime=name,
            limits=Limits(time=options.time_seconds),
            on_output=live,
        )

    try:
        return _attempt(shlex.join([options.name or "program", *options.arguments]), name, options.time_seconds, start)
    except ExportNotFound as error:
        raise ExportNotFound(error.message, remedy="Call one of its functions, with --call and its name; or write a program.") from None


def _attempt(text: str, name: str, seconds: float, start: Callable[[], Result]) -> Call:
    """Run something; what only this runtime cannot do is a row of the table, and what is wrong with the call an error."""
    status = next(row for row in runtimes() if row.name == name)
    if not status.available:
        return Call(text, name, reason=f"Not available: {status.reason}. {status.remedy}")
    try:
        result = start()
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
    """Complete languages, options and what an option may be, on the magic's line."""
    words = event.line.split()
    finished = words if not event.symbol or event.line.endswith((" ", ",")) else words[:-1]
    if len(finished) <= 1:
        return [*LANGUAGE_NAMES, "--help"]
    option = next((word for word in reversed(finished) if word.startswith("--")), "")
    if option in CHOICES and (finished[-1] == option or event.line.rstrip().endswith(",")) and not event.symbol.startswith("-"):
        return list(CHOICES[option])
    return list(OPTIONS)


def _alone(lines: list[str]) -> list[str]:
    """Make a ``%%wasm`` without a cell below it a line magic: IPython refuses cell magics that stand alone."""
    if lines and lines[0].split()[:1] == ["%%wasm"] and not "".join(lines[1:]).strip():
        return [lines[0].lstrip()[1:], *lines[1:]]
    return lines


def register(shell: Any) -> None:
    """Add the magic, its completion, and labkit's way of showing its errors to an IPython shell."""

    def wasm(line: str, cell: str = "") -> CellReport | None:
        if "--help" in line.partition(" -- ")[0].split():
            sys.stdout.write(f"{usage()}\n")
            return None
        # Only a notebook can take back what was shown.
        return run_cell(line, cell, shell.user_ns, live=LiveOutput() if hasattr(shell, "kernel") else None)

    wasm.__doc__ = usage()
    shell.register_magic_function(wasm, magic_kind="line_cell")
    if _alone not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_alone)
    shell.set_hook("complete_command", _complete, re_key=r"%%wasm")
    short_errors.register(shell)
