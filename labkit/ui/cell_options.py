"""Reads the first line of a ``%%wasm`` cell."""

from __future__ import annotations

import keyword
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.errors import ArgumentError, ArgumentRangeError
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes
from labkit.toolchains.build import TIMEOUT_SECONDS
from labkit.toolchains.language import FEATURES
from labkit.toolchains.registry import LANGUAGE_NAMES, language_named
from labkit.toolchains.request import KINDS, OPTIMIZATIONS, TARGETS

__all__ = ["CHOICES", "OPTIONS", "CellOptions", "read_options", "usage"]

OPTIONS = {
    "--name": "the Python variable that gets the module's bytes",
    "--run": "runtimes, with commas between, or all",
    "--call": "an exported function and its arguments; may be given again",
    "--args": "the program's arguments; after a lone -- they may begin with hyphens",
    "--stdin": r"what the program reads, in quotes; \n in it ends a line",
    "--env": "the program's environment: NAME=value …",
    "--time": "seconds for each run (1)",
    "--kind": "what the source is; a library where there is a --call",
    "--target": "what the module may import; wasip2 makes a component",
    "--optimize": "the compiler's level, and wasm-opt after it where that is present",
    "--features": "proposals it may use, with commas between",
    "--timeout": "seconds after which the compiler is stopped (300)",
}
#: What an option's value may be, where that is one of a few.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "--run": (*RUNTIME_NAMES, "all"),
    "--kind": KINDS,
    "--target": TARGETS,
    "--optimize": OPTIMIZATIONS,
    "--features": FEATURES,
}
DEFAULT_RUNTIMES = ("wasmtime", "wasmer")
DEFAULT_SECONDS, LARGEST_SECONDS = 1.0, 60.0
LARGEST_TIMEOUT_SECONDS = 3600.0
_EXAMPLES = (
    "%%wasm wat --name module --run wasmtime,wasmer --call add 1 2",
    "%%wasm c --name hello --run wasmtime,wasmer --args a b",
)
# Options that only a program has.
_PROGRAMS = ("--args", "--stdin", "--env")

Given = dict[str, list[list[str]]]


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
    kind, target, optimize, features, timeout_seconds
        As for `labkit.build`.
    runs_program : bool
        Whether the cell is a program to be run.
    arguments : tuple of str
    stdin : str
    environment : dict of str
        What the program is given.
    """

    language: str
    name: str
    runtime_names: tuple[str, ...]
    calls: tuple[tuple[str, ...], ...]
    time_seconds: float
    kind: str = KINDS[0]
    target: str | None = None
    optimize: str | None = None
    features: tuple[str, ...] = ()
    timeout_seconds: float = TIMEOUT_SECONDS
    runs_program: bool = False
    arguments: tuple[str, ...] = ()
    stdin: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


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
    >>> options = read_options("c --args a b --env K=v")
    >>> options.kind, options.runs_program, options.arguments, options.environment
    ('command', True, ('a', 'b'), {'K': 'v'})
    """
    try:
        language, *words = shlex.split(line) or [""]
    except ValueError as error:
        raise _misunderstood(f"{str(error).rstrip('.').lower()}") from None
    known = ", ".join(LANGUAGE_NAMES)
    if not language:
        raise _misunderstood(f"it names no language ({known})")
    try:
        language = language_named(language).name
    except ArgumentError:
        raise _misunderstood(f"the language {_shown(language)} is none of {known}") from None
    given = _read_words(words)
    calls, runs_program = _calls(given["--call"]), _runs_program(given)
    return CellOptions(
        language,
        _name(_single(given, "--name")),
        _runtime_names(_single(given, "--run")),
        calls,
        _seconds(given, "--time", DEFAULT_SECONDS, LARGEST_SECONDS),
        kind=_choice(given, "--kind") or KINDS[bool(calls)],
        target=_choice(given, "--target"),
        optimize=_choice(given, "--optimize"),
        features=_features(given["--features"]),
        timeout_seconds=_seconds(given, "--timeout", TIMEOUT_SECONDS, LARGEST_TIMEOUT_SECONDS),
        runs_program=runs_program,
        arguments=tuple(word for words in given["--args"] for word in words),
        stdin=(_single(given, "--stdin") or "").replace("\\n", "\n"),
        environment=_environment(given["--env"]),
    )


