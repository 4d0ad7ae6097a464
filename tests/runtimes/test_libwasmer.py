"""What is the current Wasmer's own: fuel counted by Wasmer, references that end the process if they are handed over carelessly."""

from __future__ import annotations

import random
import threading
import time

import pytest

import labkit
from labkit.errors import GuestTrap, TrapKind, Unsupported
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.runtimes.libwasmer_fuel import START, defer_start
from tests.conftest import LIBWASMER_NAMES, require

LOOP = '(module (func (export "loop") (loop (br 0))) (func (export "one") (result i32) i32.const 1))'
FUEL = Limits(fuel=1_000_000)


@pytest.fixture(params=LIBWASMER_NAMES)
def engine(request):
    return labkit.runtime(require(request.param))


def test_every_instruction_costs_one_unit(engine):
    wat = '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.mul (local.get 0) (i32.const 3)))))'
    with engine.compile(wat).instantiate(limits=FUEL) as instance:
        assert instance.func("f")(2) == 8
        assert instance.store.fuel == 1_000_000 - 6  # five, and the end


def test_an_unreachable_of_the_guests_own_is_not_the_end_of_its_fuel(engine):
    with engine.compile('(module (func (export "f") unreachable))').instantiate(limits=FUEL) as instance:
        with pytest.raises(GuestTrap) as caught:
            instance.func("f")()
        assert caught.value.kind is TrapKind.UNREACHABLE
        assert instance.store.fuel > 0


def test_nothing_runs_on_the_rest_of_used_up_fuel(engine):
    with engine.compile(LOOP).instantiate(limits=Limits(fuel=7)) as instance:
        with pytest.raises(GuestTrap) as caught:
            instance.func("loop")()
        assert caught.value.kind is TrapKind.OUT_OF_FUEL
        assert instance.store.fuel == 0
        with pytest.raises(GuestTrap):
            instance.func("one")()


def test_fuel_that_ends_in_a_nested_call_ends_the_outer_one_too(engine):
    wat = '(module (import "h" "f" (func $f)) (func (export "outer") (loop (call $f) (br 0))) (func (export "inner") (loop (br 0))))'
    kinds = []

    def f() -> None:
        try:
            instance.func("inner")()
        except GuestTrap as trap:
            kinds.append(trap.kind)

    instance = engine.compile(wat).instantiate({"h": {"f": f}}, limits=FUEL)
    with pytest.raises(GuestTrap) as caught:
        instance.func("outer")()
    assert kinds == [TrapKind.OUT_OF_FUEL]
    assert caught.value.kind is TrapKind.OUT_OF_FUEL


def test_a_second_instance_with_fuel_in_one_store_is_refused(engine):
    with engine.store(limits=FUEL) as store:
        engine.compile(LOOP).instantiate(store=store)
        with pytest.raises(Unsupported, match="counts the fuel of one instance"):
            engine.compile(LOOP).instantiate(store=store)


def test_a_deserialized_module_has_no_fuel(engine):
    module = engine.deserialize(engine.compile(LOOP).serialize())
    with pytest.raises(Unsupported, match="without fuel"):
        module.instantiate(limits=FUEL)


@pytest.mark.parametrize("name", ["wasmer_metering_remaining_points", "wasmer_metering_points_exhausted"])
def test_a_guest_cannot_export_under_the_names_that_wasmer_counts_by(engine, name):
    module = engine.compile(f'(module (global (export "{name}") (mut i64) (i64.const 5)))')
    assert module.instantiate().global_(name).value == 5
    with pytest.raises(Unsupported, match="counting fuel"):
        module.instantiate(limits=FUEL)


STARTING = """(module (import "h" "f" (func $f (param i32))) {export}
  (memory 1) (table 1 funcref) (elem (i32.const 0) $start) (data (i32.const 0) "\\05")
  (func $start (call $f (i32.load8_u (i32.const 0)))) (start $start))"""


@pytest.mark.parametrize("export", ["", '(func (export "one") (result i32) i32.const 1)'])
def test_a_start_function_is_counted_and_runs_once_after_the_segments(engine, export):
    seen: list[int] = []
    module = engine.compile(STARTING.format(export=export))
    for fuel, ends in ((1_000, True), (1, False)):
        if ends:
            instance = module.instantiate({"h": {"f": seen.append}}, limits=Limits(fuel=fuel))
            assert instance.store.fuel < fuel
            assert START not in instance.exports
            assert not export or instance.func("one")() == 1
        else:
            with pytest.raises(GuestTrap) as caught:
                module.instantiate({"h": {"f": seen.append}}, limits=Limits(fuel=fuel))
            assert caught.value.kind is TrapKind.OUT_OF_FUEL
    assert seen == [5]


def test_deferring_a_start_function_changes_nothing_else():
    wasm = labkit.to_wasm(STARTING.format(export='(func (export "one") (result i32) i32.const 1)'))
    before, after = read_interface(wasm), read_interface(defer_start(wasm))
    assert after.imports == before.imports
    assert [export.name for export in after.exports] == ["one", START]
    assert defer_start(defer_start(wasm)) == defer_start(wasm)


