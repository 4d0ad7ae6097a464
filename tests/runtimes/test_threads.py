"""One store a thread, any number of threads; a store in the wrong thread is refused before anything happens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit.errors import GuestTrap, TrapKind, WrongThread

WAT = """(module (import "h" "f" (func $f (param i64) (result i64))) (memory (export "m") 1) (table (export "t") 1 funcref)
  (global (export "g") (mut i64) (i64.const 0))
  (func (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1)) (else (i64.mul (local.get 0) (call 1 (i64.sub (local.get 0) (i64.const 1)))))))
  (func (export "call") (param i64) (result i64) (call $f (local.get 0)))
  (func (export "trap") unreachable))"""


def in_a_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_every_use_in_another_thread_is_refused(engine):
    instance = engine.compile(WAT).instantiate({"h": {"f": lambda value: value}})
    function, memory, table, variable, store = instance.func("fac"), instance.memory("m"), instance.table("t"), instance.global_("g"), instance.store
    view = memory.view()
    uses = [
        lambda: function(3),
        lambda: function.call_bits(3),
        lambda: function("wrong"),
        lambda: instance.func("fac"),
        lambda: memory.read(0, 1),
        lambda: memory.write(0, b"x"),
        lambda: memory.grow(1),
        lambda: memory.size_bytes,
        lambda: view[0],
        lambda: table.get(0),
        lambda: table.size,
        lambda: table.set(0, None),
        lambda: variable.value,
        lambda: variable.bits,
        lambda: setattr(variable, "value", 1),
        lambda: store.memory(1),
        lambda: store.func(print),
        lambda: instance.module.instantiate({"h": {"f": print}}, store=store),
        instance.close,
        store.close,
    ]
    for use in uses:
        with pytest.raises(WrongThread, match="belongs to the thread"):
            in_a_thread(use)
    assert function(5) == 120
    assert memory.read(0, 1) == b"\0"
    assert not store.closed


def test_a_module_is_shared_and_each_thread_has_its_own_store(engine):
    module, errors = engine.compile(WAT), []
    start = threading.Barrier(8)

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(60):
                own = KeyError(number, turn)

                def f(value: int, own: Exception = own) -> int:
                    if value < 0:
                        raise own
                    return value + number

                with module.instantiate({"h": {"f": f}}) as instance:
                    assert instance.func("fac")(10) == 3628800
                    assert instance.func("call")(turn) == turn + number
                    with pytest.raises(KeyError) as raised:
                        instance.func("call")(-1)
                    assert raised.value is own
                    with pytest.raises(GuestTrap) as trapped:
                        instance.func("trap")()
                    assert trapped.value.kind is TrapKind.UNREACHABLE
                    instance.memory("m").write(0, bytes([number]))
                    assert instance.memory("m").read(0, 1) == bytes([number])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_threads_compile_the_same_module_at_once(engine):
    with ThreadPoolExecutor(4) as pool:
        modules = list(pool.map(engine.compile, [WAT] * 12))
    assert all(module.instantiate({"h": {"f": lambda value: value}}).func("fac")(5) == 120 for module in modules)


def test_a_store_dropped_by_another_thread_is_freed(engine):
    box = []
    in_a_thread(lambda: box.append(engine.compile(WAT).instantiate({"h": {"f": lambda value: value}})))
    with pytest.raises(WrongThread):
        box[0].func("fac")
    box.clear()
    assert engine.compile(WAT).instantiate({"h": {"f": lambda value: value}}).func("fac")(5) == 120


def test_an_exception_in_references_stays_with_its_thread():
    import labkit

    wat = """(module (import "h" "f" (func $f (param externref) (result externref)))
      (func (export "g") (param externref) (result externref) (call $f (local.get 0))))"""
    module = labkit.runtime("wasmtime").compile(wat)

    def work(number: int) -> bool:
        own = KeyError(number)

        def f(_: object) -> object:
            raise own

        with module.instantiate({"h": {"f": f}}) as instance:
            for _ in range(100):
                with pytest.raises(KeyError) as raised:
                    instance.func("g")(1)
                if raised.value is not own:
                    return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(12)))
