"""Plausible wrong answers to the exercises of notebook 01, and words that the verdict's reason must contain."""

_LOOP = """%%wasm wat --name sum_to
(module
  (func (export "sum_to") (param $n i32) (result i32)
    (local $sum i32)
    {test}
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        {body}
        (br $again)))
    local.get $sum))"""
_TEST = "(if (i32.lt_s (local.get $n) (i32.const 0)) (then unreachable))"
_ADD = "(local.set $sum (i32.add (local.get $sum) (local.get $n)))"
_DOWN = "(local.set $n (i32.sub (local.get $n) (i32.const 1)))"

WRONG = {
    "code_bytes": [
        ("code_bytes = 17", "would be `i32.add`"),
        ("code_bytes = 3", "still to come"),
        ("code_bytes = 14", "two instructions follow"),
        ("code_bytes = 42.0", "of type int"),
    ],
    "safe_divide": [
        (
            """%%wasm wat --name safe_divide
(module
  (func (export "safe_divide") (param $a i32) (param $b i32) (result i32)
    (if (result i32) (i32.eqz (local.get $b))
      (then (i32.const 0))
      (else (i32.div_s (local.get $a) (local.get $b))))))""",
            "safe_divide(-2147483648, -1) trapped: integer overflow",
        ),
        (
            """%%wasm wat --name safe_divide
(module
  (func (export "safe_divide") (param $a i32) (param $b i32) (result i32)
    (if (i32.eqz (local.get $b)) (then (return (i32.const 0))))
    (i32.div_u (local.get $a) (local.get $b))))""",
            "safe_divide(",
        ),
        (
            """%%wasm wat --name safe_divide
(module
  (func (export "safe_divide") (param $a i32) (param $b i32) (result i32)
    (if (i32.or (i32.eqz (local.get $b)) (i32.eq (local.get $b) (i32.const -1))) (then (return (i32.const 0))))
    (i32.div_s (local.get $a) (local.get $b))))""",
            "safe_divide(9, -1) gave 0; it should give -9.",
        ),
    ],
    "sum_to": [
        (_LOOP.format(test="", body=_ADD + _DOWN), "sum_to(-1)"),
        (_LOOP.format(test=_TEST, body=_DOWN + _ADD), "sum_to(1) gave 0; it should give 1."),
        (_LOOP.format(test=_TEST, body=_ADD), "sum_to(1) was stopped at its time limit"),
    ],
}
