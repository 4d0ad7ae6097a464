"""The command line's front door: finds the command, and turns what goes wrong into words and an exit code."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from labkit.cli.output import for_the_shell, make_streams_safe
from labkit.cli.parsing import PROGRAM
from labkit.errors import LabkitError

__all__ = ["main"]

#: Each is a module of labkit.cli, imported when it is asked for.
_COMMANDS = ("runtimes", "inspect", "build", "install", "run", "step", "bench", "results")
_INTERRUPTED = 130
_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command and its arguments; those of the process where left out.

    Returns
    -------
    int
        0 where all went well, 1 where it did not, 2 for wrong usage, 130 when interrupted, 141 when the reader of a pipe has gone.

    Examples
    --------
    >>> main(["bench", "--check"])
    2
    """
    make_streams_safe()
    try:
        code = _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        # Now, while a reader that has gone can still be met quietly.
        sys.stdout.flush()
        return code
    except LabkitError as error:
        print(f"labkit: {for_the_shell(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whatever is still buffered must not meet the closed pipe again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _PIPE_CLOSED


def _dispatch(arguments: list[str]) -> int:
    try:
        if arguments and arguments[0] in _COMMANDS:
            return int(import_module(f"labkit.cli.{arguments[0]}").main(arguments[1:]))
        parser = _parser()
        if arguments:
            parser.parse_args(arguments)
        parser.print_help()
        return 0
    except SystemExit as end:
        # argparse's own way out: after --help and --version, and for wrong usage.
        return int(end.code or 0)


def _version() -> str:
    try:
        return version("labkit")
    except PackageNotFoundError:
        return "(not installed: run from its source)"


def _parser() -> argparse.ArgumentParser:
    sentences = {name: import_module(f"labkit.cli.{name}").SENTENCE for name in _COMMANDS}
    lines = "\n".join(f"  {name:9} {sentence}" for name, sentence in sentences.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="A laboratory for WebAssembly in the cloud.",
        epilog=f"commands:\n{lines}\n\n`{PROGRAM} COMMAND --help` tells more, with examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{PROGRAM} [--help] [--version] COMMAND …",
    )
    parser.add_argument("--version", action="version", version=f"labkit {_version()}, Python {platform.python_version()}")
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
