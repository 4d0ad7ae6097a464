"""Exercises of notebook 06: one figure over several programs, a memory that ends, eight bytes at once."""

from __future__ import annotations

import math
from typing import Any

from labkit.course.answers import show, type_name
from labkit.course.checks import guest_function
from labkit.course.exercise import Exercise

__all__ = ["EXERCISES"]

_MOST_PAGES, _PAGE_BYTES = 16, 65_536
# What the starter and the solution of the first exercise both begin with.
_RATIOS = 'ratios = {"fibonacci": 2.0, "sort": 1.0, "allocation": 0.5, "difference": 16.0}\n'
_VALUES = (2.0, 1.0, 0.5, 16.0)


def _one_figure(answer: Any) -> str | None:
    if type(answer) not in (int, float):
        return f"Your answer is {show(answer)}, of type {type_name(answer)}; it should be a number."
    if not abs(answer) < 1e9:  # nor is anything that no float can hold
        return f"Your answer is {show(answer)}, and that is not it."
    if math.isclose(answer, 2.0, rel_tol=1e-6):
        return None
    if math.isclose(answer, sum(_VALUES) / 4, rel_tol=1e-3):
        return "That is the arithmetic mean. Turned round, as native over module, it says that the module is nearly as fast: both cannot be right."
    if math.isclose(answer, 4 / sum(1 / value for value in _VALUES), rel_tol=1e-3):
        return "That is the harmonic mean: the arithmetic one of the ratios turned round, and no better."
    if math.isclose(answer, 1.5, rel_tol=1e-3):
        return "That is the median: it would not change if one of the kernels took a hundred times as long."
    if math.isclose(answer, 16.0, rel_tol=1e-6):
        return "That is the product of the ratios: of four ratios take the fourth root of it."
    return f"Your answer is {show(answer)}, and that is not it."


def _reserve(number: int) -> int:
    """Whether so many bytes, taken as unsigned, fit into the most pages."""
    return int(number % 2**32 <= _MOST_PAGES * _PAGE_BYTES)


def _add_saturating(one: int, other: int) -> int:
    """Add eight pairs of bytes, each stopping at 255; as a signed i64."""
    pairs = zip((one % 2**64).to_bytes(8, "little"), (other % 2**64).to_bytes(8, "little"))
    return int.from_bytes(bytes(min(a + b, 255) for a, b in pairs), "little", signed=True)


EXERCISES = (
    Exercise(
        name="one_figure",
        title="Put four ratios into one figure",
        prompt=(
            "Somebody measured four kernels: the module takes so many times as long as native code. Assign to `one_figure` the one figure that "
            "says the same whether module is divided by native or native by module (then it is one over it)."
        ),
        starter=_RATIOS + "one_figure = ...",
        solution=_RATIOS + "import math\n\none_figure = math.prod(ratios.values()) ** (1 / len(ratios))",
        answer="one_figure",
        hints=(
            "Turn every ratio round and take your mean again. Is it one over the first?",
            "Ratios multiply; so multiply them, and take the root.",
            "It is `math.prod(ratios.values()) ** (1 / len(ratios))`.",
        ),
        reason_wrong=_one_figure,
    ),
    Exercise(
        name="reserve",
        title="Ask for memory, and take no for an answer",
        prompt=(
            "`malloc` must live with a memory that ends. This one has a page of 65,536 bytes and may grow to 16. Export `reserve`: it takes "
            "a number of bytes, **unsigned**, grows the memory where it has fewer, and returns 1 if it then has that many, else 0. It never traps."
        ),
        starter="""%%wasm wat --name reserve
(module
  (memory (export "memory") 1 16)
  (func (export "reserve") (param $bytes i32) (result i32)
    (i32.const 1)))""",
        solution="""%%wasm wat --name reserve
(module
  (memory (export "memory") 1 16)
  (func (export "reserve") (param $bytes i32) (result i32)
    (local $missing i32)
    (if (i32.eqz (local.get $bytes)) (then (return (i32.const 1))))
    (local.set $missing
      (i32.sub
        (i32.add (i32.shr_u (i32.sub (local.get $bytes) (i32.const 1)) (i32.const 16)) (i32.const 1))
        (memory.size)))
    (if (i32.le_s (local.get $missing) (i32.const 0)) (then (return (i32.const 1))))
    (i32.ne (memory.grow (local.get $missing)) (i32.const -1))))""",
        answer="reserve",
        hints=(
            "`memory.size` counts pages, `memory.grow` takes pages and returns the old size, or -1 where it refuses.",
            "Bytes become pages by rounding up. `(bytes + 65535) >> 16` does that, but for the largest numbers the sum wraps round to a small one.",
            "`((bytes - 1) >> 16) + 1`, with `i32.shr_u`, does not wrap; 0 bytes need a word of their own.",
        ),
        reason_wrong=guest_function(
            "reserve",
            type="(i32) -> i32",
            inputs=[(-1,), (1_048_576,), (1_048_577,), (65_537,), (0,), (-2_147_483_648,), (65_536,)],
            reference=_reserve,
        ),
    ),
    Exercise(
        name="saturating_bytes",
        title="Add eight bytes at once",
        prompt=(
            "Pictures are bytes, and brighter than white is white: 200 + 100 = 255. Export `add_bytes`: it takes two `i64`, each eight bytes, "
            "adds them byte by byte, every sum stopping at 255, and returns the eight as one `i64`. One vector instruction does it."
        ),
        starter="""%%wasm wat --name saturating_bytes
(module
  (func (export "add_bytes") (param $one i64) (param $other i64) (result i64)
    (i64x2.extract_lane 0
      (i64x2.add
        (i64x2.splat (local.get $one))
        (i64x2.splat (local.get $other))))))""",
        solution="""%%wasm wat --name saturating_bytes
(module
  (func (export "add_bytes") (param $one i64) (param $other i64) (result i64)
    (i64x2.extract_lane 0
      (i8x16.add_sat_u
        (i64x2.splat (local.get $one))
        (i64x2.splat (local.get $other))))))""",
        answer="saturating_bytes",
        hints=(
            "A vector of 128 bits is two numbers of 64 bits (`i64x2`) or sixteen of 8 (`i8x16`); which, the instruction decides.",
            "`i8x16.add` wraps round at 256. There is an addition that *saturates*, for signed and for unsigned bytes.",
        ),
        reason_wrong=guest_function(
            "add_bytes",
            type="(i64, i64) -> i64",
            inputs=[(200, 100), (0xFF, 1), (0x7F7F_7F7F_7F7F_7F7F, 0x0101_0101_0101_0101), (-1, -1), (0x0102_0304_0506_0708, 0x1020_3040_5060_7080)],
            reference=_add_saturating,
        ),
    ),
)
