"""Native resources: closed in any order, any number of times, at any moment, and nothing left behind."""

from __future__ import annotations

import gc
import weakref

import pytest

from labkit.errors import Unsupported

WAT = """(module (import "h" "f" (func $f (result i32))) (memory (export "m") 1) (table (export "t") 1 funcref)
  (global (export "g") (mut i32) (i32.const 0))
  (func (export "call") (result i32) (call $f)) (func (export "one") (result i32) i32.const 1))"""


def test_closing_twice_and_in_any_order(engine):
    module = engine.compile(WAT)
    first = module.instantiate({"h": {"f": lambda: 1}})
    second = module.instantiate({"h": {"f": first.func("call")}})
    assert second.func("call")() == 1
    second.close()
    first.close()
    first.close()
    second.close()
    first.store.close()
    del module
    with engine.compile(WAT).instantiate({"h": {"f": lambda: 1}}) as third:
        third.close()


def test_closing_during_a_call_is_refused_and_the_call_goes_on(engine):
    def f() -> int:
        for close in (instance.close, instance.store.close):
            with pytest.raises(Unsupported, match="is running"):
                close()
        return 5

    instance = engine.compile(WAT).instantiate({"h": {"f": f}})
    assert instance.func("call")() == 5
    instance.close()


def test_an_instance_dropped_during_its_own_call_lives_until_the_call_ends(engine):
    def f() -> int:
        holder.clear()
        gc.collect()
        return 6

    holder = [engine.compile(WAT).instantiate({"h": {"f": f}})]
    assert holder[0].func("call")() == 6


def test_a_function_keeps_its_store_alive_and_nothing_else_does(engine):
    instance = engine.compile(WAT).instantiate({"h": {"f": lambda: 7}})
    store, call = weakref.ref(instance.store), instance.func("call")
    del instance
    gc.collect()
    assert call() == 7
    del call
    gc.collect()
    assert store() is None


def test_without_a_cycle_of_the_users_own_a_dropped_instance_is_free_at_once(engine):
    instance = engine.compile(WAT).instantiate({"h": {"f": lambda: 7}})
    instance.func("call")()
    instance.memory("m").read(0, 1)
    store = weakref.ref(instance.store)
    gc.disable()
    try:
        del instance
        assert store() is None
    finally:
        gc.enable()


def test_a_cycle_through_a_host_function_is_collected(engine):
    ring = {}
    ring["instance"] = engine.compile(WAT).instantiate({"h": {"f": lambda ring=ring: ring["instance"].memory("m").pages}})
    assert ring["instance"].func("call")() == 1
    store = weakref.ref(ring["instance"].store)
    del ring
    gc.collect()
    assert store() is None


def test_many_stores_die_in_the_collector_in_whatever_order(run_python, runtime_name):
    program = """
        import gc, random, sys, labkit
        module = labkit.runtime(sys.argv[1]).compile('(module (import "h" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))')
        rings = []
        for _ in range(200):
            ring = {}
            ring["instance"] = module.instantiate({"h": {"f": lambda ring=ring: len(ring)}})
            ring["call"], ring["self"] = ring["instance"].func("g"), ring
            assert ring["call"]() == 3
            rings.append(ring)
        random.Random(3).shuffle(rings)
        del ring
        while rings:
            rings.pop()
            if len(rings) % 50 == 0:
                gc.collect()
        print(gc.collect() >= 0)
    """
    assert run_python(program, runtime_name).strip() == "True"


