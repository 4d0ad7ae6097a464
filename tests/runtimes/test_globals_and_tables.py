"""Globals and tables from Python, and the references that cross where a runtime carries them."""

from __future__ import annotations

import gc
import weakref

import pytest

import labkit
from labkit.errors import ArgumentError, ArgumentRangeError, Closed, LabkitError, OutOfBounds, Unsupported

GLOBALS = """(module
  (global (export "i32") (mut i32) (i32.const -1)) (global (export "i64") (mut i64) (i64.const -1))
  (global (export "f32") (mut f32) (f32.const nan:0x200001))
  (global (export "f64") (mut f64) (f64.const -nan:0x4000000000001)) (global (export "fixed") f64 (f64.const 0.1)))"""
REFERENCES = """(module
  (table $f (export "functions") 2 4 funcref) (elem declare func $seven)
  (func $seven (export "seven") (result i32) i32.const 7)
  (func (export "get_seven") (result funcref) (ref.func $seven))
  (func (export "is_null") (param funcref) (result i32) (ref.is_null (local.get 0)))
  (func (export "call") (param i32) (result i32) (call_indirect $f (result i32) (local.get 0))))"""
EXTERN = """(module
  (import "h" "make" (func $make (param externref) (result externref)))
  (table (export "objects") 2 4 externref) (global (export "object") (mut externref) (ref.null extern))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "make") (param externref) (result externref) (call $make (local.get 0)))
  (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0))))"""


@pytest.fixture
def variables(engine):
    with engine.compile(GLOBALS).instantiate() as instance:
        yield instance


def test_globals_hold_values_and_their_bits(variables):
    bits = {"i32": 0xFFFFFFFF, "i64": 2**64 - 1, "f32": 0x7FA00001, "f64": 0xFFF4000000000001, "fixed": 0x3FB999999999999A}
    assert {name: variables.global_(name).bits for name in bits} == bits
    assert (variables.global_("i32").value, variables.global_("i64").value, variables.global_("fixed").value) == (-1, -1, 0.1)
    for name, value, kept in [
        ("i32", 2**31 - 1, 2**31 - 1),
        ("i64", -(2**63), -(2**63)),
        ("f32", 0.1, 0.10000000149011612),
        ("f64", 5, 5.0),
        ("i32", True, 1),
    ]:
        variables.global_(name).value = value
        assert variables.global_(name).value == kept
        assert type(variables.global_(name).value) is type(kept)
    assert repr(variables.global_("i32")) == "<Global mut i32>"


def test_wrong_values_for_a_global_are_refused(variables):
    for name, value, error in [
        ("i32", 2**31, ArgumentRangeError),
        ("i64", 2**63, ArgumentRangeError),
        ("f32", 1e39, ArgumentRangeError),
        ("i32", 1.0, ArgumentError),
        ("f64", "1", ArgumentError),
        ("i64", None, ArgumentError),
        ("fixed", 1.0, ArgumentError),
    ]:
        before = variables.global_(name).bits
        with pytest.raises(error):
            variables.global_(name).value = value
        assert variables.global_(name).bits == before


def test_a_closed_global_is_refused(variables):
    variable = variables.global_("i32")
    variables.close()
    for use in (lambda: variable.value, lambda: variable.bits, lambda: setattr(variable, "value", 1)):
        with pytest.raises(Closed):
            use()


def test_a_table_gives_and_takes_functions(engine):
    instance = engine.compile(REFERENCES).instantiate()
    table, seven = instance.table("functions"), instance.func("seven")
    assert (table.size, len(table), table.get(0), str(table.type)) == (2, 2, None, "funcref 2..4")
    table.set(1, seven)
    assert instance.func("call")(1) == 7
    reference = table.get(1)
    assert repr(reference) == "<FunctionReference>"
    table.set(0, reference)
    assert instance.func("call")(0) == 7
    table.set(0, None)
    assert table.get(0) is None
    host = instance.store.func(lambda: 8, (), ("i32",))
    table.set(0, host)
    assert instance.func("call")(0) == 8
    for index in (-1, 2, 2**40, "0", None, 1.0):
        for use in (lambda index=index: table.get(index), lambda index=index: table.set(index, None)):
            with pytest.raises((OutOfBounds, ArgumentError)):
                use()
    for value in (1, "seven", print, lambda: 1):
        with pytest.raises(ArgumentError):
            table.set(0, value)
    other = engine.compile(REFERENCES).instantiate()
    with pytest.raises(ArgumentError, match="another store"):
        table.set(0, other.func("seven"))
    instance.close()
    for use in (lambda: table.size, lambda: table.get(0), lambda: table.set(0, None), lambda: table.grow(1), lambda: len(table)):
        with pytest.raises(Closed):
            use()


