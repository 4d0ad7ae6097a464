"""The checks that exercises are made of: a value that must be right, a guest function that must compute right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labkit.course.answers import show, type_name
from labkit.errors import CourseError, ExportNotFound, TrapKind
from labkit.limits import Limits
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.sandbox.run import Outcome, Result, run

__all__ = ["Number", "guest_function", "value"]

Number = int | float
_LIMITS = Limits(time=2.0, memory="64MiB")


def value(expected: object, *, mistakes: Mapping[Any, str] | None = None) -> Callable[[Any], str | None]:
    """Make a check for an answer that is one value.

    Parameters
    ----------
    expected : object
        The right answer; one of another type is wrong, except that an int may stand for a float.
    mistakes : mapping, optional
        Answers that learners are likely to give, and for each a whole sentence on what went wrong there.

    Returns
    -------
    callable
        For `Exercise.reason_wrong`.

    Examples
    --------
    >>> reason_wrong = value(8, mistakes={4: "4 is the version alone."})
    >>> reason_wrong(8), reason_wrong(4), reason_wrong("8")
    (None, '4 is the version alone.', "Your answer is '8', of type str; it should be of type int.")
    """
    accepted = {type(expected), int} if type(expected) is float else {type(expected)}

    def reason_wrong(answer: Any) -> str | None:
        if type(answer) not in accepted:
            return f"Your answer is {show(answer)}, of type {type_name(answer)}; it should be of type {type_name(expected)}."
        if answer == expected:
            return None
        for mistake, reason in (mistakes or {}).items():
            if type(mistake) is type(answer) and mistake == answer:
                return reason
        return f"Your answer is {show(answer)}, and that is not it."

    return reason_wrong


def guest_function(
    export: str,
    *,
    type: str,
    inputs: Sequence[tuple[Number, ...]],
    reference: Callable[..., Number | tuple[Number, ...] | TrapKind],
    runtime: str = "wasmtime",
    limits: Limits = _LIMITS,
) -> Callable[[Any], str | None]:
    """Make a check for a module that exports a function, which runs in a process of its own for each input.

    Parameters
    ----------
    export : str
        The function's name.
    type : str
        Its type, as ``"(i32, i32) -> i32"``.
    inputs : sequence of tuple
        Arguments that the learner was not shown, those that fool wrong answers first; each costs about 0.2 seconds.
    reference : callable
        Computes for such arguments what the function must return, or the kind of trap it must end in.
    runtime : str
    limits : Limits
        For each call.

    Returns
    -------
    callable
        For `Exercise.reason_wrong`.

    Examples
    --------
    >>> reason_wrong = guest_function("double", type="(i32) -> i32", inputs=[(-3,)], reference=lambda x: 2 * x)
    >>> reason_wrong(to_wasm('(module (func (export "double") (param i32) (result i32) (i32.const 6)))'))
    'double(-3) gave 6; it should give -6.'
    """

    def reason_wrong(answer: Any) -> str | None:
        if not isinstance(answer, (bytes, str)):
            return f"Your answer is of type {type_name(answer)}; it should be the bytes that `%%wasm … --name …` leaves in the variable."
        # Text is WAT here, never the name of a file.
        wasm = to_wasm(answer.encode("utf-8", "replace") if isinstance(answer, str) else answer)
        exports = {item.name: item.type for item in read_interface(wasm).exports if isinstance(item.type, FuncType)}
        if export not in exports:
            remedy = f'Write (func (export "{export}") …) in text, __attribute__((export_name("{export}"))) before the function in C.'
            raise ExportNotFound(f"Your module exports no function {export!r}.", remedy=remedy)
        if str(exports[export]) != type:
            return f"Your function {export!r} has the type {exports[export]}; it should be {type}."
        for args in inputs:
            expected = reference(*args)
            result = run(wasm, export=export, args=args, runtime=runtime, limits=limits)
            if not _agrees(result, expected):
                return f"{export}({', '.join(map(repr, args))}) {_did(result)}; it should {_should(expected)}."
        return None

    return reason_wrong


def _agrees(result: Result, expected: Number | tuple[Number, ...] | TrapKind) -> bool:
    if result.outcome is Outcome.CRASHED:
        raise CourseError(f"The process that ran your module is gone: {result.message}", remedy="Run the check again.")
    if isinstance(expected, TrapKind):
        return result.trap is expected
    values = expected if isinstance(expected, tuple) else (expected,)
    return result.outcome is Outcome.RETURNED and len(values) == len(result.values) and all(map(_same, result.values, values))


def _same(one: Number, other: Number) -> bool:
    return one == other or (one != one and other != other)


def _did(result: Result) -> str:
    if result.outcome is Outcome.RETURNED:
        return f"gave {', '.join(map(show, result.values)) or 'nothing'}"
    if result.trap is not None:
        return f"trapped: {result.trap.value}"
    return f"was {result.outcome.value}"


def _should(expected: Number | tuple[Number, ...] | TrapKind) -> str:
    if isinstance(expected, TrapKind):
        return f"trap: {expected.value}"
    return f"give {', '.join(map(show, expected)) if isinstance(expected, tuple) else show(expected)}"
