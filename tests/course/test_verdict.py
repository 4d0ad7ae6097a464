"""check() tells four verdicts apart and never raises, whatever the answer is."""

from __future__ import annotations

import warnings
from collections import namedtuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labkit
from labkit.course import Exercise, Status, Verdict, check, progress, verdict
from labkit.course.checks import guest_function, value
from labkit.course.exercises import exercises as registered
from labkit.errors import RuntimeUnavailable, TrapKind

SUBTRACT = '(module (func (export "subtract") (param i32 i32) (result i32) {}))'


def _raise(*_: object, **__: object) -> Any:
    raise AssertionError("hostile code ran")


def _hostile_object() -> object:
    """An object whose every question raises, and so does its type's; made here, where pytest does not look at it."""

    class HostileType(type):
        __name__ = property(_raise)  # type: ignore[assignment]
        __eq__ = __instancecheck__ = __repr__ = _raise  # type: ignore[assignment]
        __hash__ = type.__hash__

    class Hostile(metaclass=HostileType):
        __class__ = property(_raise)  # type: ignore[assignment]
        __eq__ = __ne__ = __repr__ = __str__ = __len__ = __bool__ = __iter__ = __getattribute__ = __bytes__ = __index__ = _raise  # type: ignore[assignment]
        __hash__ = _raise  # type: ignore[assignment]

    return Hostile()


class _HostileInt(int):
    __eq__ = __repr__ = __bool__ = __hash__ = _raise  # type: ignore[assignment]


class _HostileBytes(bytes):
    __eq__ = __repr__ = __len__ = __getitem__ = startswith = _raise  # type: ignore[assignment]


class _HostileList(list):  # type: ignore[type-arg]
    __iter__ = __len__ = _raise  # type: ignore[assignment]


def _endless():
    while True:
        yield 1


def _hostile_answers() -> dict[str, object]:
    ring: list[object] = []
    ring.append(ring)
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    released = memoryview(b"abc")
    released.release()
    return {
        "object": _hostile_object(),
        "type": type(_hostile_object()),
        "int": _HostileInt(8),
        "bytes": _HostileBytes(b"\0asm\1\0\0\0"),
        "list": _HostileList([1]),
        "nested": {"key": [(_hostile_object(),)]},
        "ring": ring,
        "deep": deep,
        "wide": list(range(100_000)),
        "released": released,
        "endless generator": _endless(),
        "function": _raise,
        "exception": SystemExit(1),
        "module": labkit,
        "namedtuple": namedtuple("Pair", "a b")(1, 2),
        "nan": float("nan"),
        "huge integer": 10**6000,
        "surrogate": "\ud800",
        "NUL": "\0",
        "path": "pyproject.toml",
        "trap kind": TrapKind.UNREACHABLE,
        "true": True,
        "empty bytes": b"",
        "empty text": "",
        "only the header": b"\0asm\1\0\0\0",
        "component": b"\0asm\x0d\0\1\0",
        "truncated": labkit.to_wasm(SUBTRACT.format("unreachable"))[:-3],
        "bytearray": bytearray(b"\0asm\1\0\0\0\xff"),
        "bad text": "(module (func",
        "nested text": "(module " + "(func (block " * 20_000,
        "markup": "<script>alert(1)</script>",
        "imports": '(module (import "env" "f" (func)) (func (export "subtract") (param i32 i32) (result i32) unreachable))',
        "endless loop": SUBTRACT.format("(loop br 0) unreachable"),
        "endless start": '(module (func $s (loop br 0)) (start $s) (func (export "subtract") (param i32 i32) (result i32) unreachable))',
        "endless recursion": '(module (func $f (export "subtract") (param i32 i32) (result i32) (call $f (i32.const 0) (i32.const 0))))',
        "memory bomb": '(module (memory 65536) (func (export "subtract") (param i32 i32) (result i32) (i32.const 2)))',
        "vector": '(module (func (export "subtract") (param v128) (result v128) (local.get 0)))',
    }


_KINDS = list(_hostile_answers())


@pytest.mark.parametrize("name", list(registered()))
@pytest.mark.parametrize("kind", _KINDS)
def test_hostile_answer_gets_a_verdict(name: str, kind: str) -> None:
    found = check(name, _hostile_answers()[kind])
    assert found.status in (Status.WRONG, Status.UNCHECKABLE)
    assert found.reason.endswith((".", "?"))
    assert "check itself failed" not in found.reason
    assert str(found)
    assert "<script>" not in found._repr_html_()


