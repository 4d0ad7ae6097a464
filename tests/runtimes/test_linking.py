"""Instances that share functions, memories, tables and globals in one store; and everything that does not fit, refused."""

from __future__ import annotations

import pytest

import labkit
from labkit.errors import ArgumentError, LinkError
from labkit.runtimes import Store

COUNTER = """(module
  (memory (export "memory") 1 4) (table (export "table") 2 8 funcref)
  (global (export "count") (mut i32) (i32.const 0)) (global (export "fixed") i64 (i64.const 9))
  (func (export "next") (result i32) (global.set 0 (i32.add (global.get 0) (i32.const 1))) (global.get 0)))"""
USER = """(module
  (import "counter" "next" (func $next (result i32)))
  (import "counter" "count" (global $count (mut i32))) (import "counter" "fixed" (global $fixed i64))
  (import "counter" "memory" (memory 1)) (import "counter" "table" (table 2 funcref))
  (func $seven (result i32) i32.const 7)
  (elem (i32.const 1) $seven) (data (i32.const 100) "shared")
  (func (export "twice") (result i32) (drop (call $next)) (call $next))
  (func (export "set") (param i32) (global.set $count (local.get 0)))
  (func (export "fixed") (result i64) (global.get $fixed))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"""


@pytest.fixture
def counter(engine):
    with engine.compile(COUNTER).instantiate() as instance:
        yield instance


def test_a_module_shares_all_four_kinds_with_another(engine, counter):
    for imports in ({"counter": counter}, {"counter": counter.exports}, {"counter": dict(counter.exports)}):
        user = engine.compile(USER).instantiate(imports)
        assert user.store is counter.store
        user.func("set")(10)
        assert counter.global_("count").value == 10
        assert user.func("twice")() == 12
        counter.global_("count").value = 20
        assert counter.func("next")() == 21
        assert user.func("fixed")() == 9
        assert counter.memory().read(100, 6) == b"shared"
        counter.memory().write(100, b"S")
        assert user.func("load")(100) == ord("S")
        user.close()  # its store is another's: closing does nothing
        assert counter.func("next")() == 22


def test_closing_the_owner_closes_all_in_its_store(engine, counter):
    user = engine.compile(USER).instantiate({"counter": counter})
    counter.close()
    with pytest.raises(labkit.LabkitError, match="closed"):
        user.func("twice")()


def test_python_makes_what_a_module_imports(engine):
    wat = """(module (import "h" "memory" (memory 1 2)) (import "h" "table" (table 3 funcref)) (import "h" "var" (global $v (mut i64)))
      (import "h" "fixed" (global $f f64)) (import "h" "number" (global $n i32))
      (func $f (export "f") (global.set $v (i64.const -5)))
      (elem (i32.const 2) $f) (data (i32.const 0) "hi")
      (func (export "sum") (result f64) (f64.add (global.get $f) (f64.convert_i32_s (global.get $n)))))"""
    with engine.store() as store:
        memory, table = store.memory(1, 2), store.table(3)
        variable, fixed = store.global_("i64", 1, mutable=True), store.global_("f64", 0.25)
        host = {"memory": memory, "table": table, "var": variable, "fixed": fixed, "number": 7}
        instance = engine.compile(wat).instantiate({"h": host}, store=store)
        instance.func("f")()
        assert (variable.value, fixed.value, memory.read(0, 2), table.size) == (-5, 0.25, b"hi", 3)
        assert instance.func("sum")() == 7.25
        assert engine.compile(wat).instantiate({"h": host}).store is store


def test_a_missing_import_is_named_with_what_was_given(engine):
    module = engine.compile('(module (import "env" "log" (func (param i32))))')
    for imports, given in [
        (None, "none were given"),
        ({}, "none"),
        ({"env": {}}, "none"),
        ({"env": {"lag": print, "x": 1}}, "env.lag, env.x"),
        ({"env": None}, "none"),
        ({"env": 3, "h": {"f": print}}, "h.f"),
    ]:
        with pytest.raises(LinkError, match=r"imports env\.log, a func \(i32\) -> \(\)") as caught:
            module.instantiate(imports)
        assert given in caught.value.remedy
    with pytest.raises(LinkError, match="no mapping"):
        module.instantiate([1])


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        ("(func)", 1),
        ("(func)", "print"),
        ("(func)", None),
        ("(memory 1)", b"bytes"),
        ("(memory 1)", print),
        ("(table 1 funcref)", []),
        ("(global (mut i32))", 1),
        ("(global i32)", "1"),
        ("(global i32)", None),
        ("(global i32)", 1.5),
        ("(global i32)", 2**31),
        ("(global f32)", 1e300),
    ],
)
def test_a_python_value_that_does_not_fit_is_refused(engine, wanted, value):
    with pytest.raises((LinkError, ArgumentError), match=r"import e\.x"):
        engine.compile(f'(module (import "e" "x" {wanted}))').instantiate({"e": {"x": value}})


