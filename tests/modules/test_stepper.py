"""The stepper computes what a real runtime computes, traps where it traps, and takes no more than it says."""

from __future__ import annotations

import math

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.errors import (
    ArgumentError,
    ArgumentRangeError,
    CompileError,
    ExportNotFound,
    GuestTrap,
    LabkitError,
    LimitExceeded,
    LinkError,
    TrapKind,
    Unsupported,
    WatError,
)
from labkit.modules.stepper import step

from .programs import programs

KINDS = {
    wasmtime.TrapCode.UNREACHABLE: TrapKind.UNREACHABLE,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.INTEGER_DIVIDE_BY_ZERO,
    wasmtime.TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.INVALID_CONVERSION,
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: TrapKind.MEMORY_OUT_OF_BOUNDS,
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: TrapKind.TABLE_OUT_OF_BOUNDS,
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: TrapKind.UNDEFINED_ELEMENT,
    wasmtime.TrapCode.BAD_SIGNATURE: TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    wasmtime.TrapCode.STACK_OVERFLOW: TrapKind.STACK_OVERFLOW,
}


@pytest.fixture(scope="module")
def engine() -> wasmtime.Engine:
    """Every NaN that is computed is the canonical one, as in the stepper."""
    config = wasmtime.Config()
    config.cranelift_nan_canonicalization = True
    return wasmtime.Engine(config)


floats = st.sampled_from((0.0, -0.0, 1.5, -1.0, 1e10, 1e300, math.inf, -math.inf, math.nan))
arguments = st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1), floats, floats)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), arguments)
def test_generated_programs(engine: wasmtime.Engine, text: str, args: tuple[int, int, float, float]) -> None:
    store = wasmtime.Store(engine)
    wasm = bytes(wasmtime.wat2wasm(text))
    exports = wasmtime.Instance(store, wasmtime.Module(engine, wasm), []).exports(store)
    function, memory = exports["f"], exports["memory"]
    assert isinstance(function, wasmtime.Func)
    assert isinstance(memory, wasmtime.Memory)
    trace = step(wasm, "f", args, limit=100_000)
    assert trace.finished
    try:
        expected: object = tuple(function(store, *args))
    except wasmtime.Trap as trap:
        expected = KINDS[trap.trap_code]
    assert (trace.trap or trace.results) == expected
    # What was written went where the runtime wrote it, step by step.
    image = bytearray(64 * 1024)
    image[8:24] = b"\x01\x80\xff\x7f\x00\x00\xc0\x7f\xff\xff\xff\xff\xff\xff\xf7\x7f"
    globals_seen = {0: 5, 1: -5}
    for moment in trace.steps:
        for write in moment.memory_written:
            image.extend(bytes(max(0, write.address + write.size_bytes - len(image))))
            assert image[write.address : write.address + len(write.before)] == write.before
            if write.size_bytes > len(write.after):
                return  # long writes are kept in part
            image[write.address : write.address + write.size_bytes] = write.after
        globals_seen.update({write.index: write.value.number for write in moment.globals_written})
    found = memory.read(store)
    image.extend(bytes(len(found) - len(image)))
    assert found == image
    for number, name in enumerate(("i32", "i64")):
        cell = exports[name]
        assert isinstance(cell, wasmtime.Global)
        assert cell.value(store) == globals_seen[number]


