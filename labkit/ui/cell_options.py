"""Reads the first line of a ``%%wasm`` cell."""

from __future__ import annotations

import keyword
import shlex
from dataclasses import dataclass

from labkit.errors import ArgumentError, ArgumentRangeError
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes

__all__ = ["LANGUAGES", "OPTIONS", "CellOptions", "read_options"]

LANGUAGES = ("wat",)
OPTIONS = {
    "--name": "the Python variable that gets the module's bytes",
    "--run": "runtimes, with commas between, or all",
    "--call": "an exported function and its arguments; may be given again",
    "--time": "seconds for each call",
}
DEFAULT_RUNTIMES = ("wasmtime", "wasmer")
DEFAULT_SECONDS, LARGEST_SECONDS = 1.0, 60.0
_EXAMPLE = "%%wasm wat --name module --run wasmtime,wasmer --call add 1 2"


@dataclass(frozen=True)
class CellOptions:
    """What the first line asks for.

    Attributes
    ----------
    language : str
    name : str
        Variable for the module's bytes; empty for none.
    runtime_names : tuple of str
    calls : tuple of tuple of str
        Each a function's name and its arguments.
    time_seconds : float
    """

    language: str
    name: str
    runtime_names: tuple[str, ...]
    calls: tuple[tuple[str, ...], ...]
    time_seconds: float


def read_options(line: str) -> CellOptions:
    """Read the line behind ``%%wasm``.

    Only words that begin with two hyphens are options, so ``-1``, ``-0x10`` and ``-inf`` are arguments.

    Raises
    ------
    ArgumentError, ArgumentRangeError
        If it is not understood; the remedy shows a line that is.

    Examples
    --------
    >>> read_options("wat --run wasmtime --call add -1 2").calls
    (('add', '-1', '2'),)
    """
    try:
        language, *words = shlex.split(line) or [""]
    except ValueError as error:
        raise _misunderstood(f"{str(error).rstrip('.').lower()}") from None
    if language not in LANGUAGES:
        known = " or ".join(LANGUAGES)
        raise _misunderstood(f"the language {_shown(language)} is none of {known}" if language else f"it names no language ({known})")
    given: dict[str, list[list[str]]] = {option: [] for option in OPTIONS}
    current: list[str] | None = None
    for word in words:
        if word.startswith("--"):
            option, equals, value = word.partition("=")
            if option not in OPTIONS:
                raise _misunderstood(f"there is no option {_shown(option)}; there are {', '.join(OPTIONS)}")
            current = [value] if equals else []
            given[option].append(current)
        elif current is None:
            raise _misunderstood(f"{_shown(word)} stands before any option")
        else:
            current.append(word)
    return CellOptions(
        language,
        _name(_single(given, "--name")),
        _runtime_names(_single(given, "--run")),
        _calls(given["--call"]),
        _seconds(_single(given, "--time")),
    )


def _misunderstood(why: str) -> ArgumentError:
    return ArgumentError(f"The first line of the cell is not understood: {why}.", remedy=f"Write it like {_EXAMPLE}.")


def _shown(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:40] + "…")


def _single(given: dict[str, list[list[str]]], option: str) -> str | None:
    """The one word that an option takes, or None where the option is not given."""
    if not given[option]:
        return None
    if len(given[option]) > 1 or len(given[option][0]) != 1:
        raise _misunderstood(f"{option} takes one word ({OPTIONS[option]}), once")
    return given[option][0][0]


def _name(word: str | None) -> str:
    if word is not None and (not word.isidentifier() or keyword.iskeyword(word)):
        raise ArgumentError(f"{_shown(word)} is no name for a variable.", remedy="Choose one such as --name module.")
    return word or ""


def _runtime_names(word: str | None) -> tuple[str, ...]:
    if word is None or word == "all":
        return tuple(row.name for row in runtimes() if row.available and (word == "all" or row.name in DEFAULT_RUNTIMES))
    names = tuple(dict.fromkeys(name.strip() for name in word.split(",") if name.strip()))
    for name in names:
        if name not in RUNTIME_NAMES:
            raise ArgumentError(f"There is no runtime {_shown(name)}.", remedy=f"Choose from {', '.join(RUNTIME_NAMES)}, or write --run all.")
    if not names:
        raise _misunderstood("--run names no runtime")
    return names


def _calls(given: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    if not all(given):
        raise _misunderstood("--call names no function")
    return tuple(map(tuple, given))


def _seconds(word: str | None) -> float:
    if word is None:
        return DEFAULT_SECONDS
    try:
        seconds = float(word)
    except ValueError:
        raise _misunderstood(f"--time {_shown(word)} is no number of seconds") from None
    if not 0 < seconds <= LARGEST_SECONDS:
        raise ArgumentRangeError(f"--time {word} is not between 0 and {LARGEST_SECONDS:g} seconds.", remedy="Choose a time in between.")
    return seconds