def test_unknown_exercise_gets_a_verdict() -> None:
    for name in (None, 3, [], "nothing", "", "x" * 10_000, _HostileInt(1), _hostile_object()):
        found = check(name, 1)  # type: ignore[arg-type]
        assert found.status is Status.UNCHECKABLE
        assert "magic_size" in found.reason
        assert len(found.reason) < 5000


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(st.none() | st.integers() | st.floats() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_value_gets_a_verdict(answer: object) -> None:
    for name in ("magic_size", "subtract"):
        found = check(name, answer)
        assert found.status is not Status.UNCHECKABLE
        assert (found.status is Status.CORRECT) == (name == "magic_size" and type(answer) is int and answer == 8)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_damaged_module_gets_a_verdict(data: st.DataObject) -> None:
    wasm = bytearray(labkit.to_wasm(SUBTRACT.format("(i32.sub (local.get 0) (local.get 1))")))
    for _ in range(data.draw(st.integers(1, 3))):
        wasm[data.draw(st.integers(0, len(wasm) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(check("subtract", bytes(wasm)), Verdict)


def test_interrupt_is_the_readers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    _register(monkeypatch, interrupted)
    with pytest.raises(KeyboardInterrupt):
        check("probe", 1)


def test_none_and_dots_are_not_attempted() -> None:
    assert check("subtract", None).status is Status.NOT_ATTEMPTED
    assert check("subtract", ...).status is Status.NOT_ATTEMPTED


def test_text_of_a_module_is_an_answer_too() -> None:
    assert check("subtract", SUBTRACT.format("(i32.sub (local.get 0) (local.get 1))")).status is Status.CORRECT


def _register(monkeypatch: pytest.MonkeyPatch, reason_wrong: Any) -> None:
    probe = Exercise("probe", "Probe", "Probe.", "probe = ...", "probe = 1", "probe", ("One.", "Two."), reason_wrong)
    monkeypatch.setattr(verdict, "exercises", lambda: {"probe": probe})


def test_missing_runtime_is_uncheckable_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> str:
        raise RuntimeUnavailable("The runtime wasmer does not work here.", remedy="Install it.")

    _register(monkeypatch, missing)
    assert check("probe", 1) == Verdict("Probe", Status.UNCHECKABLE, "The runtime wasmer does not work here. Install it.")


def test_runtime_that_does_not_exist_is_uncheckable(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(monkeypatch, guest_function("subtract", type="(i32, i32) -> i32", inputs=[(1, 2)], reference=lambda a, b: a - b, runtime="nothing"))
    found = check("probe", SUBTRACT.format("i32.const 1"))
    assert found.status is Status.UNCHECKABLE
    assert "There is no runtime 'nothing'" in found.reason


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), OSError("no process"), RecursionError(), MemoryError(), ValueError("y")])
def test_check_that_fails_is_uncheckable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(_: object) -> str:
        raise error

    _register(monkeypatch, broken)
    found = check("probe", 1)
    assert found.status is Status.UNCHECKABLE
    assert type(error).__name__ in found.reason


def test_only_real_attempts_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    check("magic_size", ...)
    assert progress().rows["magic_size"].checks == 0
    check("magic_size", 4)
    check("magic_size", 8)
    check("magic_size", 5)
    row = progress().rows["magic_size"]
    assert (row.correct, row.checks) == (True, 3)


def test_verdict_shows_itself() -> None:
    found = Verdict("Title", Status.WRONG, "`a` < b.")
    assert str(found) == repr(found) == "✘ Title: wrong. `a` < b."
    html = found._repr_html_()
    assert "<code>a</code> &lt; b." in html
    assert 'role="status"' in html
    assert str(Verdict("Title", Status.CORRECT)) == "✔ Title: correct."


def test_value_tells_types_apart() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value(1)(True) == "Your answer is True, of type bool; it should be of type int."
        assert value(b"a")("a") is not None
        assert value(2.0)(2) is None
        assert value({1, 2})({2, 1}) is None
        assert value(TrapKind.UNREACHABLE)(TrapKind.STACK_OVERFLOW) == "Your answer is TrapKind.STACK_OVERFLOW, and that is not it."


@pytest.mark.parametrize(
    ("body", "expected", "reason"),
    [
        ("(i32.div_s (local.get 0) (local.get 1))", TrapKind.INTEGER_DIVIDE_BY_ZERO, None),
        ("(i32.const 0)", TrapKind.INTEGER_DIVIDE_BY_ZERO, "f(6, 0) gave 0; it should trap: integer divide by zero."),
        ("unreachable", TrapKind.INTEGER_DIVIDE_BY_ZERO, "f(6, 0) trapped: unreachable; it should trap: integer divide by zero."),
        ("unreachable", 3, "f(6, 0) trapped: unreachable; it should give 3."),
    ],
)
def test_guest_function_may_have_to_trap(body: str, expected: Any, reason: str | None) -> None:
    reason_wrong = guest_function("f", type="(i32, i32) -> i32", inputs=[(6, 0)], reference=lambda a, b: expected)
    assert reason_wrong(f'(module (func (export "f") (param i32 i32) (result i32) {body}))') == reason


def test_guest_function_compares_nan_and_several_results() -> None:
    both = guest_function("f", type="(f64) -> (f64, i32)", inputs=[(float("nan"),)], reference=lambda x: (x, 7))
    wat = '(module (func (export "f") (param f64) (result f64 i32) local.get 0 i32.const {}))'
    assert both(wat.format(7)) is None
    assert both(wat.format(8)) == "f(nan) gave nan, 8; it should give nan, 7."
