"""``labkit run``: run a module in a process of its own, under limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from labkit.cli.output import print_json, to_jsonable
from labkit.cli.parsing import CommandParser
from labkit.errors import ArgumentError, ExportNotFound
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.run import RUN_LIMITS, Outcome, Result, run

__all__ = ["SENTENCE", "main"]

SENTENCE = "Run a function that a module exports, in a process of its own that can be stopped."


def _parser() -> CommandParser:
    parser = CommandParser(
        "run",
        SENTENCE,
        [
            "run add.wat --export add 2 3",
            "run add.wat --export add --runtime wasmer -- -2 3",
            "run loop.wasm --export loop --time 0.5 --memory 64MiB",
        ],
    )
    parser.add_file()
    parser.add_argument("args", nargs="*", metavar="ARG", help="the function's arguments; after -- also those that begin with a dash")
    parser.add_argument("--export", metavar="NAME", help="the exported function")
    parser.add_argument("--runtime", default="wasmtime", choices=RUNTIME_NAMES, metavar="RUNTIME", help=f"one of {', '.join(RUNTIME_NAMES)}")
    parser.add_argument("--time", type=float, metavar="SECONDS", help=f"limit of time ({RUN_LIMITS.time_seconds:g} where it is left out)")
    parser.add_argument("--memory", metavar="SIZE", help="limit of memory, such as 64MiB (1GiB where it is left out)")
    parser.add_argument("--fuel", type=int, metavar="UNITS", help="limit of work, about one unit an instruction; on wasmtime")
    parser.add_json()
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 where the function returned."""
    parser = _parser()
    options = parser.parse(arguments, rest="args")
    try:
        limits = Limits(time=options.time, memory=options.memory, fuel=options.fuel)
    except ArgumentError as error:
        parser.error(str(error))
    if options.export is None:
        raise _no_export(options.file)
    result = run(options.file, export=options.export, args=options.args, runtime=options.runtime, limits=limits)
    if options.json:
        print_json(_summary(result))
    else:
        print(result)
    return 0 if result.outcome is Outcome.RETURNED else 1


def _no_export(file: Any) -> ExportNotFound:
    names = [export.name for export in read_interface(to_wasm(file)).exports if export.kind == "func"]
    return ExportNotFound("No function was named.", remedy=f"Name one with --export; the module exports {', '.join(names) or 'none'}.")


def _summary(result: Result) -> dict[str, Any]:
    """The result for JSON, which has no word for the infinities and NaNs that a guest may return: they go as text."""
    return {**to_jsonable(result), "values": [value if math.isfinite(value) else str(value) for value in result.values]}
