"""Plausible wrong answers to the exercises of notebook 02, and words that the verdict's reason must contain."""

_DIGITS = """%%wasm c --name digit_sum --call digit_sum 1234
__attribute__((export_name("{name}")))
int digit_sum({type} number) {{
    int sum = 0;
    for (; {condition}; number /= 10) sum += number % 10;
    return sum;
}}"""

_STEPS = """%%wasm c --name small --optimize {level} --call steps 27
__attribute__((export_name("steps"))) int steps(unsigned n) {{
    int count = {count};
    for (; n != 1; n = n % 2 ? 3 * n + 1 : n / 2) count++;
    return count;
}}"""

WRONG = {
    "digit_sum": [
        (_DIGITS.format(name="digit_sum", type="int", condition="number"), "digit_sum(-1) gave"),
        (_DIGITS.format(name="digit_sum", type="unsigned", condition="number >= 10"), "digit_sum(-1) gave 53; it should give 57"),
        (_DIGITS.format(name="digits", type="unsigned", condition="number"), "exports no function 'digit_sum'"),
        (_DIGITS.format(name="digit_sum", type="unsigned long long", condition="number"), "should be (i32) -> i32"),
    ],
    "small": [
        (_STEPS.format(level="none", count="1; count -= 1"), "bytes; at most 150"),
        (_STEPS.format(level="size", count="1"), "steps(27) gave 112; it should give 111"),
    ],
    "terminal_import": [
        ('terminal_import = "fd_write"', "the question comes before"),
        ('terminal_import = "wasi_snapshot_preview1.fd_fdstat_get"', "name alone"),
        ('terminal_import = "proc_exit"', "that is not it"),
    ],
}