def test_the_steps_of_a_loop() -> None:
    trace = step(
        """(module (func (export "count") (param $n i32) (result i32) (local $i i32)
        (loop $again
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_s (local.get $i) (local.get $n))))
        (local.get $i)))""",
        "count",
        [3],
    )
    assert trace.results == (3,)
    assert [s.instruction.name for s in trace.steps].count("br_if") == 3
    assert [s.after.locals[1].number for s in trace.steps if s.new_locals == (1,)] == [1, 2, 3]
    for earlier, later in zip(trace.steps, trace.steps[1:]):
        assert earlier.after is later.before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("unreachable", TrapKind.UNREACHABLE),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", TrapKind.INTEGER_DIVIDE_BY_ZERO),
        ("(drop (i64.div_s (i64.const -9223372036854775808) (i64.const -1)))", TrapKind.INTEGER_OVERFLOW),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", TrapKind.INVALID_CONVERSION),
        ("(drop (i32.load (i32.const 65533)))", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("(drop (i32.load offset=4294967295 (i32.const -1)))", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("(drop (table.get (i32.const 2)))", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("(call_indirect (i32.const 9))", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("(call_indirect (i32.const 0))", TrapKind.UNDEFINED_ELEMENT),
        ("(call_indirect (i32.const 1))", TrapKind.INDIRECT_CALL_TYPE_MISMATCH),
        ("(call 0)", TrapKind.STACK_OVERFLOW),
    ],
)
def test_every_trap_is_the_runtime_s(engine: wasmtime.Engine, body: str, kind: TrapKind) -> None:
    text = f'(module (func (export "f") {body}) (func $other (param i32)) (memory 1) (table 2 funcref) (elem (i32.const 1) func $other))'
    trace = step(text, "f")
    assert trace.trap is kind
    assert trace.finished
    assert trace.results == ()
    assert trace.steps[-1].after is trace.steps[-1].before
    assert kind.value in trace.headline
    store = wasmtime.Store(engine)
    function = wasmtime.Instance(store, wasmtime.Module(engine, text), []).exports(store)["f"]
    assert isinstance(function, wasmtime.Func)
    with pytest.raises(wasmtime.Trap) as caught:
        function(store)
    assert KINDS[caught.value.trap_code] is kind


def test_host_functions_globals_and_start() -> None:
    calls: list[tuple[int, float]] = []

    def host(number: int, ratio: float) -> tuple[int, float]:
        calls.append((number, ratio))
        return -number, ratio * 2

    text = """(module (import "env" "pair" (func $pair (param i32 f64) (result i64 f32))) (import "env" "base" (global $base i32))
      (global $seen (mut i32) (i32.const 0)) (func $start (global.set $seen (global.get $base))) (start $start)
      (func (export "f") (result i32 i64 f32) (global.get $seen) (call $pair (i32.const 7) (f64.const 1.5))))"""
    trace = step(text, "f", imports={"env": {"pair": host, "base": 42}})
    assert trace.results == (42, -7, 3.0)
    assert calls == [(7, 1.5)]


def test_an_exception_of_a_host_function_comes_out_as_it_is() -> None:
    def host() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        step('(module (import "a" "b" (func)) (func (export "f") (call 0)))', "f", imports={"a": {"b": host}})


def test_functions_are_found_by_export_name_and_index() -> None:
    text = '(module (func $hidden (result i32) (i32.const 1)) (func (export "hidden2") (result i32) (i32.const 2)))'
    assert [step(text, which).results for which in ("hidden", "hidden2", 0, 1)] == [(1,), (2,), (1,), (2,)]


def test_a_limit_stops_the_trace() -> None:
    text = (
        '(module (memory 64) (func (export "f") (loop (br 0))) (func (export "g") (memory.fill (i32.const 0) (i32.const 0) (i32.const 4194304)) nop))'
    )
    trace = step(text, "f", limit=25)
    assert (len(trace.steps), trace.finished, trace.trap, trace.results) == (25, False, None, ())
    assert "not finished" in trace.headline
    assert len(step(text, "f", limit=0).steps) == 0
    # A bulk instruction costs what it moves.
    assert not step(text, "g", limit=60).finished
    assert step(text, "g", limit=70).finished


ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
NEEDS = '(module (import "env" "f" (func (result i32))) (func (export "g") (result i32) (call 0)))'


@pytest.mark.parametrize(
    ("source", "function", "args", "options", "error", "message"),
    [
        (ADD, "sub", [1, 2], {}, ExportNotFound, "no function 'sub'"),
        (ADD, 5, [1, 2], {}, ExportNotFound, "no function 5"),
        (ADD, -1, [1, 2], {}, ExportNotFound, "no function -1"),
        (ADD, True, [1, 2], {}, ExportNotFound, "no function True"),
        (ADD, None, [1, 2], {}, ExportNotFound, "no function None"),
        (ADD, ["add"], [1, 2], {}, ExportNotFound, "no function"),
        (NEEDS, 0, [], {"imports": {"env": {"f": int}}}, ExportNotFound, "is imported"),
        (ADD, "add", [1], {}, ArgumentError, "takes 2 arguments"),
        (ADD, "add", 5, {}, ArgumentError, "sequence"),
        (ADD, "add", [1, "2"], {}, ArgumentError, "Argument 1 must be an integer"),
        (ADD, "add", [1, 2.0], {}, ArgumentError, "Argument 1 must be an integer"),
        (ADD, "add", [True, 2], {}, ArgumentError, "Argument 0 must be an integer"),
        (ADD, "add", [2**32, 2], {}, ArgumentRangeError, "Argument 0 does not fit"),
        (ADD, "add", [-(2**31) - 1, 2], {}, ArgumentRangeError, "Argument 0 does not fit"),
        (ADD, "add", [1, 2], {"limit": -1}, ArgumentRangeError, "limit=-1"),
        (ADD, "add", [1, 2], {"limit": 1.5}, ArgumentRangeError, "limit=1.5"),
        (ADD, "add", [1, 2], {"limit": None}, ArgumentRangeError, "limit=None"),
        (ADD, "add", [1, 2], {"imports": 5}, LinkError, "imports"),
        (NEEDS, "g", [], {}, LinkError, "imports env.f"),
        (NEEDS, "g", [], {"imports": {"env": None}}, LinkError, "imports env.f"),
        (NEEDS, "g", [], {"imports": {"env": {"f": 5}}}, LinkError, "must be a function"),
        (NEEDS, "g", [], {"imports": {"env": {"f": lambda: "x"}}}, ArgumentError, "A result of env.f"),
        ("(module (func (export", "f", [], {}, WatError, "Line 1"),
        ('(module (func (export "f") (result i32)))', "f", [], {}, CompileError, "not valid"),
        ("(component)", "f", [], {}, Unsupported, "component"),
        ('(module (func (export "f") (drop (v128.const i32x4 0 0 0 0))))', "f", [], {}, Unsupported, "v128.const"),
        ('(module (memory i64 1) (func (export "f")))', "f", [], {}, Unsupported, "memory"),
        ('(module (memory 257) (func (export "f")))', "f", [], {}, LimitExceeded, "257 pages"),
        ('(module (table 10001 funcref) (func (export "f")))', "f", [], {}, LimitExceeded, "10001 entries"),
        (f'(module (func (export "f") {"nop " * 20_001}))', "f", [], {}, LimitExceeded, "more than 20000 instructions"),
        (f'(module (func (export "f") (local {"i32 " * 1001})))', "f", [], {}, LimitExceeded, "1001 locals"),
        ('(module (memory 1) (data (i32.const 65536) "x") (func (export "f")))', "f", [], {}, GuestTrap, "out of bounds memory access"),
    ],
)
def test_errors(source: str, function: object, args: object, options: dict[str, object], error: type[LabkitError], message: str) -> None:
    with pytest.raises(error, match=message):
        step(source, function, args, **options)  # type: ignore[arg-type]


def test_what_the_start_function_does_wrong_is_an_error() -> None:
    text = '(module (import "a" "b" (func $host)) (func $start {}) (start {}) (func (export "f") nop))'
    calls: list[int] = []
    imports = {"a": {"b": lambda: calls.append(1)}}
    with pytest.raises(GuestTrap, match="unreachable"):
        step(text.format("unreachable", "$start"), "f", imports=imports)
    with pytest.raises(LimitExceeded, match="not done after 30 steps"):
        step(text.format("(loop (br 0))", "$start"), "f", imports=imports, limit=30)
    assert len(step(text.format("(call $host)", "$start"), "f", imports=imports).steps) == 2
    assert len(step(text.format("", "$host"), "f", imports=imports).steps) == 2
    assert calls == [1, 1]


def test_the_stack_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="values are on the stack"):
        step(f'(module (func (export "f") {"i32.const 0 " * 1001} {"drop " * 1001}))', "f")


def test_memory_grows_no_further_than_a_host_can_bear() -> None:
    text = '(module (memory 1) (func (export "f") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))'
    assert step(text, "f", [255]).results == (1, 256)
    assert step(text, "f", [256]).results == (-1, 1)
    assert step(text, "f", [-1]).results == (-1, 1)


def test_values_at_the_border() -> None:
    text = '(module (func (export "f") (param i32 i64 f32 f64 externref) (result i32 i64 f32 f64 externref) {}))'
    trace = step(text.format(" ".join(f"local.get {number}" for number in range(5))), "f", [2**32 - 1, 2**63, 0.1, 10**300, None])
    assert trace.results == (-1, -(2**63), 0.10000000149011612, 1e300, None)
    with pytest.raises(ArgumentError, match="only null"):
        step(text.format("unreachable"), "f", [0, 0, 0, 0, object()])  # type: ignore[list-item]
    with pytest.raises(ArgumentRangeError, match="too large for f64"):
        step(text.format("unreachable"), "f", [0, 0, 0, 10**400, None])