def test_a_backtrace_has_the_offsets_of_the_module_that_was_given(engine):
    wasm = labkit.to_wasm(STARTING.format(export='(func $f2 (export "trap") unreachable)'))
    host = {"h": {"f": lambda _: None}}
    offsets = []
    for limits in (None, FUEL):
        with pytest.raises(GuestTrap) as caught:
            engine.compile(wasm).instantiate(host, limits=limits).func("trap")()
        offsets.append(caught.value.backtrace[0].module_offset)
    assert offsets[0] is None or wasm[offsets[0]] == 0x00  # unreachable
    if engine.name == "libwasmer":
        assert offsets[0] is not None


def test_other_threads_run_while_a_guest_does(engine):
    seen: list[float] = []
    with engine.compile(LOOP).instantiate(limits=Limits(fuel=2_000_000_000)) as instance:
        ended = threading.Event()
        thread = threading.Thread(target=lambda: [seen.append(time.monotonic()) for _ in iter(lambda: ended.wait(0.001), True)])
        thread.start()
        began = time.monotonic()
        with pytest.raises(GuestTrap):
            instance.func("loop")()
        over = time.monotonic()
        ended.set()
        thread.join()
    assert len([moment for moment in seen if began < moment < over]) > 5


def test_an_interrupt_in_a_host_function_comes_out_of_the_guest(run_python, engine):
    # In a process of its own: an interrupt may arrive at any instruction, of the test's own too.
    program = """
        import os, signal, sys, threading, labkit
        wat = '(module (import "host" "wait" (func $wait)) (func (export "loop") (loop (call $wait) (br 0))))'
        instance = labkit.runtime(sys.argv[1]).compile(wat).instantiate({"host": {"wait": lambda: None}})
        caught = 0
        for _ in range(5):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                instance.func("loop")()
            except KeyboardInterrupt:
                caught += 1
        print(caught, instance.store.host_depth)
    """
    assert run_python(program, engine.name).split() == ["5", "0"]


def test_python_functions_go_through_tables_and_references_whoever_hands_them_over(run_python, engine):
    program = """
        import sys, labkit
        wat = '''(module (import "h" "f" (func $f (result i32))) (table (export "t") 4 funcref) (elem (i32.const 3) $f)
          (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
          (func (export "same") (param funcref) (result funcref) (local.get 0))
          (export "f" (func $f)))'''
        instance = labkit.runtime(sys.argv[1]).compile(wat).instantiate({"h": {"f": lambda: 5}})
        table, call, same = instance.table("t"), instance.func("call"), instance.func("same")
        found = [call(3)]
        table.set(0, table.get(3))
        found.append(call(0))
        table.set(1, instance.func("f"))
        found.append(call(1))
        table.set(2, same(instance.store.func(lambda: 6, (), ("i32",))))
        found.append(call(2))
        table.set(0, same(table.get(1)))
        found.append(call(0))
        print(found, table.grow(1, instance.func("f")), call(4))
    """
    assert run_python(program, engine.name).strip() == "[5, 5, 5, 6, 5] 4 5"


def kinds_of(types: tuple[str, ...], word: str) -> str:
    return f"({word} {' '.join(types)})" if types else ""


@pytest.mark.parametrize("where", ["python", "a table", "a guest"])
def test_what_crosses_an_import_arrives_or_is_refused(engine, where):
    chance = random.Random(7)
    values = {
        "i32": lambda: chance.randrange(-(2**31), 2**31),
        "i64": lambda: chance.randrange(-(2**63), 2**63),
        "f32": lambda: 0.5,
        "f64": chance.random,
    }
    signatures = [tuple(chance.choice(list(values)) for _ in range(length)) for length in (*range(6), 9, 13, 20) for _ in range(8)]
    refused = 0
    for params in signatures:
        names = "".join(f"(local.get {i})" for i in range(len(params)))
        result = (params[-1],) if params else ()
        types = kinds_of(params, "param") + kinds_of(result, "result")
        call = f"(call_indirect {types} {names} (i32.const 0))" if where == "a table" else f"(call $f {names})"
        table = "(table 1 funcref) (elem (i32.const 0) $f)" if where == "a table" else ""
        user = f'(module (import "h" "f" (func $f {types})) {table} (func (export "g") {types} {call}))'
        arguments = tuple(values[kind]() for kind in params)
        seen: list[tuple] = []
        maker = engine.compile(f'(module (func (export "f") {types} {f"(local.get {len(params) - 1})" if params else ""}))')
        host = {"f": lambda *given, seen=seen: seen.append(given) or (given[-1] if given else None)} if where != "a guest" else maker.instantiate()
        try:
            got = engine.compile(user).instantiate({"h": host}).func("g")(*arguments)
        except labkit.LabkitError as error:
            if engine.name == "libwasmer-singlepass" and "garbles" in str(error):
                refused += 1
                continue
            raise
        assert got == (arguments[-1] if arguments else None), params
        assert where == "a guest" or seen == [arguments]
    assert refused == 0 or (engine.name == "libwasmer-singlepass" and where != "python" and refused < len(signatures))
