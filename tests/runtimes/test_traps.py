"""Traps: one module, one kind for each cause, on every runtime; with a backtrace where the runtime has one."""

from __future__ import annotations

import re
import struct

import pytest

import labkit
from labkit.errors import Frame, GuestTrap, TrapKind

WAT = """(module $traps
  (type $none (func)) (type $one (func (result i32)))
  (memory 1) (table $table 4 funcref) (elem (i32.const 1) $nothing)
  (func $nothing)
  (func (export "unreachable") unreachable)
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "remainder") (param i64) (result i64) (i64.rem_u (i64.const 1) (local.get 0)))
  (func (export "overflow") (param i32) (result i32) (i32.div_s (i32.const 0x80000000) (local.get 0)))
  (func (export "overflow64") (param i64) (result i64) (i64.div_s (i64.const 0x8000000000000000) (local.get 0)))
  (func (export "truncate") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "truncate32") (param f32) (result i64) (i64.trunc_f32_u (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store") (param i32) (i32.store8 offset=65535 (local.get 0) (i32.const 1)))
  (func (export "fill") (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 65530)))
  (func (export "copy") (param i32) (table.copy (local.get 0) (i32.const 0) (i32.const 3)))
  (func (export "call") (param i32) (call_indirect (type $none) (local.get 0)))
  (func (export "call_one") (param i32) (result i32) (call_indirect (type $one) (local.get 0)))
  (func $deep (export "deep") (param i64) (result i64) (i64.add (i64.const 1) (call $deep (i64.add (local.get 0) (i64.const 1)))))
  (func $outer (export "outer") (call $inner)) (func $inner (call $innermost)) (func $innermost unreachable))"""

CAUSES = [
    ("unreachable", (), TrapKind.UNREACHABLE),
    ("divide", (0,), TrapKind.INTEGER_DIVIDE_BY_ZERO),
    ("remainder", (0,), TrapKind.INTEGER_DIVIDE_BY_ZERO),
    ("overflow", (-1,), TrapKind.INTEGER_OVERFLOW),
    ("overflow64", (-1,), TrapKind.INTEGER_OVERFLOW),
    ("truncate", (1e10,), TrapKind.INTEGER_OVERFLOW),
    ("truncate", (float("-inf"),), TrapKind.INTEGER_OVERFLOW),
    ("truncate", (float("nan"),), TrapKind.INVALID_CONVERSION),
    ("truncate32", (-1.0,), TrapKind.INTEGER_OVERFLOW),
    ("truncate32", (float("nan"),), TrapKind.INVALID_CONVERSION),
    ("load", (65533,), TrapKind.MEMORY_OUT_OF_BOUNDS),
    ("load", (-1,), TrapKind.MEMORY_OUT_OF_BOUNDS),
    ("store", (1,), TrapKind.MEMORY_OUT_OF_BOUNDS),
    ("fill", (7,), TrapKind.MEMORY_OUT_OF_BOUNDS),
    ("copy", (2,), TrapKind.TABLE_OUT_OF_BOUNDS),
    ("call", (4,), TrapKind.TABLE_OUT_OF_BOUNDS),
    ("call", (-1,), TrapKind.TABLE_OUT_OF_BOUNDS),
    ("call", (0,), TrapKind.UNDEFINED_ELEMENT),
    ("call_one", (1,), TrapKind.INDIRECT_CALL_TYPE_MISMATCH),
    ("deep", (0,), TrapKind.STACK_OVERFLOW),
]


@pytest.mark.parametrize(("name", "arguments", "kind"), CAUSES)
def test_each_cause_has_its_kind_on_every_runtime(engine, name, arguments, kind):
    instance = engine.compile(WAT).instantiate()
    for _ in range(3):
        with pytest.raises(GuestTrap) as caught:
            instance.func(name)(*arguments)
        trap = caught.value
        assert (trap.kind, trap.runtime) == (kind, engine.name)
        assert kind.value in str(trap)
        assert trap.remedy in str(trap)
        assert trap.detail
        assert trap.__cause__ is None
    assert instance.func("divide")(1) == 1  # and the instance still works
    codes = [{"i32": "iI", "i64": "qQ", "f32": "fI", "f64": "dQ"}[type] for type in instance.func(name).type.params]
    bits = [struct.unpack(code[1], struct.pack(code[0], value))[0] for code, value in zip(codes, arguments)]
    with pytest.raises(GuestTrap) as caught:
        instance.func(name).call_bits(*bits)
    assert caught.value.kind is kind


