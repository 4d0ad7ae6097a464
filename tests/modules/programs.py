"""Small valid programs drawn at random, as WAT: arithmetic, locals, globals, blocks, loops, branches, calls, tables and memory.

Every loop counts down, so every program ends; every way to trap is in them.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from labkit.modules.arithmetic import OPERATIONS

KINDS = ("i32", "i64", "f32", "f64")
INTEGERS = (0, 1, 2, 3, 7, 31, 32, 63, 64, 255, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
FLOATS = ("0", "-0", "1.5", "-2.5", "0.1", "1e10", "-1e20", "3e38", "inf", "-inf", "nan", "1e-40", "2147483648", "9223372036854775808")
BY_RESULT = {kind: sorted(name for name, operation in OPERATIONS.items() if operation.result == kind) for kind in KINDS}
LOADS = {
    "i32": ("load", "load8_s", "load8_u", "load16_s", "load16_u"),
    "i64": ("load", "load8_s", "load16_u", "load32_s", "load32_u"),
    "f32": ("load",),
    "f64": ("load",),
}
STORES = {"i32": ("store", "store8", "store16"), "i64": ("store", "store8", "store16", "store32"), "f32": ("store",), "f64": ("store",)}

MODULE = """(module
  (type $two (func (param i32 i32) (result i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 8) "\\01\\80\\ff\\7f\\00\\00\\c0\\7f\\ff\\ff\\ff\\ff\\ff\\ff\\f7\\7f")
  (data $passive "passive bytes")
  (table $t 4 8 funcref)
  (elem (i32.const 0) $first $second $first)
  (global $i32 (export "i32") (mut i32) (i32.const 5)) (global $i64 (export "i64") (mut i64) (i64.const -5))
  (global $f32 (mut f32) (f32.const 0.5)) (global $f64 (mut f64) (f64.const -0.5))
  (func $first (type $two) (i32.sub (local.get 0) (local.get 1)))
  (func $second (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0))
    (then (i64.const 1)) (else (i64.mul (local.get 0) (call $second (i64.shr_u (local.get 0) (i64.const 7)))))))
  (func (export "f") (param $i32 i32) (param $i64 i64) (param $f32 f32) (param $f64 f64) (result i32 i64 i32 i64) (local $fuel i32)
    (local.set $fuel (i32.const 12))
    {}
    {} {} (i32.reinterpret_f32 {}) (i64.reinterpret_f64 {})))"""


class _Writer:
    """Writes one program, asking `draw` at every turn."""

    def __init__(self, draw: Callable) -> None:
        self.draw = draw
        self.labels = 0

    def one_of(self, *choices: object) -> object:
        return self.draw(st.sampled_from(choices))

    def label(self) -> str:
        self.labels += 1
        return f"$l{self.labels}"

    def constant(self, kind: str) -> str:
        return f"({kind}.const {self.one_of(*(FLOATS if kind[0] == 'f' else INTEGERS))})"

    def address(self, depth: int) -> str:
        return f"(i32.and {self.value('i32', depth - 1)} (i32.const {self.one_of(0xFF, 0xFF, 0xFFFF, 0x1FFFF)}))"

    def value(self, kind: str, depth: int) -> str:
        """An expression of that type."""
        leaves = [self.constant, lambda kind: f"(local.get ${kind})", lambda kind: f"(global.get ${kind})"]
        if depth <= 0:
            return self.one_of(*leaves)(kind)
        inner = [self.operation, self.operation, self.operation, self.load, self.block, self.if_else, self.select, self.tee, self.loop, self.table]
        if kind == "i32":
            inner += [self.call, self.indirect, self.grow]
        if kind == "i64":
            inner.append(self.recursive)
        return self.one_of(*inner)(kind, depth - 1)

    def operation(self, kind: str, depth: int) -> str:
        name = self.one_of(*BY_RESULT[kind])
        return f"({name} {' '.join(self.value(param, depth) for param in OPERATIONS[name].params)})"

    def load(self, kind: str, depth: int) -> str:
        return f"({kind}.{self.one_of(*LOADS[kind])} offset={self.one_of(0, 4, 65530)} {self.address(depth)})"

    def block(self, kind: str, depth: int) -> str:
        label = self.label()
        early = f"(drop (br_if {label} {self.value(kind, depth)} {self.value('i32', depth)}))"
        return f"(block {label} (result {kind}) {self.statement(depth)} {early} {self.value(kind, depth)})"

    def table(self, kind: str, depth: int) -> str:
        outer, inner = self.label(), self.label()
        jump = f"(br_table {outer} {inner} {outer} {self.value(kind, depth)} {self.value('i32', depth)})"
        return f"(block {outer} (result {kind}) (drop (block {inner} (result {kind}) {jump})) {self.value(kind, depth)})"

    def if_else(self, kind: str, depth: int) -> str:
        return f"(if (result {kind}) {self.value('i32', depth)} (then {self.value(kind, depth)}) (else {self.value(kind, depth)}))"

    def loop(self, kind: str, depth: int) -> str:
        label = self.label()
        count = "(local.tee $fuel (i32.sub (local.get $fuel) (i32.const 1)))"
        return f"(loop {label} (result {kind}) {self.statement(depth)} (br_if {label} (i32.gt_s {count} (i32.const 0))) {self.value(kind, depth)})"

    def select(self, kind: str, depth: int) -> str:
        return f"({self.one_of('select', f'select (result {kind})')} {self.value(kind, depth)} {self.value(kind, depth)} {self.value('i32', depth)})"

    def tee(self, kind: str, depth: int) -> str:
        return f"(local.tee ${kind} {self.value(kind, depth)})"

    def call(self, kind: str, depth: int) -> str:
        return f"(call $first {self.value(kind, depth)} {self.value(kind, depth)})"

    def recursive(self, kind: str, depth: int) -> str:
        return f"(call $second {self.value(kind, depth)})"

    def indirect(self, kind: str, depth: int) -> str:
        entry = f"(i32.and {self.value(kind, depth)} (i32.const {self.one_of(0, 2, 2, 7)}))"
        return f"(call_indirect $t (type $two) {self.value(kind, depth)} {self.value(kind, depth)} {entry})"

    def grow(self, kind: str, depth: int) -> str:
        return str(self.one_of("(memory.size)", "(memory.grow (i32.const 1))", "(memory.grow (i32.const -1))", "(table.size $t)"))

    def statement(self, depth: int) -> str:
        """An instruction that leaves nothing on the stack."""
        kind = self.one_of(*KINDS)
        choice = self.one_of("local", "local", "global", "store", "store", "if", "block", "bulk", "table", "trap", "return", "drop")
        if choice == "local":
            return f"(local.set ${kind} {self.value(kind, depth)})"
        if choice == "global":
            return f"(global.set ${kind} {self.value(kind, depth)})"
        if choice == "store":
            return f"({kind}.{self.one_of(*STORES[kind])} offset={self.one_of(0, 1, 65530)} {self.address(depth)} {self.value(kind, depth)})"
        if choice == "drop":
            return f"(drop {self.value(kind, depth)})"
        if choice == "bulk":
            name = self.one_of("memory.fill", "memory.copy", "memory.init $passive")
            return f"({name} {self.address(depth)} {self.address(depth)} (i32.const {self.one_of(0, 1, 13, 300)}))"
        if choice == "table":
            copy = "table.copy $t $t (i32.const 1) (i32.const 0) {}"
            name = self.one_of("table.set $t {} (ref.null func)", copy, "elem.drop 0", "data.drop $passive")
            return f"({name.format(f'(i32.const {self.one_of(0, 3, 9)})')})"
        if depth <= 0:
            return "nop"
        if choice == "if":
            other = f"(else {self.statement(depth - 1)})" if self.one_of(True, False) else ""
            return f"(if {self.value('i32', depth - 1)} (then {self.statement(depth - 1)} {self.statement(depth - 1)}) {other})"
        if choice == "block":
            label = self.label()
            return f"(block {label} {self.statement(depth - 1)} (br_if {label} {self.value('i32', depth - 1)}) {self.statement(depth - 1)})"
        if choice == "trap":
            return f"(if (i32.eq {self.value('i32', depth - 1)} (i32.const 7)) (then unreachable))"
        results = " ".join((self.value("i32", 0), self.value("i64", 0), self.value("i32", 0), self.value("i64", 0)))
        return f"(if {self.value('i32', depth - 1)} (then (return {results})))"


@st.composite
def programs(draw: Callable) -> str:
    """A module with memory, tables and globals, and a function ``f`` of an i32, an i64, an f32 and an f64."""
    writer = _Writer(draw)
    statements = " ".join(writer.statement(2) for _ in range(draw(st.integers(1, 4))))
    return MODULE.format(statements, *(writer.value(kind, draw(st.integers(1, 3))) for kind in KINDS))
