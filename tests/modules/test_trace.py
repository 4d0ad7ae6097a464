"""A trace shows every step as text and as a table, short and safe whatever the guest is called."""

from __future__ import annotations

import re

from labkit.errors import TrapKind
from labkit.modules.stack_values import Value
from labkit.modules.stepper import step
from labkit.modules.trace import GlobalWrite, MemoryWrite, mark

CALLS = """(module
  (memory 1) (global $total (mut i64) (i64.const 0))
  (func $square (param $x i32) (result i32) (i32.mul (local.get $x) (local.get $x)))
  (func (export "f") (param $n i32) (result i32)
    (i32.store offset=4 (i32.const 0) (i32.const 258))
    (global.set $total (i64.const -9))
    (i32.add (call $square (local.get $n)) (i32.const 1))))"""


def test_text() -> None:
    assert (
        str(step(CALLS, "f", [5]))
        == """f(5) returns 26 (13 steps)
step  instruction         stack    locals  written
   1  i32.const 0         [0]      n=5
   2  i32.const 258       [0 258]  n=5
   3  i32.store offset=4  []       n=5     memory[4] = 02 01 00 00
   4  i64.const -9        [-9]     n=5
   5  global.set $total   []       n=5     global $total = -9
   6  local.get $n        [5]      n=5
   7  call $square        []       x=5
   8    local.get $x      [5]      x=5
   9    local.get $x      [5 5]    x=5
  10    i32.mul           [25]     x=5
  11    end               [25]     n=5
  12  i32.const 1         [25 1]   n=5
  13  i32.add             [26]     n=5
  14  end                 [26]     n=5""".replace("(13 steps)", "(14 steps)")
    )


def test_what_is_new() -> None:
    trace = step(CALLS, "f", [5])
    assert [moment.new_values for moment in trace.steps] == [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1]
    assert [moment.after.depth for moment in trace.steps] == [1] * 6 + [2] * 4 + [1] * 3 + [0]
    assert trace.steps[2].memory_written == (MemoryWrite(0, 4, bytes(4), b"\x02\x01\0\0", 4),)
    assert trace.steps[4].globals_written == (GlobalWrite(0, "total", Value("i64", 2**64 - 9)),)
    assert len(trace.states) == len(trace.steps) + 1


def test_long_traces_show_their_ends() -> None:
    trace = step('(module (func (export "f") (loop (br 0))))', "f", limit=5000)
    text = str(trace)
    assert len(text.splitlines()) == 1 + 1 + 50 + 1 + 10
    assert "4940 more steps" in text
    assert re.search(r"^5000  br 0", text, re.MULTILINE)
    html = trace._repr_html_()
    assert html.count("<tr>") == 62
    assert "4940 more steps" in html
    assert len(html) < 60_000


def test_html_marks_what_changed_and_escapes_the_guest() -> None:
    text = '(module (func $<script> (export "<img src=x>") (param $<b> i32) (local.set $<b> (i32.const 7))))'
    html = step(text, "<img src=x>", [1])._repr_html_()
    assert "<script>" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert re.search(r"<mark [^>]*>&lt;b&gt;=7</mark>", html)
    assert html.count("<th ") - html.count('scope="row"') == 5
    assert mark("x", True).startswith("<mark style=")


def test_a_trap_ends_the_trace_with_its_kind() -> None:
    trace = step('(module (func (export "f") (result i32) (i32.div_s (i32.const 1) (i32.const 0))))', "f")
    assert trace.trap is TrapKind.INTEGER_DIVIDE_BY_ZERO
    assert str(trace).splitlines()[0] == "f() traps: integer divide by zero (3 steps)"


def test_values_read_plainly() -> None:
    assert [str(Value("funcref", 3)), str(Value("externref", None)), str(Value("f64", 0x7FF8 << 48)), str(Value("i64", 1 << 63))] == [
        "func 3",
        "null",
        "nan",
        str(-(2**63)),
    ]


def test_a_long_write_is_cut() -> None:
    trace = step('(module (memory 1) (func (export "f") (memory.fill (i32.const 0) (i32.const 255) (i32.const 60000))))', "f")
    write = trace.steps[3].memory_written[0]
    assert (write.size_bytes, len(write.after), len(write.before)) == (60000, 64, 64)
    assert str(write) == f"memory[0] = {'ff ' * 16}…"
