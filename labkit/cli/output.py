"""How commands write: JSON that every reader takes, text that no terminal's encoding breaks."""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

__all__ = ["for_the_shell", "make_streams_safe", "print_json", "progress_line", "to_jsonable"]


#: What a sentence says to a reader of Python, and the same at the command line.
_SHELL_WORDS = (
    (re.compile(r"Limits\((time|memory|fuel|output)=…\)"), r"--\1"),
    (re.compile(r"compile_seconds\b"), "--compile-time"),
    (re.compile(r'\b(export|runtime)="([\w.-]+)"'), r"--\1 \2"),
    (re.compile(r"labkit\.inspect\b"), "`labkit inspect`"),
)


def for_the_shell(text: str) -> str:
    """Name options in place of Python's arguments.

    Examples
    --------
    >>> for_the_shell('Raise Limits(time=…), or use runtime="wasmtime".')
    'Raise --time, or use --runtime wasmtime.'
    """
    for pattern, words in _SHELL_WORDS:
        text = pattern.sub(words, text)
    return text


def to_jsonable(value: Any) -> Any:
    """Turn a result into what JSON has.

    Dataclasses become objects, enums their values, bytes hexadecimal digits. JSON has no infinities and no NaN: they become null.

    Examples
    --------
    >>> from labkit.limits import Limits
    >>> to_jsonable(Limits(time=2.0)), to_jsonable(float("nan")), to_jsonable(b"ab")
    ({'time_seconds': 2.0, 'memory_bytes': None, 'fuel_units': None, 'output_bytes': None}, None, '6162')
    """
    if isinstance(value, Enum):
        return to_jsonable(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_jsonable(item) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_json(value: Any) -> None:
    """Print one JSON object in plain ASCII, which every locale can write."""
    print(json.dumps(to_jsonable(value), indent=2, allow_nan=False))


def make_streams_safe() -> None:
    """Let text that the locale's encoding lacks, or a file name that is no text, come out escaped and not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def progress_line(name: str) -> Iterator[Callable[[float], None] | None]:
    """Give a progress callback that rewrites one line on a terminal's stderr, cleared in the end; None where it is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda share: print(f"\r{name}: {share:4.0%}", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
