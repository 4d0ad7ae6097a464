"""``labkit build``: compile a source to a module or component."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.cli.output import print_json
from labkit.cli.parsing import CommandParser
from labkit.toolchains.build import TIMEOUT_SECONDS, build
from labkit.toolchains.language import FEATURES
from labkit.toolchains.registry import LANGUAGE_NAMES, toolchains
from labkit.toolchains.request import KINDS, OPTIMIZATIONS, TARGETS

__all__ = ["SENTENCE", "main"]

SENTENCE = "Compile a source file, or a Cargo package, to WebAssembly; without one, list the toolchains."


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    examples = ["build", "build hello.c -o hello.wasm", "build fib.rs --kind library --optimize speed", "build hello.rs --target wasip2 --json"]
    parser = CommandParser("build", SENTENCE, examples)
    parser.add_argument("file", nargs="?", type=Path, metavar="SOURCE", help="a source file, or a folder with a Cargo.toml")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the module goes (the source's name with .wasm, here)")
    parser.add_argument("--language", choices=LANGUAGE_NAMES, metavar="NAME", help=f"where the suffix does not tell: {', '.join(LANGUAGE_NAMES)}")
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="a program, or functions to be called (%(default)s)")
    parser.add_argument("--target", choices=TARGETS, help="what the module may import; wasip2 makes a component")
    parser.add_argument("--optimize", choices=OPTIMIZATIONS, help="the compiler's level, and wasm-opt after it where that is present")
    parser.add_argument("--features", default="", metavar="NAMES", help=f"proposals it may use, with commas between: {', '.join(FEATURES)}")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_SECONDS, metavar="SECONDS", help="when the compiler is stopped (%(default)g)")
    parser.add_json()
    options = parser.parse(arguments)
    if options.file is None:
        rows = toolchains()
        if options.json:
            print_json({"toolchains": rows})
        else:
            print(rows)
        return 0
    artifact = build(
        options.file,
        language=options.language,
        kind=options.kind,
        target=options.target,
        optimize=options.optimize,
        features=[name.strip() for name in options.features.split(",") if name.strip()],
        output=options.output or Path(f"{options.file.resolve().stem}.wasm"),
        timeout_seconds=options.timeout,
    )
    if options.json:
        print_json(artifact)
    else:
        print(artifact)
    return 0
