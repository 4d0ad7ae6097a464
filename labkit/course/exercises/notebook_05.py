"""Exercises of notebook 05: the smallest hello, a ratio within blocks, how many fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.course.answers import type_name
from labkit.course.checks import value
from labkit.course.exercise import Exercise
from labkit.limits import Limits
from labkit.modules.load import to_wasm
from labkit.sandbox.run import Outcome, run

__all__ = ["EXERCISES"]

_LARGEST_BYTES = 200
_LIMITS = Limits(time=2.0, memory="64MiB", output="64KiB")

_HELLO = """%%wasm wat --name small_hello
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{data}")
  (func (export "_start")
    {body}))"""

_BLOCKS = """# Seconds of two contenders, a pair of samples from each of nine blocks.
old = [0.020, 0.021, 0.020, 0.062, 0.020, 0.065, 0.061, 0.020, 0.021]
new = [0.010, 0.010, 0.010, 0.031, 0.030, 0.032, 0.030, 0.010, 0.011]
"""

_DENSITY = """# Bytes of memory: what one process with the engine takes before there is any guest, one guest in it, one process instead.
engine, guest, process = 12_000_000, 20_000, 96_000
machine = 2_000_000_000
"""


def _small_program(output: bytes, largest_bytes: int) -> Callable[[Any], str | None]:
    """Make a check for a program that prints something and is small."""

    def reason_wrong(answer: Any) -> str | None:
        if not isinstance(answer, (bytes, str)):
            return f"Your answer is of type {type_name(answer)}; it should be the bytes that `%%wasm wat --name …` leaves in the variable."
        wasm = to_wasm(answer.encode("utf-8", "replace") if isinstance(answer, str) else answer)
        result = run(wasm, limits=_LIMITS)
        if result.outcome is not Outcome.EXITED or result.exit_code != 0:
            return f"Your program did not end well: {result.message or f'exit code {result.exit_code}'}"
        if result.stdout != output:
            return f"Your program printed {result.stdout[:60]!r}; it should print {output!r}."
        if len(wasm) > largest_bytes:
            return f"Your program has {len(wasm)} bytes; at most {largest_bytes} are allowed."
        return None

    return reason_wrong


_PAIRED = value(
    2.0,
    mistakes={
        1.782: "That is the ratio of the means, and the disturbed blocks decide it. Make a ratio in each block first.",
        1.909: "That is the ratio of the medians; old and new were not disturbed in the same blocks. Make a ratio in each block first.",
        1.86: "That is the mean of the ratios, and one block that was disturbed between its two samples moves it. Take their median.",
        0.5: "That is new over old; old over new was asked for.",
    },
)

EXERCISES = (
    Exercise(
        name="small_hello",
        title="Fit a program into one packet",
        prompt=(
            "The compiled hello has 1,775 bytes; most of them are a C library that it hardly uses. Write a program for WASI that prints "
            f"`hello` and a line's end, in at most {_LARGEST_BYTES} bytes of module. `fd_write` takes a descriptor, the address of a list "
            "of buffers (each an address and a size, four bytes each), how many there are, and an address where it says how much it wrote."
        ),
        starter=_HELLO.format(data="hello\\n", body="nop"),
        solution=_HELLO.format(
            data="\\08\\00\\00\\00\\06\\00\\00\\00hello\\n",
            body="(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))",
        ),
        answer="small_hello",
        hints=(
            "The list of buffers is data too: put an address and a size, eight bytes, somewhere in the memory.",
            'Numbers are little-endian: `"\\08\\00\\00\\00\\06\\00\\00\\00hello\\n"` is a list of one buffer and the buffer behind it, '
            "six bytes from address 8.",
            "`(call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))` writes the list at 0, of one buffer, to standard "
            "output; `drop` its result.",
        ),
        reason_wrong=_small_program(b"hello\n", _LARGEST_BYTES),
    ),
    Exercise(
        name="paired",
        title="Compare what was measured together",
        prompt=(
            "Something disturbed the machine during some of the blocks below. How many times as long does `old` take as `new`, by the "
            "median of the ratios within the blocks? Assign the number to `paired`; Python's `statistics.median` will do."
        ),
        starter=_BLOCKS + "paired = ...",
        solution="import statistics\n\n" + _BLOCKS + "paired = round(statistics.median(a / b for a, b in zip(old, new)), 3)",
        answer="paired",
        hints=(
            "`zip(old, new)` gives the pairs of the blocks; make a ratio of each pair first.",
            "Then take the median of the nine ratios: `statistics.median(a / b for a, b in zip(old, new))`.",
        ),
        reason_wrong=lambda answer: _PAIRED(round(answer, 3) if type(answer) is float else answer),
    ),
    Exercise(
        name="guests",
        title="Fill a machine",
        prompt=(
            "A host keeps idle guests in one process with a WebAssembly engine. With the figures below, how many guests fit into the "
            "machine's memory, and how many times as many are those as processes would fit? Assign both to `guests`: a tuple of the "
            "number of guests and of the factor, both rounded down to whole numbers."
        ),
        starter=_DENSITY + "guests = ...",
        solution=_DENSITY + "fitting = (machine - engine) // guest\nguests = (fitting, fitting // (machine // process))",
        answer="guests",
        hints=(
            "The engine is paid for once: take it off before you divide.",
            "Whole guests and whole processes: `//` rounds down.",
        ),
        reason_wrong=value(
            (99_400, 4),
            mistakes={
                (100_000, 4): "The engine itself takes memory, too: take it off once.",
                (166, 0): "The engine is paid for once, not with each guest.",
            },
        ),
    ),
)