def test_a_table_grows_to_its_maximum(engine):
    instance = engine.compile(REFERENCES).instantiate()
    table = instance.table("functions")
    if engine.name == "wasmer-singlepass":
        with pytest.raises(Unsupported, match="grow a table"):
            table.grow(1)
        return
    assert table.grow(1) == 2
    assert table.grow(1, instance.func("seven")) == 3
    assert (table.size, table.get(2)) == (4, None)
    assert instance.func("call")(3) == 7
    for slots in (1, 2**40, 2**80):
        with pytest.raises(OutOfBounds, match="cannot grow"):
            table.grow(slots)
    for slots in (-1, "1", 1.5):
        with pytest.raises(ArgumentError):
            table.grow(slots)
    assert table.grow(0) == 4


def test_function_references_cross_or_are_refused_by_name(engine):
    instance = engine.compile(REFERENCES).instantiate()
    if engine.name.startswith("wasmer"):
        with pytest.raises(Unsupported, match=r"funcref.* carries numbers only"):
            instance.func("get_seven")()
        return
    reference = instance.func("get_seven")()
    assert [instance.func("is_null")(value) for value in (reference, None, instance.func("seven"))] == [0, 1, 0]
    instance.table("functions").set(0, reference)
    assert instance.func("call")(0) == 7
    for value in (1, "f", print):
        with pytest.raises(ArgumentError, match="Argument 1 of is_null must be a function"):
            instance.func("is_null")(value)
    with pytest.raises(ArgumentError, match="another store"):
        instance.func("is_null")(engine.compile(REFERENCES).instantiate().func("get_seven")())
    with pytest.raises(ArgumentError, match="takes 1 argument"):
        instance.func("is_null")()
    with pytest.raises(Unsupported, match="no bits"):
        instance.func("is_null").call_bits(0)
    with pytest.raises(LabkitError, match="must be a func"):
        engine.compile('(module (import "h" "f" (func)))').instantiate({"h": {"f": reference}})


def test_python_objects_cross_as_externref_or_are_refused_by_name(engine):
    if engine.name == "wasmtime-winch":
        with pytest.raises(LabkitError, match="Winch lacks"):
            engine.compile(EXTERN)
        return
    if engine.name.startswith("wasmer"):
        with pytest.raises(LabkitError, match=r"carries numbers only|lacks imported functions that take references"):
            engine.compile(EXTERN).instantiate({"h": {"make": lambda value: value}})
        return
    instance = engine.compile(EXTERN).instantiate({"h": {"make": lambda value: [value]}})
    for value in (object(), "text", 0, 1, "", [], (), False, None, 1.5, {"a": 1}):
        assert instance.func("same")(value) is value
        assert instance.func("make")(value) == [value]
        assert instance.func("is_null")(value) == (value is None)
        instance.global_("object").value = value
        assert instance.global_("object").value is value
        instance.table("objects").set(1, value)
        assert instance.table("objects").get(1) is value
    pair = engine.compile('(module (func (export "pair") (param externref i32) (result i32 externref) (local.get 1) (local.get 0)))')
    assert pair.instantiate().func("pair")("value", 5) == (5, "value")
    assert instance.table("objects").grow(1, "filled") == 2
    assert instance.table("objects").get(2) == "filled"
    with pytest.raises(Unsupported, match="no bits"):
        _ = instance.global_("object").bits
    if engine.name == "libwasmer-singlepass":
        with pytest.raises(LabkitError, match="returns several values"):
            engine.compile('(module (import "h" "f" (func (result externref i32))))')
        return
    module = engine.compile('(module (import "h" "f" (func $f (result externref i32))) (func (export "g") (drop (drop (call $f)))))')
    short = module.instantiate({"h": {"f": lambda: ("only one",)}}).func("g")
    with pytest.raises(ArgumentError, match="host function"):
        short()


def test_an_exception_passes_through_a_function_with_references():
    engine = labkit.runtime("wasmtime")
    exception = KeyError("mine")

    def make(_: object) -> None:
        raise exception

    instance = engine.compile(EXTERN).instantiate({"h": {"make": make}})
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            instance.func("make")(1)
        assert caught.value is exception
        assert caught.value.__context__ is None
    assert instance.store.host_depth == 0
    assert instance.func("same")(3) == 3


def test_what_a_store_held_is_free_after_close():
    class Thing:
        pass

    thing = Thing()
    watch = weakref.ref(thing)
    instance = labkit.runtime("wasmtime").compile(EXTERN).instantiate({"h": {"make": lambda value: value}})
    instance.global_("object").value = thing
    instance.func("make")(thing)
    del thing
    assert watch() is not None
    instance.close()
    gc.collect()
    assert watch() is None
