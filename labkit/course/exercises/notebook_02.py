"""Exercises of notebook 02: a function in C, a module made smaller, an import that gives a library away."""

from __future__ import annotations

from typing import Any

from labkit.course.checks import guest_function, value
from labkit.course.exercise import Exercise

__all__ = ["EXERCISES"]

_LARGEST_BYTES = 150


def _digit_sum(number: int) -> int:
    """The sum of the decimal digits of a number that C takes as unsigned."""
    return sum(map(int, str(number % 2**32)))


def _steps(n: int) -> int:
    count = 0
    while n != 1:
        n = 3 * n + 1 if n % 2 else n // 2
        count += 1
    return count


_is_right = guest_function("steps", type="(i32) -> i32", inputs=[(27,), (1,), (97,), (2**20,)], reference=_steps)


def _small_and_right(answer: Any) -> str | None:
    reason = _is_right(answer)
    if reason is None and len(answer) > _LARGEST_BYTES:
        return f"It computes what it should, in {len(answer)} bytes; at most {_LARGEST_BYTES} are asked for."
    return reason


EXERCISES = (
    Exercise(
        name="digit_sum",
        title="Write a function in C",
        prompt=(
            "Export a function `digit_sum` that returns the sum of a number's decimal digits: 10 for 1234. The number is unsigned, so that "
            "WebAssembly's `i32` holds up to 4294967295; an argument of −1 means just that."
        ),
        starter="""%%wasm c --name digit_sum --call digit_sum 1234
__attribute__((export_name("digit_sum")))
int digit_sum(unsigned number) {
    return 0;
}""",
        solution="""%%wasm c --name digit_sum --call digit_sum 1234
__attribute__((export_name("digit_sum")))
int digit_sum(unsigned number) {
    int sum = 0;
    for (; number; number /= 10) sum += number % 10;
    return sum;
}""",
        answer="digit_sum",
        hints=(
            "The last digit is `number % 10`; `number / 10` is the number without it.",
            "Repeat until nothing is left: `for (; number; number /= 10) …`.",
        ),
        reason_wrong=guest_function("digit_sum", type="(i32) -> i32", inputs=[(-1,), (907,), (0,), (10,), (2**31 - 1,)], reference=_digit_sum),
    ),
    Exercise(
        name="small",
        title="Make a module small",
        prompt=(
            "`steps` counts how often you halve a number, or triple it and add one, until it is 1. The cell compiles to more bytes than it has to. "
            f"Bring the module down to {_LARGEST_BYTES} bytes; it must compute the same."
        ),
        starter="""%%wasm c --name small --optimize none --call steps 27
__attribute__((export_name("steps"))) int steps(unsigned n) {
    int count = 0;
    for (; n != 1; n = n % 2 ? 3 * n + 1 : n / 2) count++;
    return count;
}""",
        solution="""%%wasm c --name small --optimize size --call steps 27
__attribute__((export_name("steps"))) int steps(unsigned n) {
    int count = 0;
    for (; n != 1; n = n % 2 ? 3 * n + 1 : n / 2) count++;
    return count;
}""",
        answer="small",
        hints=(
            "The source is good as it is: look at the first line of the cell.",
            "Section 4 had three levels, and one of them is named after what you want.",
        ),
        reason_wrong=_small_and_right,
    ),
    Exercise(
        name="terminal_import",
        title="Find the question behind an import",
        prompt=(
            "Before C's `printf` writes its first line it asks what standard output is: to a terminal it would write line by line, to a file in "
            "large pieces. Which of the imports of the hello in C is that question? Assign its name to `terminal_import`."
        ),
        starter="terminal_import = ...",
        solution='terminal_import = "fd_fdstat_get"',
        answer="terminal_import",
        hints=(
            "The imports stand under the cell in section 2. Names that begin with `fd_` are about file descriptors, of which standard output is one.",
            "Reading, writing, seeking and closing do something to a descriptor. One import is left, which only asks for its status.",
        ),
        reason_wrong=value(
            "fd_fdstat_get",
            mistakes={
                "fd_write": "`fd_write` writes; the question comes before.",
                "fd_seek": "`fd_seek` moves within a file: it is asked for with files, and nothing is moved in a terminal.",
                "wasi_snapshot_preview1.fd_fdstat_get": "Give the name alone, without the module it is imported from.",
            },
        ),
    ),
)