@pytest.mark.parametrize("held", ["a global name", "a cycle", "a module attribute", "a running daemon thread", "an atexit function"])
def test_the_interpreter_ends_quietly_whatever_is_still_open(run_python, runtime_name, held):
    if held == "a running daemon thread" and not runtime_name.startswith("wasmtime"):
        return  # Python ends the process when such a thread comes back from the binding to an interpreter that is gone
    program = '''
        import atexit, sys, threading, labkit
        name, held = sys.argv[1:]
        module = labkit.runtime(name).compile("""(module (import "h" "f" (func $f (result i32)))
          (memory (export "m") 1) (func (export "g") (result i32) (call $f)))""")
        def make():
            return module.instantiate({"h": {"f": lambda: 3}})
        instance = make()
        function, view = instance.func("g"), instance.memory("m").view()
        if held == "a cycle":
            ring = {"instance": instance}
            ring["self"] = ring
            del instance, function, view
        elif held == "a module attribute":
            labkit.kept = sys.kept = labkit.errors.kept = (instance, function, view)
        elif held == "a running daemon thread":
            ready = threading.Event()
            def work():
                mine = make()
                ready.set()
                while True:
                    mine.func("g")()
            threading.Thread(target=work, daemon=True).start()
            ready.wait()
        elif held == "an atexit function":
            atexit.register(lambda: print(function(), len(view)))
        print("end")
    '''
    assert run_python(program, runtime_name, held).split() in (["end"], ["end", "3", "65536"])


LEAK = """
    import gc, sys, labkit
    engine = labkit.runtime(sys.argv[1])
    module = engine.compile('''(module (import "h" "f" (func $f (param i32) (result i32))) (memory (export "m") 2) (table (export "t") 8 funcref)
      (elem (i32.const 0) $g) (data (i32.const 0) "data") (func $g (export "g") (param i32) (result i32) (call $f (local.get 0))))''')
    def kib():
        gc.collect()
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    def turn(way):
        instance = module.instantiate({"h": {"f": lambda value: value + 1}})
        assert instance.func("g")(1) == 2
        instance.memory("m").write(100, b"touched")
        if way == "closed":
            instance.close()
        elif way == "trapped":
            try:
                instance.func("g")(2**31 - 1)
            except OverflowError:
                pass
    ways = ("dropped", "closed", "trapped")
    for number in range(1000):
        turn(ways[number % 3])
    before = kib()
    for number in range(9000):
        turn(ways[number % 3])
    print(kib() - before)
"""


@pytest.mark.any_python
def test_ten_thousand_instances_dropped_closed_and_trapped_leave_memory_where_it_was_after_a_thousand(run_python, runtime_name):
    assert int(run_python(LEAK, runtime_name, seconds=280)) < 2 * 1024, "KiB more than after the first thousand"


@pytest.mark.any_python
def test_calls_traps_and_callbacks_leave_nothing_behind(run_python, runtime_name):
    program = """
        import gc, sys, labkit
        module = labkit.runtime(sys.argv[1]).compile('''(module (import "h" "f" (func $f (param i64) (result i64)))
          (func (export "call") (param i64) (result i64) (call $f (local.get 0))) (func (export "trap") unreachable))''')
        instance = module.instantiate({"h": {"f": lambda value: value // 3}})
        call, trap = instance.func("call"), instance.func("trap")
        def kib():
            gc.collect()
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        def work(turns):
            for number in range(turns):
                call(number)
                call.call_bits(number)
                if number % 10 == 0:
                    try:
                        trap()
                    except labkit.GuestTrap:
                        pass
                    try:
                        call("wrong")
                    except labkit.LabkitError:
                        pass
        work(20_000)
        before = kib()
        work(100_000)
        print(kib() - before)
    """
    assert int(run_python(program, runtime_name)) < 4 * 1024


def test_references_leave_nothing_behind(run_python):
    program = """
        import gc, labkit
        instance = labkit.runtime("wasmtime").compile('''(module (import "h" "f" (func $f (param externref) (result externref)))
          (func (export "call") (param externref) (result externref) (call $f (local.get 0))))''').instantiate({"h": {"f": lambda value: value}})
        call = instance.func("call")
        def kib():
            gc.collect()
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        def work(turns):
            for number in range(turns):
                assert call(bytes(1000))
        work(5_000)
        before = kib()
        work(50_000)
        print(kib() - before)
    """
    assert int(run_python(program)) < 16 * 1024
