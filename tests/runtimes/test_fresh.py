"""Fresh instances: each call on one of its own, and the pool that they can be taken from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

import labkit
from labkit.errors import ArgumentError, ArgumentRangeError, ExportNotFound, GuestTrap, LimitExceeded, TrapKind, Unsupported
from labkit.limits import Limits
from labkit.runtimes import _wasmtime_ffi as private

WAT = """(module (memory (export "memory") 1) (table (export "t") 4 funcref) (data (i32.const 0) "\\05") (global $g (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (i32.add (global.get $g) (i32.load8_u (i32.const 0))))
  (func (export "sub") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
  (func (export "half") (param f32) (result f64) (f64.promote_f32 (f32.div (local.get 0) (f32.const 2))))
  (func (export "none"))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "fac") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (i32.mul (local.get 0) (call 5 (i32.sub (local.get 0) (i32.const 1))))))))"""
SIMD = '(module (func (export "v") (result v128) (v128.const i64x2 0 0)))'
HOST = '(module (import "h" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))'
NEEDS_PRIVATE = "the pool takes the private bindings of wasmtime"


@pytest.fixture(params=["interruptible", "bare", "pooled"])
def wasmtime(request):
    """Wasmtime in the three ways in which instances of its are made."""
    if request.param == "interruptible":
        return labkit.runtime("wasmtime")
    return labkit.runtime("wasmtime", interruptible=False, pooled_instances=20 if request.param == "pooled" else 0)


def test_each_call_has_an_instance_of_its_own(engine):
    count = engine.compile(WAT).fresh("count")
    assert [count() for _ in range(3)] == [7, 7, 7]


def test_values_and_mistakes_are_those_of_a_bound_function(wasmtime):
    module = wasmtime.compile(WAT)
    assert module.fresh("sub")(2**62, -(2**62)) == -(2**63)
    assert module.fresh("half")(0.1) == 0.05000000074505806
    assert module.fresh("none")() is None
    assert module.fresh("fac")(10) == 3628800
    sub = module.fresh("sub")
    for arguments in ((), (1,), (1, 2, 3), (1, "2"), (1, None), (1, 2.5)):
        with pytest.raises(ArgumentError):
            sub(*arguments)
    with pytest.raises(ArgumentRangeError):
        sub(1, 2**63)
    with pytest.raises(ArgumentError):
        sub(1, 2, key=3)
    assert sub(3, 2) == 1


def test_a_trap_is_labkits_and_the_next_call_is_well(wasmtime):
    divide = wasmtime.compile(WAT).fresh("divide")
    for _ in range(30):
        with pytest.raises(GuestTrap) as trapped:
            divide(0)
        assert trapped.value.kind is TrapKind.INTEGER_DIVIDE_BY_ZERO
        assert trapped.value.backtrace
    assert divide(1) == 1


def test_a_start_function_that_traps_stops_the_call(wasmtime):
    module = wasmtime.compile('(module (func $s unreachable) (start $s) (func (export "f") (result i32) i32.const 1))')
    for _ in range(3):
        with pytest.raises(GuestTrap) as trapped:
            module.fresh("f")()
        assert trapped.value.kind is TrapKind.UNREACHABLE


def test_host_functions_and_limits_take_the_same_way(engine):
    module = engine.compile(HOST)
    calls = []
    call = module.fresh("g", {"h": {"f": lambda: len(calls)}})
    assert call() == 0
    calls.append(1)
    assert call() == 1
    if "fuel" in engine.enforces:
        with pytest.raises(GuestTrap) as trapped:
            engine.compile(WAT).fresh("fac", limits=Limits(fuel=20))(1000)
        assert trapped.value.kind is TrapKind.OUT_OF_FUEL


def test_what_cannot_be_bound_is_refused_at_once(engine):
    module = engine.compile(WAT)
    with pytest.raises(ExportNotFound, match="It exports 'memory'"):
        module.fresh("absent")
    with pytest.raises(ExportNotFound, match="is a memory, not a function"):
        module.fresh("memory")
    other = engine.compile('(module (func (export "f") (result i32) i32.const 1))').instantiate()
    with pytest.raises(ArgumentError, match="live in its store"):
        engine.compile(HOST).fresh("g", {"h": other})


def test_a_type_that_cannot_cross_is_refused_by_name():
    with pytest.raises(Unsupported, match="v128"):
        labkit.runtime("wasmtime", interruptible=False).compile(SIMD).fresh("v")


def test_threads_call_at_once(wasmtime):
    fac = wasmtime.compile(WAT).fresh("fac")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fac, [10] * 400)) == [3628800] * 400


def test_a_function_outlives_its_module(wasmtime):
    fac = wasmtime.compile(WAT).fresh("fac")
    assert fac(5) == 120


@pytest.mark.skipif(not private.PRIVATE, reason=NEEDS_PRIVATE)
def test_a_pool_that_is_used_up_says_so_and_has_room_again_after_a_close():
    module = labkit.runtime("wasmtime", pooled_instances=3).compile(WAT)
    held = [module.instantiate() for _ in range(3)]
    with pytest.raises(LimitExceeded, match="pooled_instances"):
        module.instantiate()
    held.pop().close()
    with module.instantiate() as instance:
        assert instance.func("count")() == 7
        instance.memory().write(100, b"kept")
    with module.instantiate() as instance:
        assert instance.memory().read(100, 4) == b"\0\0\0\0"
        assert instance.func("count")() == 7


@pytest.mark.skipif(not private.PRIVATE, reason=NEEDS_PRIVATE)
def test_a_pool_larger_than_the_addresses_is_refused_and_the_process_lives():
    for many in (2**31 - 1, 2**60):
        with pytest.raises(LimitExceeded, match="addresses of a pool"):
            labkit.runtime("wasmtime", pooled_instances=many).compile(WAT)


@pytest.mark.skipif(not private.PRIVATE, reason=NEEDS_PRIVATE)
def test_limits_hold_in_a_pool():
    grow = '(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))'
    module = labkit.runtime("wasmtime", interruptible=False, pooled_instances=2).compile(grow)
    with module.instantiate(limits=Limits(memory="1MiB")) as instance:
        assert instance.func("grow")(15) == 1
        assert instance.func("grow")(1) == -1
    assert module.fresh("grow")(1000) == 1


@pytest.mark.parametrize("pooled", [-1, 1.5, "10", True])
def test_a_number_of_instances_that_is_none_is_refused(pooled):
    with pytest.raises(ArgumentError, match="no number of instances"):
        labkit.runtime("wasmtime", pooled_instances=pooled)


def test_a_pool_of_a_runtime_without_one_is_refused():
    with pytest.raises(Unsupported, match="no pool"):
        labkit.runtime("wasmer", pooled_instances=10)


def test_without_the_private_bindings_calls_are_fresh_and_a_pool_is_refused(run_python):
    program = """
        import labkit
        from labkit.errors import Unsupported
        module = labkit.runtime("wasmtime", interruptible=False).compile('(module (func (export "one") (result i32) i32.const 1))')
        assert module.fresh("one")() == 1
        try:
            labkit.runtime("wasmtime", pooled_instances=10)
        except Unsupported as error:
            print("private bindings" in str(error))
    """
    assert run_python(program, LABKIT_WASMTIME_STOCK="1").strip() == "True"
