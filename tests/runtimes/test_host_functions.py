"""Python functions that guests call: arguments, results, and exceptions that pass through the guest unharmed."""

from __future__ import annotations

import math
import traceback

import pytest

from labkit.errors import ArgumentError, ArgumentRangeError, GuestTrap, LabkitError, LinkError, TrapKind
from labkit.modules.types import FuncType

CALLER = """(module
  (import "host" "f" (func $f (param i32) (result i32)))
  (func (export "call") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "trap") (result i32) unreachable)
  (func (export "one") (result i32) i32.const 1))"""


class Wanted(Exception):
    pass


class WantedBase(BaseException):
    pass


def test_arguments_and_results_cross_exactly(engine):
    wat = """(module
      (import "h" "i" (func $i (param i32 i64) (result i64)))
      (import "h" "f" (func $f (param f32 f64) (result f64)))
      (import "h" "n" (func $n))
      (func (export "i") (param i32 i64) (result i64) (call $n) (call $i (local.get 0) (local.get 1)))
      (func (export "f") (param f32 f64) (result f64) (call $f (local.get 0) (local.get 1))))"""
    seen = []
    host = {"i": lambda a, b: seen.append((a, b)) or b, "f": lambda a, b: seen.append((a, b)) or a, "n": lambda: seen.append(())}
    instance = engine.compile(wat).instantiate({"h": host})
    assert instance.func("i")(-1, -(2**63)) == -(2**63)
    assert instance.func("f")(1.5, math.inf) == 1.5
    assert instance.func("f")(math.inf, 0.1) == math.inf
    assert seen == [(), (-1, -(2**63)), (1.5, math.inf), (math.inf, 0.1)]
    assert all(type(value) in (int, float) for values in seen for value in values)


def test_several_results_from_the_host(engine):
    wat = """(module (import "h" "pair" (func $pair (result i32 f64)))
      (func (export "sum") (result f64) (local $f f64) call $pair local.set $f f64.convert_i32_s local.get $f f64.add))"""
    if engine.name.endswith("singlepass"):
        with pytest.raises(LabkitError):
            engine.compile(wat).instantiate({"h": {"pair": lambda: (40, 2.5)}})
        return
    assert engine.compile(wat).instantiate({"h": {"pair": lambda: (40, 2.5)}}).func("sum")() == 42.5
    assert engine.compile(wat).instantiate({"h": {"pair": lambda: [40, 2]}}).func("sum")() == 42
    for wrong in ((), (1,), (1, 2.0, 3), 1, None, "ab", ("a", "b")):
        instance = engine.compile(wat).instantiate({"h": {"pair": lambda wrong=wrong: wrong}})
        with pytest.raises(ArgumentError, match="host function"):
            instance.func("sum")()


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        (None, ArgumentError),
        ("1", ArgumentError),
        (1.5, ArgumentError),
        ((1,), ArgumentError),
        (2**31, ArgumentRangeError),
        (-(2**80), ArgumentRangeError),
    ],
)
def test_a_wrong_result_of_the_host_is_a_clean_error(engine, returned, error):
    instance = engine.compile(CALLER).instantiate({"host": {"f": lambda _: returned}})
    with pytest.raises(error, match="host function"):
        instance.func("call")(1)
    assert instance.func("one")() == 1


def test_a_result_where_none_is_wanted_is_refused(engine):
    instance = engine.compile('(module (import "h" "f" (func $f)) (func (export "g") (call $f)))').instantiate({"h": {"f": lambda: 1}})
    with pytest.raises(ArgumentError, match="returned 1, not nothing"):
        instance.func("g")()


@pytest.mark.parametrize(
    "exception",
    [
        Wanted("mine"),
        WantedBase("mine"),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        StopIteration(4),
        TypeError("mine"),
        ValueError("mine"),
        RecursionError(),
        OverflowError("mine"),
        RuntimeError("mine"),
        MemoryError(),
        GuestTrap(TrapKind.OTHER, runtime="mine"),
        ArgumentError("mine", remedy="mine"),
    ],
    ids=lambda exception: type(exception).__name__,
)
def test_the_very_exception_comes_back_out_and_the_instance_still_works(engine, exception):
    def f(_: int) -> int:
        raise exception

    instance = engine.compile(CALLER).instantiate({"host": {"f": f}})
    for _ in range(3):
        with pytest.raises(type(exception)) as caught:
            instance.func("call")(1)
        assert caught.value is exception
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert "f" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert instance.func("one")() == 1
    with pytest.raises(GuestTrap) as trapped:
        instance.func("trap")()
    assert trapped.value.kind is TrapKind.UNREACHABLE
    assert trapped.value is not exception


def test_an_exception_passes_through_guest_host_guest_host(engine):
    module, exception, depths = engine.compile(CALLER), WantedBase("deep"), []

    def f(level: int) -> int:
        depths.append(instance.store.host_depth)
        if level == 0:
            raise exception
        return call(level - 1)

    instance = module.instantiate({"host": {"f": f}})
    call = instance.func("call")
    with pytest.raises(WantedBase) as caught:
        call(5)
    assert caught.value is exception
    assert depths == [1, 2, 3, 4, 5, 6]
    assert instance.store.host_depth == 0


