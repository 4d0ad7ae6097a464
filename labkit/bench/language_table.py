"""The two tables of the languages' survey: figures, and what each language can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.bench.language_features import FEATURE_NAMES
from labkit.display import format_bytes, format_seconds, html_table, text_table

if TYPE_CHECKING:
    from labkit.bench.languages import LanguageRow

__all__ = ["feature_table", "figure_table"]

_FIGURES = ("language", "toolchain", "builds here", "runs on", "program", "function", "compiled in", "starts in", "fib / C's (95 %)")
_FEATURES = ("language", *FEATURE_NAMES, "verdict")
_RIGHT = (4, 5, 6, 7, 8)


def figure_table(rows: Sequence[LanguageRow], *, html: bool) -> str:
    """Sizes and times; a language that is not here stays, greyed, with what to do about it."""
    cells = [_figures(row) for row in rows]
    if not html:
        return text_table(_FIGURES, cells, right=_RIGHT)
    caption = "Sizes are of the program that prints its arguments, environment and input, and of the function fib alone."
    return html_table(_FIGURES, cells, caption=caption, right=_RIGHT, grey=_absent(rows))


def feature_table(rows: Sequence[LanguageRow], *, html: bool) -> str:
    """What was tried, and the verdict."""
    cells = [_features(row) for row in rows]
    if not html:
        return text_table(_FEATURES, cells)
    caption = "Each was tried with a program of data/sources/features; garbage is whether memory that is no longer used comes back."
    return html_table(_FEATURES, cells, caption=caption, grey=_absent(rows))


def _absent(rows: Sequence[LanguageRow]) -> list[int]:
    return [number for number, row in enumerate(rows) if row.hello is None]


def _figures(row: LanguageRow) -> list[str]:
    if row.hello is None or row.library is None:
        return [row.title, "–", f"no: {row.reason}", *["–"] * 6]
    runs = "; ".join(f"{name}: no ({why})" if why else name for name, why in row.runs_on.items())
    built = "no: taken prebuilt" if row.hello.prebuilt else "yes"
    # An interpreter is what every program and every function of the language is.
    function = "the same" if row.library.path == row.hello.path else format_bytes(row.library.size_bytes)
    compiled = "–" if row.hello.prebuilt or row.hello.arguments else format_seconds(row.hello.wall_seconds)
    start = "–" if row.start_seconds is None else format_seconds(row.start_seconds)
    kernel = row.kernel.figures if row.kernel else "not measured"
    return [row.title, row.hello.toolchain, built, runs, format_bytes(row.hello.size_bytes), function, compiled, start, kernel]


def _features(row: LanguageRow) -> list[str]:
    trials = [str(trial) for trial in row.trials] or ["–"] * len(FEATURE_NAMES)
    return [row.title, *trials, row.verdict]
