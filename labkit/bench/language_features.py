"""Tries what a language can do once it is compiled to WebAssembly: a small program for each feature, built and run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.data_files import data_folder
from labkit.display import shorten
from labkit.errors import BuildError, ToolchainUnavailable
from labkit.limits import Limits
from labkit.sandbox.run import run
from labkit.toolchains.build import build
from labkit.toolchains.registry import language_named

__all__ = ["FEATURE_NAMES", "FeatureTrial", "try_feature"]

#: What is tried: by name, the files ``data/sources/features/NAME.*``.
FEATURE_NAMES = ("threads", "exceptions", "sockets", "garbage")

# The programs for "garbage" allocate four times as much as this, a MiB at a time.
_LIMITS = Limits(time=10.0, memory="128MiB")
# Where there is nothing to try.
_WITHOUT = {
    ("c", "garbage"): "by hand",
    ("cpp", "garbage"): "by destructors",
    ("zig", "garbage"): "by hand",
    ("rust", "garbage"): "by ownership",
    ("assemblyscript", "threads"): "its library has none",
    ("assemblyscript", "sockets"): "its library has none",
}
_ERROR = re.compile(r"error(?:\[\w+\]| \w+)?: (.*)", re.IGNORECASE)
_LONGEST_WORDS = 70


@dataclass(frozen=True)
class FeatureTrial:
    """Whether a language has a feature in WebAssembly.

    Attributes
    ----------
    feature : str
    works : bool or None
        None where it could not be tried, or the language does without.
    words : str
        What the program, the run or the compiler said.
    """

    feature: str
    works: bool | None
    words: str

    def __str__(self) -> str:
        return self.words if self.works is None else f"{'yes' if self.works else 'no'}{': ' if self.words else ''}{self.words}"


def try_feature(language: str, feature: str) -> FeatureTrial:
    """Build and run the program that uses a feature.

    Parameters
    ----------
    language : str
    feature : str
        One of `FEATURE_NAMES`.

    Returns
    -------
    FeatureTrial

    Examples
    --------
    >>> print(try_feature("cpp", "exceptions"))
    no: cannot use 'throw' with exceptions disabled
    """
    chosen = language_named(language)
    source = data_folder() / "sources" / "features" / f"{feature}{chosen.suffixes[0]}"
    if not source.is_file():
        return FeatureTrial(feature, None, _WITHOUT[chosen.name, feature])
    try:
        program = build(source)
    except ToolchainUnavailable:
        return FeatureTrial(feature, None, "not tried")
    except BuildError as error:
        found = _ERROR.search(error.diagnostics)
        return FeatureTrial(feature, False, _short(found[1] if found else error.message))
    result = run(program, args=program.arguments, limits=_LIMITS)
    said = result.stdout.decode("utf-8", "replace").strip()
    if said.startswith("works"):
        return FeatureTrial(feature, True, said.removeprefix("works").lstrip(", "))
    return FeatureTrial(feature, False, _short(said or result.message or result.stderr.decode("utf-8", "replace").strip()))


def _short(words: str) -> str:
    line = words.splitlines()[0] if words else "it said nothing"
    return shorten(line if len(line) <= _LONGEST_WORDS else f"{line[: _LONGEST_WORDS - 1]}…", _LONGEST_WORDS)