def test_a_host_function_may_catch_what_an_inner_call_raised(engine):
    def f(level: int) -> int:
        if level == 2:
            raise Wanted("inner")
        if level == 3:
            return instance.func("trap")()
        try:
            return call(level + 1)
        except (Wanted, GuestTrap) as error:
            caught.append(error)
            return 7

    caught: list[BaseException] = []
    instance = engine.compile(CALLER).instantiate({"host": {"f": f}})
    call = instance.func("call")
    assert call(1) == 7
    assert isinstance(caught[0], Wanted)
    caught.clear()

    def g(_: int) -> int:
        try:
            instance.func("trap")()
        except GuestTrap as error:
            caught.append(error)
        raise Wanted("outer")

    outer = engine.compile(CALLER).instantiate({"host": {"f": g}})
    with pytest.raises(Wanted, match="outer"):
        outer.func("call")(1)
    assert caught[0].kind is TrapKind.UNREACHABLE


def test_an_exception_passes_through_two_stores(engine):
    exception = Wanted()

    def fail(_: int) -> int:
        raise exception

    inner = engine.compile(CALLER).instantiate({"host": {"f": fail}})
    outer = engine.compile(CALLER).instantiate({"host": {"f": inner.func("call")}}, store=inner.store)
    apart = engine.compile(CALLER).instantiate({"host": {"f": lambda value: outer.func("call")(value)}})
    for instance in (outer, apart):
        with pytest.raises(Wanted) as caught:
            instance.func("call")(1)
        assert caught.value is exception


def test_an_exception_of_a_start_function_comes_out_of_instantiate(engine):
    exception = Wanted()

    def f() -> None:
        raise exception

    module = engine.compile('(module (import "h" "f" (func $f)) (start $f))')
    store = engine.store()
    for arguments in ({}, {"store": store}):
        with pytest.raises(Wanted) as caught:
            module.instantiate({"h": {"f": f}}, **arguments)
        assert caught.value is exception
        assert caught.value.__context__ is None
    assert not store.closed


def test_a_python_function_called_with_what_it_does_not_take_raises_its_own_error(engine):
    instance = engine.compile(CALLER).instantiate({"host": {"f": lambda *given: (lambda: 1)(*given)}})
    with pytest.raises(TypeError, match="positional argument"):
        instance.func("call")(1)


def test_store_func_makes_a_function_for_several_instances(engine):
    with engine.store() as store:
        double = store.func(lambda value: 2 * value, ("i32",), ("i32",))
        assert double.type == FuncType(("i32",), ("i32",))
        assert double(21) == 42
        for _ in range(2):
            assert engine.compile(CALLER).instantiate({"host": {"f": double}}, store=store).func("call")(4) == 8
        for wrong in ("i32", ("i33",), (1,), None, ("v128",)):
            with pytest.raises(LabkitError):
                store.func(lambda: None, wrong)
        with pytest.raises(ArgumentError, match="callable"):
            store.func(42)
        exception = Wanted()

        def fail() -> None:
            raise exception

        with pytest.raises(Wanted) as caught:
            store.func(fail)()
        assert caught.value is exception


def test_recursion_through_the_host_without_end_is_an_error_and_not_a_crash(run_python, runtime_name):
    program = """
        import sys, threading, labkit
        wat = '(module (import "h" "f" (func $f)) (func (export "g") (call $f)))'
        def attempt():
            instance = labkit.runtime(sys.argv[1]).compile(wat).instantiate({"h": {"f": lambda: g()}})
            g = instance.func("g")
            for _ in range(3):
                try:
                    g()
                except (RecursionError, labkit.GuestTrap) as error:
                    print(type(error).__name__)
            assert instance.store.host_depth == 0
        attempt()
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    """
    errors = run_python(program, runtime_name).split()
    assert set(errors) <= {"RecursionError", "GuestTrap"}
    assert len(errors) == 6


@pytest.mark.parametrize(
    "call",
    [
        lambda: None,
        lambda first, second: None,
        lambda *, number: None,
        "a".upper,
        lambda number, other, *rest: None,
        type("C", (), {"m": lambda s: 0})().m,
    ],
)
def test_a_host_function_with_another_number_of_parameters_is_refused_when_it_is_linked(engine, call):
    module = engine.compile('(module (import "env" "log" (func (param i32))))')
    with pytest.raises(LinkError, match=r"env\.log takes .* passes 1 argument \(i32\)"):
        module.instantiate({"env": {"log": call}})
    with pytest.raises(LinkError, match="passes 1 argument"):
        engine.store().func(call, ("i32",))


@pytest.mark.parametrize("call", [lambda number: None, lambda number, other=1: None, lambda *numbers: None, lambda number=1: None, print, [].append])
def test_a_host_function_that_takes_what_it_is_passed_is_linked(engine, call):
    engine.compile('(module (import "env" "log" (func (param i32))))').instantiate({"env": {"log": call}})
