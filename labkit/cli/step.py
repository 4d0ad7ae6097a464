"""``labkit step``: run a function one instruction at a time."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.cli.output import print_json
from labkit.cli.parsing import CommandParser
from labkit.errors import ArgumentError
from labkit.modules.stepper import step
from labkit.modules.trace import Trace

__all__ = ["SENTENCE", "main"]

SENTENCE = "Run a function one instruction at a time, and show the stack and the locals after each."


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 where the function returned."""
    parser = CommandParser("step", SENTENCE, ["step add.wat add 2 3", "step add.wasm 0 -- -2 3", "step loop.wat loop --limit 20"])
    parser.add_file()
    parser.add_argument("function", metavar="FUNCTION", help="name of an exported function, any function's name in the module, or its index")
    parser.add_argument("args", nargs="*", default=[], metavar="ARG", help="its arguments; after -- also those that begin with a dash")
    parser.add_argument("--limit", type=int, default=10_000, metavar="STEPS", help="stop after so many steps (%(default)s)")
    parser.add_json()
    options = parser.parse(arguments, rest="args")
    function = int(options.function) if options.function.isdecimal() else options.function
    trace = step(options.file, function, [_number(text) for text in options.args], limit=options.limit)
    if options.json:
        print_json(_summary(trace))
    else:
        print(trace)
    return 0 if trace.finished and trace.trap is None else 1


def _number(text: str) -> int | float:
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise ArgumentError(f"The argument {text[:40]!r} is no number.", remedy="Write it like 42, 0x2a, 1.5, inf or nan.") from None


def _summary(trace: Trace) -> dict[str, object]:
    """The trace as it is shown: values as text, which also has words for infinities and NaNs."""
    return {
        "headline": trace.headline,
        "finished": trace.finished,
        "trap": trace.trap,
        "results": [str(value) for value in trace.states[-1].stack] if trace.finished and trace.trap is None else [],
        "steps": [
            {
                "instruction": trace.instruction_text(step).strip(),
                "depth": step.before.depth,
                "stack": [str(value) for value in step.after.stack],
                "locals": trace.locals_text(step.after),
                "written": [str(write) for write in (*step.globals_written, *step.memory_written)],
            }
            for step in trace.steps
        ],
    }