def test_every_kind_a_guest_can_cause_by_itself_is_tried():
    by_limits = {TrapKind.OUT_OF_FUEL, TrapKind.DEADLINE, TrapKind.OTHER}
    assert {kind for _, _, kind in CAUSES} == set(TrapKind) - by_limits


def test_a_backtrace_has_the_innermost_frame_first_and_the_names_of_the_name_section(engine):
    instance = engine.compile(WAT).instantiate()
    with pytest.raises(GuestTrap) as caught:
        instance.func("outer")()
    frames = caught.value.backtrace
    depth = 1 if engine.name == "wasmer-singlepass" else 3  # its unwinder sees no further
    assert [frame.function_name for frame in frames] == ["innermost", "inner", "outer"][:depth]
    assert [frame.function_index for frame in frames] == [17, 16, 15][:depth]
    assert "\n  in innermost" in str(caught.value)
    if engine.name.startswith("wasmtime"):
        wasm = labkit.to_wasm(WAT)
        assert wasm[frames[0].module_offset] == 0x00  # unreachable
        assert wasm[frames[1].module_offset] == wasm[frames[2].module_offset] == 0x10  # call


def test_frames_without_names_are_counted(engine):
    with pytest.raises(GuestTrap) as caught:
        engine.compile('(module (func) (func (export "f") unreachable))').instantiate().func("f")()
    assert [(frame.function_index, frame.function_name) for frame in caught.value.backtrace] == [(1, None)]
    assert re.search(r"in function 1\b", str(caught.value))


def test_a_deep_backtrace_has_its_innermost_frames(engine):
    with pytest.raises(GuestTrap) as caught:
        engine.compile(WAT).instantiate().func("deep")(0)
    assert len(caught.value.backtrace) <= 20
    assert str(caught.value).count("\n  in ") == len(caught.value.backtrace)


def test_a_trap_in_a_start_function_comes_out_of_instantiate_with_its_kind(engine):
    module = engine.compile("(module (func $boom unreachable) (start $boom))")
    store = engine.store()
    for arguments in ({}, {"store": store}):
        with pytest.raises(GuestTrap) as caught:
            module.instantiate(**arguments)
        assert caught.value.kind is TrapKind.UNREACHABLE
        assert [frame.function_name for frame in caught.value.backtrace] == ["boom"]
    assert engine.compile(WAT).instantiate(store=store).func("divide")(1) == 1


@pytest.mark.parametrize(
    ("wat", "kind"),
    [
        ('(module (memory 1) (data (i32.const 65533) "long"))', TrapKind.MEMORY_OUT_OF_BOUNDS),
        ('(module (memory 0) (data (i32.const -1) "x"))', TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))", TrapKind.TABLE_OUT_OF_BOUNDS),
    ],
)
def test_a_segment_that_does_not_fit_traps(engine, wat, kind):
    with pytest.raises(GuestTrap) as caught:
        engine.compile(wat).instantiate()
    assert caught.value.kind is kind


def test_frames_show_what_is_known():
    assert str(Frame(3)) == "function 3"
    assert str(Frame(3, "f", 0x1F)) == "f at byte 0x1f"


def test_traps_of_all_runtimes_in_any_order_in_one_process(run_python):
    program = """
        import random, labkit
        from tests_wat import WAT
        instances = [labkit.runtime(row.name).compile(WAT).instantiate() for row in labkit.runtimes() if row.available and row.in_process]
        chance = random.Random(5)
        for _ in range(100):
            instance = chance.choice(instances)
            name, argument = chance.choice([("divide", 0), ("load", -1), ("call", 0), ("deep", 0)])
            try:
                instance.func(name)(argument)
            except labkit.GuestTrap as trap:
                assert trap.runtime == instance.module.runtime.name
            else:
                raise SystemExit("no trap")
        print(len(instances))
    """.replace("from tests_wat import WAT", f"WAT = {WAT!r}")
    assert int(run_python(program)) >= 2
