"""``labkit run``: run a WASI program, or a function that a module exports, in a process of its own, under limits."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import Any

from labkit.cli.output import for_the_shell, print_json, to_jsonable
from labkit.cli.parsing import CommandParser
from labkit.errors import ArgumentError
from labkit.limits import Limits
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.run import COMPILE_SECONDS, RUN_LIMITS, Outcome, Result, run

__all__ = ["SENTENCE", "main"]

SENTENCE = "Run a WASI program, or a function that a module exports, in a process of its own that can be stopped."


def _parser() -> CommandParser:
    parser = CommandParser(
        "run",
        SENTENCE,
        [
            "run data/modules/hello-c.wasm --env NAME=value -- --an argument",
            "run data/sources/wasi/copy.wat --dir /notes=notebooks /notes/00_start_here.ipynb",
            "run add.wat --export add --runtime wasmer -- -2 3",
            "run loop.wasm --export loop --time 0.5 --memory 64MiB",
        ],
    )
    parser.add_file()
    parser.add_argument(
        "args", nargs="*", default=[], metavar="ARG", help="the program's or function's arguments; after -- also those that begin with a dash"
    )
    parser.add_argument("--export", metavar="NAME", help="an exported function to call; left out, the program's _start runs")
    parser.add_argument("--env", action="append", type=_pair, metavar="NAME=VALUE", help="a variable that the program sees; it sees no other")
    parser.add_argument("--dir", action="append", type=_pair, metavar="GUEST=FOLDER", help="a folder that the program may read, under that name")
    parser.add_argument("--dir-rw", action="append", type=_pair, metavar="GUEST=FOLDER", help="a folder that it may also write")
    parser.add_argument("--runtime", default="wasmtime", choices=RUNTIME_NAMES, metavar="RUNTIME", help=f"one of {', '.join(RUNTIME_NAMES)}")
    parser.add_argument("--time", type=float, metavar="SECONDS", help=f"limit of time ({RUN_LIMITS.time_seconds:g} where it is left out)")
    parser.add_argument("--memory", metavar="SIZE", help="limit of memory, such as 64MiB (1GiB where it is left out)")
    parser.add_argument("--fuel", type=int, metavar="UNITS", help="limit of work, about one unit an instruction; on wasmtime")
    parser.add_argument(
        "--compile-time", type=float, default=COMPILE_SECONDS, metavar="SECONDS", help="limit of time for compiling, beside the other (%(default)g)"
    )
    parser.add_argument("--output", metavar="SIZE", help="limit of what it writes (16MiB where it is left out)")
    parser.add_json()
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} has no name and value with = between")
    return name, value


def main(arguments: Sequence[str]) -> int:
    """Run the command; a program's own exit code, or 0 where a function returned and 1 where either was stopped."""
    parser = _parser()
    options = parser.parse(arguments, rest="args")
    try:
        limits = Limits(time=options.time, memory=options.memory, fuel=options.fuel, output=options.output)
    except ArgumentError as error:
        parser.error(str(error))
    granted = {
        "env": dict(options.env) if options.env else None,
        "dirs": {**dict(options.dir or ()), **{guest: (folder, "rw") for guest, folder in options.dir_rw or ()}} or None,
    }
    chosen: dict[str, Any] = {"args": options.args, "runtime": options.runtime, "limits": limits, "compile_seconds": options.compile_time, **granted}
    if options.export is None:
        return _run_program(options, chosen)
    result = run(options.file, export=options.export, **chosen)
    if options.json:
        print_json(_summary(result))
    else:
        print(for_the_shell(str(result)))
    return 0 if result.outcome is Outcome.RETURNED else 1


def _run_program(options: argparse.Namespace, chosen: dict[str, Any]) -> int:
    """Run it with this command's own streams; what it writes appears as it is written."""
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}

    def show(stream: str, data: bytes) -> None:
        streams[stream].write(data)
        streams[stream].flush()

    stdin = None if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer
    result = run(options.file, stdin=stdin, on_output=None if options.json else show, **chosen)
    if options.json:
        print_json(_summary(result))
    if result.exit_code is not None:
        return result.exit_code % 256
    if not options.json:
        print(f"labkit: {for_the_shell(result.message)}", file=sys.stderr)
    return 1


def _summary(result: Result) -> dict[str, Any]:
    """The result for JSON, which has no word for the infinities and NaNs that a guest may return, nor for bytes: they go as text."""
    streams = {"stdout": result.stdout.decode(errors="replace"), "stderr": result.stderr.decode(errors="replace")}
    return {**to_jsonable(result), **streams, "values": [value if math.isfinite(value) else str(value) for value in result.values]}
