"""Plausible wrong answers to the exercises of notebook 00, and words that the verdict's reason must contain."""

WRONG = {
    "magic_size": [
        ("magic_size = 4", "magic alone"),
        ("magic_size = 64", "in bits"),
        ("magic_size = 0", "begins with a header"),
        ('magic_size = "8"', "of type int"),
        ("magic_size = len('(module)') + 1", "not it"),
    ],
    "subtract": [
        (
            """%%wasm wat --name subtract
(module (func (export "subtract") (param $a i32) (param $b i32) (result i32) (i32.sub (local.get $b) (local.get $a))))""",
            "subtract(7, 5) gave -2; it should give 2.",
        ),
        (
            """%%wasm wat --name subtract
(module (func (export "subtract") (param $a i32) (param $b i32) (result i32) (i32.add (local.get $a) (local.get $b))))""",
            "subtract(7, 5) gave 12",
        ),
        (
            """%%wasm wat --name subtract
(module (func (export "sub") (param $a i32) (param $b i32) (result i32) (i32.sub (local.get $a) (local.get $b))))""",
            "exports no function 'subtract'",
        ),
        (
            """%%wasm wat --name subtract
(module (func (export "subtract") (param $a i64) (param $b i64) (result i64) (i64.sub (local.get $a) (local.get $b))))""",
            "should be (i32, i32) -> i32",
        ),
        (
            """%%wasm wat --name subtract
(module (func (export "subtract") (param $a i32) (param $b i32) (result i32) (loop $again (br $again)) unreachable))""",
            "stopped at its time limit",
        ),
    ],
}
