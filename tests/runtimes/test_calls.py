"""Calling a guest's function: every value exact, every mistake a clean error, on every runtime alike."""

from __future__ import annotations

import copy
import math
import pickle
import struct

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.errors import ArgumentError, ArgumentRangeError, Closed, LabkitError, Unsupported

WAT = """(module
  (func (export "i32") (param i32) (result i32) local.get 0)
  (func (export "i64") (param i64) (result i64) local.get 0)
  (func (export "f32") (param f32) (result f32) local.get 0)
  (func (export "f64") (param f64) (result f64) local.get 0)
  (func (export "mixed") (param i32 i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
             (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
  (func (export "sub") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (export "none"))
  (func (export "seven") (result i32) i32.const 7))"""

SWAP = '(module (func (export "swap") (param i32 f32 i64 f64) (result f64 i64 f32 i32) local.get 3 local.get 2 local.get 1 local.get 0))'


@pytest.fixture
def instance(engine):
    with engine.compile(WAT).instantiate() as made:
        yield made


@pytest.mark.parametrize("name", ["i32", "i64"])
def test_integers_come_back_exactly_at_both_ends_of_their_range(instance, name):
    identity, bits = instance.func(name), int(name[1:])
    for value in (0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), True, numpy.int32(-5), numpy.uint8(200)):
        assert identity(value) == value
        assert type(identity(value)) is int
    for value in (2 ** (bits - 1), -(2 ** (bits - 1)) - 1, 2**bits - 1, 2**200, -(2**200), numpy.uint64(2**64 - 1)):
        with pytest.raises(ArgumentRangeError, match=f"does not fit i{bits}"):
            identity(value)
    for value in (1.0, 1.5, "1", b"1", None, [], math.nan, 1j, object(), numpy.float64(1)):
        with pytest.raises(ArgumentError, match=f"Argument 1 of {name} must be a whole number"):
            identity(value)


@pytest.mark.parametrize("name", ["f32", "f64"])
def test_floats_come_back_as_their_type_holds_them(instance, name):
    identity, code = instance.func(name), {"f32": "f", "f64": "d"}[name]
    for value in (0.0, -0.0, 1.5, 0.1, 5e-324, math.inf, -math.inf, 3, True, 2**53, numpy.float32(0.1)):
        returned, expected = identity(value), struct.unpack(code, struct.pack(code, value))[0]
        assert (returned, math.copysign(1, returned), type(returned)) == (expected, math.copysign(1, expected), float)
    assert math.isnan(identity(math.nan))
    for value in ("1", None, [], 1j, object(), b"1"):
        with pytest.raises(ArgumentError, match=f"Argument 1 of {name} must be a number"):
            identity(value)
    with pytest.raises(ArgumentRangeError, match="too large"):
        identity(10**400)


def test_a_double_too_large_for_f32_is_refused_and_not_made_infinite(instance):
    for value in (1e39, -1e300):
        with pytest.raises(ArgumentRangeError, match="too large for f32"):
            instance.func("f32")(value)


def test_wrong_numbers_and_names_of_arguments_are_refused(instance):
    for arguments in ((), (1,), (1, 2, 3), (None, None, None)):
        with pytest.raises(ArgumentError, match=rf"sub takes 2 arguments \(i32, i32\), and got {len(arguments)}"):
            instance.func("sub")(*arguments)
    with pytest.raises(ArgumentError, match=r"none takes 0 arguments \(\), and got 1"):
        instance.func("none")(1)
    with pytest.raises(ArgumentError, match=r"i32 takes 1 argument \(i32\), and got 2"):
        instance.func("i32")(1, 2)
    for call in (
        lambda: instance.func("sub")(1, 2, a1=3),
        lambda: instance.func("seven")(key=1),
        lambda: instance.func("sub").call_bits(1, 2, key=3),
    ):
        with pytest.raises(ArgumentError, match="by position"):
            call()
    assert instance.func("sub")(5, 3) == 2
    assert instance.func("none")() is None
    assert instance.func("seven")() == 7


class Hostile:
    """Raises, or lies, in every conversion."""

    def __init__(self, *, error: BaseException | None = None, value: object = 1) -> None:
        self.error, self.value = error, value

    def convert(self):
        if self.error:
            raise self.error
        return self.value

    __index__ = __float__ = __int__ = convert

    def __repr__(self) -> str:
        raise ZeroDivisionError("a hostile repr")


