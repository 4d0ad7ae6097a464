"""Plausible wrong answers to the exercises of notebook 04, and words that the verdict's reason must contain."""

_DIVIDE = """%%wasm wat --name pack_division
(module
  (func (export "divide") (param $a i32) (param $b i32) (result i64)
    (i64.or
      (i64.shl ({quotient} (i32.div_u (local.get $a) (local.get $b))) (i64.const {shift}))
      ({remainder} (i32.rem_u (local.get $a) (local.get $b))))))"""

WRONG = {
    "pack_division": [
        (_DIVIDE.format(quotient="i64.extend_i32_u", shift=16, remainder="i64.extend_i32_u"), "divide(17, 5) gave 196610"),
        (_DIVIDE.format(quotient="i64.extend_i32_u", shift=32, remainder="i64.extend_i32_s"), "divide(-2, -1) gave"),
        (
            """%%wasm wat --name pack_division
(module
  (func (export "divide") (param $a i32) (param $b i32) (result i32 i32)
    (i32.rem_u (local.get $a) (local.get $b))
    (i32.div_u (local.get $a) (local.get $b))))""",
            "should be (i32, i32) -> i64",
        ),
    ],
    "sum_of_squares": [
        ("sum_of_squares = 285", "begin with 1"),
        ("sum_of_squares = 55", "the squares were asked for"),
        ("sum_of_squares = 10", "remember how often"),
        ("sum_of_squares = 100", "not it"),
    ],
    "fuel_of_ten": [
        ("fuel_of_ten = 918", "what was left"),
        ("fuel_of_ten = 1000", "what you gave it"),
        ("fuel_of_ten = 82.0", "of type int"),
    ],
}
