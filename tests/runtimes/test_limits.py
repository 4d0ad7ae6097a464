"""Limits: enforced where a runtime can, refused by name where it cannot, never ignored."""

from __future__ import annotations

import pytest

import labkit
from labkit.errors import ArgumentError, GuestTrap, LimitExceeded, OutOfBounds, TrapKind, UnsupportedLimit
from labkit.limits import Limits

WAT = """(module
  (memory (export "memory") 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i))
  (func (export "loop") (loop (br 0))))"""


@pytest.fixture(params=["wasmtime", "wasmtime-winch"])
def limiting(request):
    return labkit.runtime(request.param)


@pytest.fixture
def fuelled(engine):
    """A runtime with fuel; what the others do is tested below."""
    if "fuel" not in engine.enforces:
        with pytest.raises(UnsupportedLimit):
            engine.store(limits=Limits(fuel=1))
        return labkit.runtime("wasmtime")
    return engine


@pytest.mark.parametrize("limits", [Limits(time=1.0), Limits(memory="1MiB"), Limits(fuel=1000), Limits(output=10)], ids=str)
def test_a_limit_is_enforced_or_refused_by_name(engine, limits):
    name = limits.set_names()[0]
    if name in engine.enforces:
        engine.compile(WAT).instantiate(limits=limits).close()
        return
    for attempt in (lambda: engine.store(limits=limits), lambda: engine.compile(WAT).instantiate(limits=limits)):
        with pytest.raises(UnsupportedLimit, match=rf"{engine.name} .* cannot enforce Limits\({name}=") as caught:
            attempt()
        assert caught.value.remedy


def test_what_each_runtime_enforces(engine):
    enforced = {"wasmtime": frozenset({"time", "memory", "fuel"}), "libwasmer": frozenset({"fuel"})}
    assert engine.enforces == enforced.get(engine.name.partition("-")[0], frozenset())
    assert engine.interruptible == engine.name.startswith("wasmtime")


def test_no_limits_are_as_good_as_none(engine):
    assert engine.compile(WAT).instantiate(limits=Limits()).func("count")(10) == 10


def test_memory_grows_to_its_limit_and_no_further(limiting):
    instance = limiting.compile(WAT).instantiate(limits=Limits(memory=4 * 65536))
    assert instance.func("grow")(2) == 1
    assert instance.func("grow")(2) == -1
    assert instance.memory().grow(1) == 3
    with pytest.raises(OutOfBounds, match="cannot grow"):
        instance.memory().grow(1)
    assert instance.memory().pages == 4


def test_a_module_that_starts_beyond_its_memory_limit_is_refused(limiting):
    with pytest.raises(LimitExceeded, match="memory"):
        limiting.compile("(module (memory 3))").instantiate(limits=Limits(memory=2 * 65536))
    with pytest.raises(OutOfBounds), limiting.store(limits=Limits(memory=65536)) as store:
        store.memory(2)
    assert limiting.compile("(module (memory 2))").instantiate(limits=Limits(memory=2 * 65536)).exports == {}


def test_fuel_runs_out_as_a_trap_and_is_counted(fuelled):
    instance = fuelled.compile(WAT).instantiate(limits=Limits(fuel=10_000))
    before = instance.store.fuel
    assert before == 10_000
    assert instance.func("count")(100) == 100
    used = before - instance.store.fuel
    assert 100 < used < 2000
    with pytest.raises(GuestTrap) as caught:
        instance.func("loop")()
    assert caught.value.kind is TrapKind.OUT_OF_FUEL
    assert caught.value.backtrace
    with pytest.raises(GuestTrap):
        instance.func("count")(1)
    twin = fuelled.compile(WAT).instantiate(limits=Limits(fuel=10_000))
    twin.func("count")(100)
    assert 10_000 - twin.store.fuel == used  # the same work costs the same fuel


def test_no_fuel_at_all_stops_a_start_function(fuelled):
    with pytest.raises(GuestTrap) as caught:
        fuelled.compile("(module (func $f (loop (br 0))) (start $f))").instantiate(limits=Limits(fuel=0))
    assert caught.value.kind is TrapKind.OUT_OF_FUEL


def test_a_store_without_fuel_says_so(engine):
    with engine.store() as store, pytest.raises(UnsupportedLimit, match="no fuel"):
        _ = store.fuel


def test_a_time_limit_stops_a_start_function_too(limiting):
    with pytest.raises(GuestTrap) as caught:
        limiting.compile("(module (func $f (loop (br 0))) (start $f))").instantiate(limits=Limits(time=0.05))
    assert caught.value.kind is TrapKind.DEADLINE


def test_a_time_limit_covers_the_calls_that_a_host_function_makes(limiting):
    module = limiting.compile(
        '(module (import "h" "f" (func $f)) (func (export "g") (loop (call $f) (br 0))) (func (export "one") (result i32) i32.const 1))'
    )
    called: list[int] = []
    instance = module.instantiate({"h": {"f": lambda: called.append(instance.func("one")())}}, limits=Limits(time=0.1))
    for _ in range(2):
        with pytest.raises(GuestTrap) as caught:
            instance.func("g")()
        assert caught.value.kind is TrapKind.DEADLINE
    assert instance.func("one")() == 1
    assert set(called) == {1}


def test_all_limits_together(limiting):
    instance = limiting.compile(WAT).instantiate(limits=Limits(time=5.0, memory="1MiB", fuel=1_000_000))
    assert instance.func("count")(1000) == 1000
    assert instance.func("grow")(100) == -1


def test_limits_for_a_store_that_exists_are_refused(engine):
    with engine.store() as store, pytest.raises(ArgumentError, match="exists already"):
        engine.compile(WAT).instantiate(limits=Limits(), store=store)