def usage() -> str:
    """What the magic understands, for ``%%wasm --help``.

    Examples
    --------
    >>> print(usage().splitlines()[0])
    %%wasm LANGUAGE [OPTIONS]: compile the cell, show what came out, run it.
    """
    width = max(map(len, OPTIONS))
    lines = [f"  {option:{width}}  {sentence}{_choices_in_words(option)}" for option, sentence in OPTIONS.items()]
    return "\n".join(
        [
            "%%wasm LANGUAGE [OPTIONS]: compile the cell, show what came out, run it.",
            "",
            f"Languages: {', '.join(LANGUAGE_NAMES)}.",
            "",
            *lines,
            "",
            *_EXAMPLES,
        ]
    )


def _choices_in_words(option: str) -> str:
    return f" ({', '.join(CHOICES[option])})" if option in CHOICES else ""


def _read_words(words: Sequence[str]) -> Given:
    """Sort the words by the option they stand behind; a lone ``--`` makes all that follow values of the last one."""
    given: Given = {option: [] for option in OPTIONS}
    current: list[str] | None = None
    values_only = False
    for word in words:
        if word == "--" and current is not None and not values_only:
            values_only = True
        elif word.startswith("--") and not values_only:
            option, equals, value = word.partition("=")
            if option not in OPTIONS:
                raise _misunderstood(f"there is no option {_shown(option)}; there are {', '.join(OPTIONS)}")
            current = [value] if equals else []
            given[option].append(current)
        elif current is None:
            raise _misunderstood(f"{_shown(word)} stands before any option")
        else:
            current.append(word)
    return given


def _runs_program(given: Given) -> bool:
    """Whether a program is to be run: functions are called, and the two do not go together."""
    programs = [option for option in _PROGRAMS if given[option]]
    if given["--call"]:
        if programs:
            raise _misunderstood(f"{programs[0]} is for a program, and --call for a function")
        if given["--kind"] == [["command"]]:
            raise _misunderstood("--call is for a function of a library, and --kind says command")
        return False
    if given["--kind"] == [["library"]] and (programs or given["--run"]):
        raise _misunderstood("a library runs only where it is called: add --call with a function's name")
    return bool(programs or given["--run"])


def _misunderstood(why: str) -> ArgumentError:
    return ArgumentError(f"The first line of the cell is not understood: {why}.", remedy=f"Write it like {_EXAMPLES[0]}, or see %%wasm --help.")


def _shown(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:40] + "…")


def _single(given: Given, option: str) -> str | None:
    """The one word that an option takes, or None where the option is not given."""
    if not given[option]:
        return None
    if len(given[option]) > 1 or len(given[option][0]) != 1:
        raise _misunderstood(f"{option} takes one word ({OPTIONS[option]}), once")
    return given[option][0][0]


def _choice(given: Given, option: str) -> str | None:
    word = _single(given, option)
    if word is not None and word not in CHOICES[option]:
        raise _misunderstood(f"{option} is {_shown(word)}, and may be {', '.join(CHOICES[option])}")
    return word


def _features(given: list[list[str]]) -> tuple[str, ...]:
    names = tuple(name for words in given for word in words for name in word.split(",") if name)
    for name in names:
        if name not in FEATURES:
            raise _misunderstood(f"{_shown(name)} is none of the features {', '.join(FEATURES)}")
    return names


def _environment(given: list[list[str]]) -> dict[str, str]:
    words = [word for words in given for word in words]
    for word in words:
        if "=" not in word[1:]:
            raise _misunderstood(f"--env has {_shown(word)}, and wants NAME=value")
    return dict(word.split("=", 1) for word in words)


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


def _seconds(given: Given, option: str, default: float, largest: float) -> float:
    word = _single(given, option)
    if word is None:
        return default
    try:
        seconds = float(word)
    except ValueError:
        raise _misunderstood(f"{option} {_shown(word)} is no number of seconds") from None
    if not 0 < seconds <= largest:
        raise ArgumentRangeError(f"{option} {word} is not between 0 and {largest:g} seconds.", remedy="Choose a time in between.")
    return seconds
