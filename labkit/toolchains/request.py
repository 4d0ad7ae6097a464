"""Reads what `build` is asked for: text or path, which language, and whether the options go together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Union

from labkit.errors import ArgumentError, Unsupported
from labkit.modules.load import is_text
from labkit.toolchains.language import FEATURES, FREESTANDING, WASIP1, WASIP2, Language, Request
from labkit.toolchains.registry import LANGUAGE_NAMES, language_named, language_of_file
from labkit.toolchains.sources import Program, encode, read_crate, read_program

__all__ = ["KINDS", "OPTIMIZATIONS", "TARGETS", "SourceOrPath", "make_program", "make_request"]

SourceOrPath = Union[str, bytes, "os.PathLike[str]"]
"""The path of a source, or source text."""

KINDS = ("command", "library")
TARGETS = (FREESTANDING, WASIP1, WASIP2)
OPTIMIZATIONS = ("none", "size", "speed")


def make_program(source_or_path: SourceOrPath, language: str | None, name: str | None) -> tuple[Program, Language]:
    """Read the source and find its language.

    Examples
    --------
    >>> program, language = make_program("int x;", "c", None)
    >>> program.shown, language.title
    ('source.c', 'C')
    """
    if not isinstance(source_or_path, (str, bytes, os.PathLike)):
        raise ArgumentError(
            f"A source cannot be read from {type(source_or_path).__name__}.", remedy="Give the path of a source, or text with language=…."
        )
    if isinstance(source_or_path, bytes) or (isinstance(source_or_path, str) and not _is_path(source_or_path, language)):
        source = source_or_path if isinstance(source_or_path, bytes) else encode(source_or_path)
        if language is None:
            raise ArgumentError(
                "The language of this source is not known.", remedy=f"Say it: build(…, language=…) with one of {', '.join(LANGUAGE_NAMES)}."
            )
        chosen = language_named(language)
        return Program(source, chosen.suffixes[0], name or f"source{chosen.suffixes[0]}"), chosen
    path = Path(source_or_path)
    try:
        is_crate = (path / "Cargo.toml").is_file()
    except (OSError, ValueError):
        is_crate = False
    if is_crate:
        return read_crate(path), language_named("rust")
    named = language_of_file(path.suffix) if language is None else language_named(language)
    if named is None:
        known = f"One of {', '.join(LANGUAGE_NAMES)} can be said with language=…"
        raise ArgumentError(f"{path.name[:200]!r} has a suffix that tells no language.", remedy=f"{known}.")
    chosen = named
    program = read_program(path, chosen.includes)
    suffix = program.suffix.lower() if program.suffix.lower() in chosen.suffixes else chosen.suffixes[0]
    return Program(program.source, suffix, name or program.shown, program.beside), chosen


def _is_path(text: str, language: str | None) -> bool:
    """Whether a string is a path: one line, and either a known suffix or no language to make it text."""
    if not text.strip() or "\n" in text or "\r" in text or is_text(text):
        return False
    return language is None or language_of_file(Path(text).suffix) is not None or _exists(text)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def make_request(language: Language, *, kind: str, target: str | None, optimize: str | None, features: Sequence[str]) -> Request:
    """Check the options, and fill in what was left out.

    Examples
    --------
    >>> make_request(language_named("c"), kind="library", target=None, optimize=None, features=())
    Request(kind='library', target='freestanding', optimize=None, features=())
    """
    _choose("kind", kind, KINDS)
    if optimize is not None:
        _choose("optimize", optimize, OPTIMIZATIONS)
    if target is not None:
        _choose("target", target, TARGETS)
    if isinstance(features, str):
        raise ArgumentError(f"features={features!r} is text.", remedy=f"Give a list of names: features=[{features!r}].")
    for feature in features:
        _choose("features", feature, FEATURES)
        if feature not in language.features:
            knows = ", ".join(language.features) or "none"
            raise Unsupported(f"{language.title} cannot be built with {feature}.", remedy=f"The features its compiler can open are: {knows}.")
    possible = language.targets[kind]
    if kind == "command" and WASIP2 not in possible:
        possible = (*possible, WASIP2)
    if target is not None and target not in possible:
        raise Unsupported(f"A {language.title} {kind} cannot be built for {target}.", remedy=f"Choose one of {', '.join(possible)}.")
    return Request(kind, target or possible[0], optimize, tuple(sorted(set(features))))


def _choose(option: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ArgumentError(f"{option} has {value!r}, which is unknown.", remedy=f"Choose from {', '.join(choices)}.")
