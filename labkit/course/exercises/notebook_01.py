"""Exercises of notebook 01: reading a module, writing one, and keeping one from trapping."""

from __future__ import annotations

from labkit.course.checks import guest_function, value
from labkit.course.exercise import Exercise
from labkit.errors import TrapKind

__all__ = ["EXERCISES"]


def _wrapped(number: int) -> int:
    """Keep the lowest 32 bits, as a signed number."""
    return (number + 2**31) % 2**32 - 2**31


def _safe_divide(a: int, b: int) -> int:
    if b == 0 or (a, b) == (-(2**31), -1):
        return 0
    return int(abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


EXERCISES = (
    Exercise(
        name="code_bytes",
        title="Read the bytes of a function",
        prompt=(
            "A function's code is `20 00 41 03 6c 0b`. Behind `20` (`local.get`) and `41` (`i32.const`) stands one number each; "
            "`6c` is `i32.mul` and `0b` is `end`. What does the function return for the parameter 14?"
        ),
        starter="code_bytes = ...",
        solution="code_bytes = 42",
        answer="code_bytes",
        hints=("Write the instructions out, one a line, and keep a stack on paper.", "It is `local.get 0`, `i32.const 3`, `i32.mul`."),
        reason_wrong=value(
            42,
            mistakes={
                17: "`6a` would be `i32.add`; `6c` multiplies.",
                3: "3 is what `i32.const` pushes; the multiplication is still to come.",
                14: "14 is what `local.get` pushes; two instructions follow.",
            },
        ),
    ),
    Exercise(
        name="safe_divide",
        title="Divide without trapping",
        prompt=(
            "Export a function `safe_divide` that divides two signed `i32` and returns 0 wherever `i32.div_s` would trap. There are two such cases."
        ),
        starter="""%%wasm wat --name safe_divide
(module
  (func (export "safe_divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b))))""",
        solution="""%%wasm wat --name safe_divide
(module
  (func (export "safe_divide") (param $a i32) (param $b i32) (result i32)
    (if (i32.eqz (local.get $b)) (then (return (i32.const 0))))
    (if (i32.and
          (i32.eq (local.get $a) (i32.const -2147483648))
          (i32.eq (local.get $b) (i32.const -1)))
      (then (return (i32.const 0))))
    (i32.div_s (local.get $a) (local.get $b))))""",
        answer="safe_divide",
        hints=(
            "Look before you divide: `(if (i32.eqz …) (then (return (i32.const 0))))`.",
            "The second case is the quotient that has no `i32`: −2147483648 divided by −1.",
            "Test both operands with `i32.eq` and join the tests with `i32.and`.",
        ),
        reason_wrong=guest_function(
            "safe_divide",
            type="(i32, i32) -> i32",
            inputs=[(7, 0), (-(2**31), -1), (0, 0), (-(2**31), 1), (9, -1), (-7, 2)],
            reference=_safe_divide,
        ),
    ),
    Exercise(
        name="sum_to",
        title="Write a loop",
        prompt=(
            "Export a function `sum_to` that returns 1 + 2 + … + n for an `i32`, 0 for n = 0, and traps with `unreachable` for a negative n. "
            "Sums that do not fit wrap around, as `i32.add` does."
        ),
        starter="""%%wasm wat --name sum_to
(module
  (func (export "sum_to") (param $n i32) (result i32)
    (local $sum i32)
    local.get $sum))""",
        solution="""%%wasm wat --name sum_to
(module
  (func (export "sum_to") (param $n i32) (result i32)
    (local $sum i32)
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then unreachable))
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    local.get $sum))""",
        answer="sum_to",
        hints=(
            "Use `$n` itself as the counter: add it, take one off, and go on until it is zero.",
            "The shape is that of `gcd` above: a `block` to leave by, a `loop` in it to go round by, `br_if` out, `br` back.",
            "Locals begin as 0, so `$sum` needs no start; test for a negative `$n` first.",
        ),
        reason_wrong=guest_function(
            "sum_to",
            type="(i32) -> i32",
            inputs=[(0,), (-1,), (1,), (10,), (70_000,)],
            reference=lambda n: TrapKind.UNREACHABLE if n < 0 else _wrapped(n * (n + 1) // 2),
        ),
    ),
)
