"""Plausible wrong answers to the exercises of notebook 06, and words that the verdict's reason must contain."""

_RESERVE = """%%wasm wat --name reserve
(module
  (memory (export "memory") 1 16)
  (func (export "reserve") (param $bytes i32) (result i32)
    {body}))"""
_WRAPS = """(i32.or
      (i32.le_u (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16)) (memory.size))
      (i32.ne (memory.grow (i32.sub (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16)) (memory.size))) (i32.const -1)))"""
_DOWN = "(i32.ne (memory.grow (i32.shr_u (local.get $bytes) (i32.const 16))) (i32.const -1))"
_ADD = """%%wasm wat --name saturating_bytes
(module
  (func (export "add_bytes") (param $one i64) (param $other i64) (result i64)
    (i64x2.extract_lane 0 ({add} (i64x2.splat (local.get $one)) (i64x2.splat (local.get $other))))))"""

WRONG = {
    "one_figure": [
        ("one_figure = 4.875", "arithmetic mean"),
        ("one_figure = 4 / (1 / 2 + 1 + 2 + 1 / 16)", "harmonic mean"),
        ("one_figure = 1.5", "median"),
        ("one_figure = 16.0", "fourth root"),
        ("one_figure = '2.0'", "should be a number"),
    ],
    "reserve": [
        (_RESERVE.format(body=_WRAPS), "reserve(-1) gave 1; it should give 0"),
        (_RESERVE.format(body=_DOWN), "reserve(1048576) gave 0; it should give 1"),
        (_RESERVE.format(body="(i32.const 0)"), "reserve(1048576) gave 0"),
    ],
    "saturating_bytes": [
        (_ADD.format(add="i8x16.add"), "add_bytes(200, 100) gave 44; it should give 255"),
        (_ADD.format(add="i8x16.add_sat_s"), "add_bytes(200, 100) gave 44"),
        (_ADD.format(add="i16x8.add_sat_u"), "add_bytes(200, 100) gave 300"),
    ],
}