def test_hostile_objects_give_clean_errors_and_harm_nothing(instance):
    for name in ("i32", "i64", "f32", "f64"):
        identity = instance.func(name)
        for error in (ValueError("mine"), TypeError("mine"), OverflowError("mine"), ArithmeticError("mine")):
            with pytest.raises((LabkitError, type(error))):
                identity(Hostile(error=error))
        for value in ("1", None, 2**400):
            with pytest.raises(ArgumentError):
                identity(Hostile(value=value))
        assert identity(3) == 3


def test_an_argument_that_closes_the_instance_as_it_is_converted_meets_a_closed_instance(engine):
    for name in ("i32", "i64"):
        instance = engine.compile(WAT).instantiate()

        class Closing:
            def __index__(self, close=instance.close) -> int:
                close()
                return 1

        with pytest.raises((Closed, ArgumentError)):
            instance.func(name)(Closing())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-(2**31), 2**31 - 1), st.integers(-(2**40), 2**40), st.floats(width=32, allow_nan=False, allow_infinity=False), st.floats(-1e9, 1e9)
)
def test_mixed_arguments_keep_their_places(instance, a, b, c, d):
    assert instance.func("mixed")(a, b, c, d) == (float(a) + float(b)) + (c + d)


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7FA00001, 0xFFFFFFFF, 0x7F800001, 0xFFC12345, 0x80000000, 0x7F800000, 1, 0])
def test_every_f32_pattern_survives_as_bits(instance, bits):
    assert instance.func("f32").call_bits(bits) == (bits,)
    assert instance.func("i32").call_bits(bits) == (bits,)


@pytest.mark.parametrize("bits", [0x7FF8 << 48, 0x7FF4 << 48 | 1, 2**64 - 1, 0x7FF0 << 48 | 1, 0xFFF8 << 48 | 0x12345, 1 << 63, 0])
def test_every_f64_pattern_survives_as_bits(instance, bits):
    assert instance.func("f64").call_bits(bits) == (bits,)
    assert instance.func("i64").call_bits(bits) == (bits,)


def test_bits_are_checked_too(instance):
    for name in ("i32", "f32", "i64", "f64"):
        call = instance.func(name).call_bits
        for bits in (-1, 2 ** int(name[1:]), 2**99):
            with pytest.raises(ArgumentRangeError, match="bits"):
                call(bits)
        for bits in (1.0, None, "1"):
            with pytest.raises(ArgumentError, match="bits"):
                call(bits)
        for arguments in ((), (1, 2)):
            with pytest.raises(ArgumentError, match="takes 1 argument"):
                call(*arguments)
    assert instance.func("none").call_bits() == ()


def test_several_results_come_as_a_tuple_in_order(engine):
    if engine.name == "wasmer-singlepass":
        with pytest.raises(LabkitError, match="multi-value"):
            engine.compile(SWAP)
        return
    swap = engine.compile(SWAP).instantiate().func("swap")
    assert swap(1, 2.5, -3, 4.25) == (4.25, -3, 2.5, 1)
    assert swap.call_bits(1, 0x7FA00001, 2**64 - 3, 0x7FF4 << 48 | 1) == (0x7FF4 << 48 | 1, 2**64 - 3, 0x7FA00001, 1)


def test_a_function_with_a_hundred_parameters_takes_each(engine):
    total = "".join(f"(local.get {i}) i64.add " for i in range(100))
    wat = f'(module (func (export "sum") (param {"i64 " * 100}) (result i64) (i64.const 0) {total}))'
    assert engine.compile(wat).instantiate().func("sum")(*range(100)) == sum(range(100))


def test_a_function_says_what_it_is_and_is_neither_copied_nor_pickled(instance):
    function = instance.func("sub")
    assert repr(function) == "<Function sub: (i32, i32) -> i32>"
    assert instance.func("sub") is function
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(Unsupported, match="cannot be copied"):
            attempt(function)


def test_use_after_close_is_a_clean_error(instance):
    function, store = instance.func("sub"), instance.store
    instance.close()
    for use in (
        lambda: function(1, 2),
        lambda: function.call_bits(1, 2),
        lambda: function("wrong"),
        lambda: instance.func("sub"),
        lambda: instance.exports["i32"],
        lambda: instance.func("nothing"),
        lambda: store.memory(1),
        lambda: store.func(print),
        lambda: instance.module.instantiate(store=store),
    ):
        with pytest.raises(Closed, match="closed"):
            use()
    assert list(instance.exports)
    assert repr(instance)
    assert repr(function)
