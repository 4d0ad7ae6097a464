"""Exercises of notebook 00: a first value and a first module of one's own."""

from __future__ import annotations

from labkit.course.checks import guest_function, value
from labkit.course.exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES = (
    Exercise(
        name="magic_size",
        title="Count the smallest module's bytes",
        prompt="The module `(module)` is empty: it has nothing but its header. How many bytes is it? Replace the three dots by the number.",
        starter="magic_size = ...",
        solution="magic_size = 8",
        answer="magic_size",
        hints=(
            'Let Python count: `len(labkit.to_wasm("(module)"))`.',
            "The header is the four bytes of the magic and the four bytes of the version.",
        ),
        reason_wrong=value(
            8,
            mistakes={
                4: "Four bytes are the magic alone, `\\0asm`; the version follows it.",
                0: "Even an empty module begins with a header.",
                64: "The answer is wanted in bytes, and that is its size in bits.",
            },
        ),
    ),
    Exercise(
        name="subtract",
        title="Subtract instead of adding",
        prompt="Change the module below so that it exports a function `subtract` of two `i32` which returns the first minus the second.",
        starter="""%%wasm wat --name subtract
(module
  (func (export "subtract") (param $a i32) (param $b i32) (result i32)
    i32.const 0))""",
        solution="""%%wasm wat --name subtract
(module
  (func (export "subtract") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.sub))""",
        answer="subtract",
        hints=(
            "Push both parameters on the stack, then take the difference.",
            "`local.get $a` pushes the first parameter; the instruction that subtracts is `i32.sub`.",
            "`i32.sub` subtracts the top of the stack from the value below it, so push `$a` first.",
        ),
        reason_wrong=guest_function(
            "subtract",
            type="(i32, i32) -> i32",
            inputs=[(7, 5), (0, 9), (-(2**31), 1)],
            reference=lambda a, b: (a - b + 2**31) % 2**32 - 2**31,
        ),
    ),
)