@pytest.mark.parametrize(
    ("name", "fitting", "unfitting"),
    [
        ("next", ["(func (result i32))"], ["(func)", "(func (result i64))", "(func (param i32) (result i32))", "(memory 1)", "(global i32)"]),
        ("memory", ["(memory 1)", "(memory 0)", "(memory 1 4)", "(memory 0 9)"], ["(memory 2)", "(memory 1 3)", "(table 1 funcref)", "(func)"]),
        (
            "table",
            ["(table 2 funcref)", "(table 0 8 funcref)", "(table 1 99 funcref)"],
            ["(table 3 funcref)", "(table 2 7 funcref)", "(table 2 externref)", "(memory 0)"],
        ),
        ("count", ["(global (mut i32))"], ["(global i32)", "(global (mut i64))", "(func)"]),
        ("fixed", ["(global i64)"], ["(global (mut i64))", "(global f64)", "(func (result i64))"]),
    ],
)
def test_imports_match_as_the_specification_says(engine, counter, name, fitting, unfitting):
    for wanted in fitting:
        engine.compile(f'(module (import "c" "{name}" {wanted}))').instantiate({"c": counter})
    for wanted in unfitting:
        if "externref" in wanted and engine.name == "wasmtime-winch":
            continue  # Winch has no externref
        with pytest.raises(LinkError, match=rf"import c\.{name} must be a"):
            engine.compile(f'(module (import "c" "{name}" {wanted}))').instantiate({"c": counter})


def test_a_grown_memory_matches_by_the_size_it_has_now(engine, counter):
    module = engine.compile('(module (import "c" "memory" (memory 3)))')
    with pytest.raises(LinkError):
        module.instantiate({"c": counter})
    counter.memory().grow(2)
    module.instantiate({"c": counter})


def test_what_lives_in_another_store_is_refused(engine, counter):
    other = engine.compile(COUNTER).instantiate()
    with engine.store() as store:
        for attempt in (
            lambda: engine.compile(USER).instantiate({"counter": counter}, store=store),
            lambda: engine.compile(USER).instantiate({"counter": {**counter.exports, "memory": other.memory()}}),
            lambda: engine.compile('(module (import "e" "x" (func)))').instantiate(
                {"e": {"x": store.func(lambda: None)}, "c": counter}, store=counter.store
            ),
        ):
            with pytest.raises(LinkError, match="another store"):
                attempt()


def test_a_store_of_another_runtime_is_refused(engine):
    for status in labkit.runtimes():
        if status.available and status.in_process and status.name != engine.name:
            with labkit.runtime(status.name).store() as store:
                with pytest.raises(ArgumentError, match="store belongs to"):
                    engine.compile(USER).instantiate(store=store)
                foreign = labkit.runtime(status.name).compile(COUNTER).instantiate(store=store)
                with pytest.raises(ArgumentError, match="store belongs to"):
                    engine.compile(USER).instantiate({"counter": foreign})
    with pytest.raises(ArgumentError), labkit.runtime("wasmtime", interruptible=False).store() as store:
        labkit.runtime("wasmtime").compile(COUNTER).instantiate(store=store)


def test_a_closed_exporter_is_refused(engine, counter):
    exports = dict(counter.exports)
    counter.close()
    for imports in ({"counter": counter}, {"counter": exports}):
        with pytest.raises(labkit.LabkitError, match="closed"):
            engine.compile(USER).instantiate(imports)


def test_a_failed_instance_leaves_the_store_usable_and_what_it_wrote_in_place(engine):
    wat = """(module (import "c" "memory" (memory 1)) (import "c" "table" (table 2 funcref)) (func $g (result i32) i32.const 5)
      (elem (i32.const 0) $g) (data (i32.const 8) "kept") (data (i32.const 65535) "too long"))"""
    caller = '(module (import "c" "table" (table 2 funcref)) (func (export "call") (result i32) (call_indirect (result i32) (i32.const 0))))'
    counter = engine.compile(COUNTER).instantiate()
    with pytest.raises(labkit.GuestTrap):
        engine.compile(wat).instantiate({"c": counter})
    assert counter.memory().read(8, 4) == b"kept"
    assert engine.compile(caller).instantiate({"c": counter}).func("call")() == 5
    assert counter.func("next")() == 1


def test_one_host_function_under_two_names_and_one_name_with_two_types(engine):
    wat = """(module (import "h" "f" (func $a (result i32))) (import "h" "f" (func $b (result i32)))
      (func (export "sum") (result i32) (i32.add (call $a) (call $b))))"""
    assert engine.compile(wat).instantiate({"h": {"f": lambda: 4}}).func("sum")() == 8
    twice = '(module (import "h" "f" (func (result i32))) (import "h" "f" (func $g (param i64))) (func (export "g") (call $g (i64.const 1))))'
    if not engine.name.startswith("wasmer"):
        engine.compile(twice).instantiate({"h": {"f": lambda *_: None}}).func("g")()
    else:
        with pytest.raises(labkit.LabkitError, match="two types"):
            engine.compile(twice).instantiate({"h": {"f": lambda *_: None}})


def test_a_store_is_a_context_and_shows_its_limits(engine):
    with engine.store() as store:
        assert isinstance(store, Store)
        assert not store.closed
    assert store.closed
    store.close()


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        ("memory", (-1,)),
        ("memory", (2, 1)),
        ("memory", (65537,)),
        ("memory", ("1",)),
        ("memory", (1, 65537)),
        ("memory", (None,)),
        ("table", (-1,)),
        ("table", (1, 0)),
        ("table", (10**9,)),
        ("table", (1.0,)),
        ("global_", ("i32", "x")),
        ("global_", ("i32", 2**31)),
        ("global_", ("v128", 0)),
        ("global_", ("i33", 0)),
    ],
)
def test_what_a_store_cannot_make_is_refused(engine, make, arguments):
    with engine.store() as store, pytest.raises(labkit.LabkitError):
        getattr(store, make)(*arguments)
