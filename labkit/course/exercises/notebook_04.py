"""Exercises of notebook 04: a module for every runtime, a host function, a count of fuel."""

from __future__ import annotations

from labkit.course.checks import guest_function, value
from labkit.course.exercise import Exercise
from labkit.errors import TrapKind

__all__ = ["EXERCISES"]

# What the starter and the solution of the last exercise both begin with.
_COUNTING = '''import labkit

counting = """
(module
  (func (export "ten") (result i32) (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 10))))
    (local.get $i)))
"""
'''


def _pack(a: int, b: int) -> int | TrapKind:
    """Quotient in the upper 32 bits, remainder in the lower; as a signed i64."""
    if b == 0:
        return TrapKind.INTEGER_DIVIDE_BY_ZERO
    a, b = a % 2**32, b % 2**32
    packed = (a // b) << 32 | a % b
    return packed - 2**64 if packed >= 2**63 else packed


EXERCISES = (
    Exercise(
        name="pack_division",
        title="Return two results without returning two results",
        prompt=(
            "The function below returns quotient and remainder of an unsigned division, as two results: `wasmer-singlepass` refuses it. Export "
            "`divide` with one `i64` as its result instead, the quotient in its upper 32 bits and the remainder in its lower, so that it "
            "runs everywhere."
        ),
        starter="""%%wasm wat --name pack_division
(module
  (func (export "divide") (param $a i32) (param $b i32) (result i32 i32)
    (i32.div_u (local.get $a) (local.get $b))
    (i32.rem_u (local.get $a) (local.get $b))))""",
        solution="""%%wasm wat --name pack_division
(module
  (func (export "divide") (param $a i32) (param $b i32) (result i64)
    (i64.or
      (i64.shl
        (i64.extend_i32_u (i32.div_u (local.get $a) (local.get $b)))
        (i64.const 32))
      (i64.extend_i32_u (i32.rem_u (local.get $a) (local.get $b))))))""",
        answer="pack_division",
        hints=(
            "Widen both numbers with `i64.extend_i32_u`, then shift one of them out of the other's way.",
            "`i64.shl` by `(i64.const 32)` moves the quotient up; `i64.or` joins the two.",
            "With `_s` in place of `_u` a large remainder would be negative, and its ones would cover the quotient.",
        ),
        reason_wrong=guest_function(
            "divide",
            type="(i32, i32) -> i64",
            inputs=[(17, 5), (-1, 2), (-2, -1), (3, 0), (5, -3)],
            reference=_pack,
        ),
    ),
    Exercise(
        name="sum_of_squares",
        title="Be the host",
        prompt=(
            "The module below imports a function `next` and exports `total`, which calls it as often as you say and adds up what it "
            "returns. Give it a Python function that returns 1, 4, 9, 16, … one after the other, call `total` with 10, and assign "
            "the result to `sum_of_squares`."
        ),
        starter='''import labkit

asking = """
(module
  (import "host" "next" (func $next (result i32)))
  (func (export "total") (param $n i32) (result i32) (local $sum i32)
    (block $done (loop $again
      (br_if $done (i32.eqz (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $next)))
      (br $again)))
    (local.get $sum)))
"""
sum_of_squares = ...''',
        solution='''import labkit

asking = """
(module (import "host" "next" (func $next (result i32)))
  (func (export "total") (param $n i32) (result i32) (local $sum i32)
    (block $done (loop $again
      (br_if $done (i32.eqz (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $next)))
      (br $again)))
    (local.get $sum)))
"""
squares = iter([number * number for number in range(1, 11)])
with labkit.runtime("wasmtime").compile(asking).instantiate({"host": {"next": lambda: next(squares)}}) as instance:
    sum_of_squares = instance.func("total")(10)''',
        answer="sum_of_squares",
        hints=(
            "An iterator remembers where it is: `squares = iter([1, 4, 9, …])`, and `lambda: next(squares)` is the host function.",
            '`labkit.runtime("wasmtime").compile(asking).instantiate({"host": {"next": …}})` gives the instance, '
            'and its `.func("total")` the function.',
        ),
        reason_wrong=value(
            385,
            mistakes={
                285: "That is 0 + 1 + 4 + … + 81: begin with 1, as 1 × 1.",
                55: "That is 1 + 2 + … + 10; the squares were asked for.",
                10: "Your function returned 1 each time: it must remember how often it was called.",
                0: "The sum is 0: call `total` with 10, and let the host function return the squares.",
            },
        ),
    ),
    Exercise(
        name="fuel_of_ten",
        title="Weigh a call",
        prompt=(
            "How many units of fuel does `ten` below use on Wasmtime, when an instance calls it once? Measure it as the cell on fuel did, "
            "and assign the number to `fuel_of_ten`. "
            "(The loop body runs ten times.)"
        ),
        starter=_COUNTING + "fuel_of_ten = ...",
        solution=_COUNTING
        + """with labkit.runtime("wasmtime").compile(counting).instantiate(limits=labkit.Limits(fuel=1000)) as instance:
    instance.func("ten")()
    fuel_of_ten = 1000 - instance.store.fuel""",
        answer="fuel_of_ten",
        hints=(
            "Give the instance `limits=labkit.Limits(fuel=1000)`, call the function, and look at `instance.store.fuel`.",
            "What was used is what was given less what is left.",
        ),
        reason_wrong=value(82, mistakes={1000: "1000 is what you gave it.", 918: "That is what was left; what was used is the difference."}),
    ),
)
