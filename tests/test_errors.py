"""One tree of errors, drawn in its docstring as it is, each error with a remedy."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from labkit import errors
from labkit.errors import Frame, GuestTrap, LabkitError, MalformedModule, TrapKind

CLASSES = {name: found for name, found in vars(errors).items() if inspect.isclass(found) and found.__module__ == "labkit.errors"}
ERRORS = {name: found for name, found in CLASSES.items() if issubclass(found, BaseException)}


def drawn() -> dict[str, tuple[str, str | None]]:
    """The tree in the docstring: each class with its parent in the tree and the built-in error it is as well."""
    path: list[str] = []
    found: dict[str, tuple[str, str | None]] = {}
    for line in (errors.__doc__ or "").split("::", 1)[1].splitlines():
        match = re.match(r"^    ((?:[│ ]   )*(?:[├└]── )?)(\w+)(?: \((\w+)\))?(?:  .*)?$", line)
        if match:
            depth = len(match[1]) // 4
            del path[depth:]
            found[match[2]] = (path[-1] if path else "Exception", match[3])
            path.append(match[2])
    return found


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    real = {}
    for name, error in ERRORS.items():
        parent, *builtin = error.__bases__
        real[name] = (parent.__name__, builtin[0].__name__ if builtin else None)
    assert drawn() == real


def test_all_holds_every_class() -> None:
    assert sorted(errors.__all__) == sorted(CLASSES)


def make(error: type[LabkitError]) -> LabkitError:
    if error is MalformedModule:
        return MalformedModule("It is damaged.", offset=300)
    if error is GuestTrap:
        return GuestTrap(TrapKind.UNREACHABLE, runtime="wasmtime")
    return error("It went wrong.", remedy="Try again.")


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_one_that_a_reader_can_catch_and_act_on(name: str) -> None:
    error = make(ERRORS[name])
    assert isinstance(error, LabkitError)
    assert str(error).endswith(error.remedy)
    assert error.remedy[0].isupper()
    assert error.remedy.endswith(".")
    with pytest.raises(LabkitError):
        raise error
    for builtin in ERRORS[name].__mro__:
        if builtin.__module__ == "builtins" and issubclass(builtin, Exception):
            with pytest.raises(builtin):
                raise error


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_survives_the_way_to_another_process(name: str) -> None:
    error = make(ERRORS[name])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert again.args == error.args


def test_the_offset_is_in_the_message() -> None:
    error = MalformedModule("it ends too early.", offset=300)
    assert str(error).startswith("Byte 300 (0x12c): it ends too early. ")
    assert error.offset == 300


def test_every_kind_of_trap_has_advice_and_no_two_share_a_phrase() -> None:
    assert len({kind.value for kind in TrapKind}) == len(TrapKind)
    for kind in TrapKind:
        error = GuestTrap(kind, runtime="wasmtime", detail="own words")
        assert kind.value in str(error)
        assert error.remedy.endswith(".")
        # The runtime's own words are shown where the kind says nothing.
        assert ("own words" in str(error)) == (kind is TrapKind.OTHER)


def test_backtraces_are_shown_and_cut() -> None:
    frames = tuple(Frame(index, "main" if index == 0 else None, 0x20 + index) for index in range(30))
    error = GuestTrap(TrapKind.UNREACHABLE, runtime="wasmtime", backtrace=frames)
    lines = str(error).splitlines()
    assert lines[1] == "  in main at byte 0x20"
    assert lines[2] == "  in function 1 at byte 0x21"
    assert lines[21] == "  … and 10 more"
    assert lines[-1] == error.remedy
    assert str(Frame(3)) == "function 3"
