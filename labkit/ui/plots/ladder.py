"""Draws the ladder of cold starts: every rung with what isolates it, those that did not run with their reason."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.bench.arguments import expect
from labkit.bench.ladder import Ladder, Rung
from labkit.display import format_bytes, format_seconds, shorten
from labkit.ui.plots.axes import log_axis, no_y_axis
from labkit.ui.plots.figure import draw, text_inches
from labkit.ui.plots.palette import FAINT, INK, PALE, Look, looks
from labkit.ui.plots.plot import Plot
from labkit.ui.plots.recorded import recorded_words, title_words

__all__ = ["plot_ladder"]

_HEADER = ("rung", "what isolates it", "median", "quartiles", "starts", "gone another", "image", "memory, PSS")
_KINDS = {"native": "native process", "wasm": "WebAssembly", "sandbox": "sandboxed process", "container": "container"}
#: Characters of a name and of a reason in the picture; words and table have them whole.
_NAME, _ISOLATES, _REASON = 34, 46, 64
_SMALL_POINTS = 8.0
_SMALLER = 0.84
_ROW_INCHES = 0.4
#: A ladder that has few samples yet must not look as if they were far apart.
_NARROWEST = 100
#: What the axis shows where nothing has run yet.
_SECONDS = (1e-4, 1.0)


def plot_ladder(ladder: Ladder, *, recorded: str = "") -> Plot:
    """Draw from start to hello on each rung: every start, the median, and where the middle half lies.

    Parameters
    ----------
    ladder : Ladder
    recorded : str, optional
        Of a recorded ladder: the machine and the date.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from labkit.bench.ladder import Ladder, Rung
    >>> native = Rung("native process", "an address space", (0.0002, 0.0003))
    >>> runc = Rung("runc", "namespaces", error="runc is not here.", remedy="Install it.", kind="container")
    >>> plot_ladder(Ladder((native, runc))).description
    'Cold starts. native process (an address space): 250 µs. runc (namespaces) did not run: runc is not here. Install it.'
    """
    expect(ladder, Ladder, by="plot_ladder", remedy="Give what measure_ladder gave, or a panel's result.")
    recorded = recorded_words([ladder.source], recorded)
    rungs, drawn = ladder.rungs, dict(zip(_KINDS, looks(["v8", "wasmtime", "libwasmer", "wasmer"]).values()))
    figures = {rung.name: format_seconds(rung.median_seconds) for rung in rungs if rung.median_seconds is not None}
    seconds = [value for rung in rungs for value in rung.samples_seconds]

    def paint(axes: Any) -> None:
        for kind, words in _KINDS.items():
            if any(rung.kind == kind for rung in rungs):
                axes.plot([], [], drawn[kind].marker, color=drawn[kind].colour, markersize=7, label=words)
        for i, rung in enumerate(rungs):
            axes.axhline(i, color=FAINT, linewidth=0.8, zorder=0)
            _paint_rung(axes, i, rung, drawn[rung.kind])
        axes.set_yticks([])
        axes.set_ylim(len(rungs) - 0.4, -0.6)
        low, high = (min(seconds), max(seconds)) if seconds else _SECONDS
        log_axis(axes.xaxis, low, max(high, low * _NARROWEST), label="from start to hello", format=format_seconds)
        no_y_axis(axes)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, columnspacing=1.2, handletextpad=0.2, borderaxespad=0.1)

    names = [shorten(rung.name, _NAME) for rung in rungs]
    isolates = [shorten(rung.isolates, _ISOLATES) for rung in rungs]
    picture = draw(
        paint,
        title="Cold starts, from start to hello",
        height_inches=1.3 + _ROW_INCHES * len(rungs),
        left_inches=0.25 + max(text_inches(names), text_inches(isolates) * _SMALLER),
        right_inches=0.25 + text_inches(figures.values()),
        top_inches=0.7,
        recorded=recorded,
    )
    grey = [i for i, rung in enumerate(rungs) if not rung.measured_here]
    words = " ".join([title_words("Cold starts", recorded), *map(_words, rungs)])
    return Plot(words, _HEADER, [_row(rung) for rung in rungs], picture, right=(2, 4, 5, 6, 7), grey=grey)


def _paint_rung(axes: Any, place: int, rung: Rung, look: Look) -> None:
    beside: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    left = {**beside, "xy": (0, place), "ha": "right"}
    axes.annotate(shorten(rung.name, _NAME), xytext=(-8, 5), va="center", color=INK if rung.measured_here else PALE, **left)
    axes.annotate(shorten(rung.isolates, _ISOLATES), xytext=(-8, -6), va="center", color=PALE, size=_SMALL_POINTS, **left)
    if not rung.measured_here:
        words = shorten(f"did not run: {rung.error}" if rung.error else "not measured yet", _REASON)
        where = {**beside, "xy": (0, place), "xytext": (6, 0)}
        axes.annotate(words, va="center", color=PALE, style="italic", size=_SMALL_POINTS, backgroundcolor="white", **where)
        return
    lower, median, upper = np.quantile(rung.samples_seconds, (0.25, 0.5, 0.75))
    axes.plot(rung.samples_seconds, [place] * len(rung.samples_seconds), "|", color=look.colour, alpha=0.35, markersize=9, markeredgewidth=1)
    axes.plot([lower, upper], [place, place], color=look.colour, linewidth=4, alpha=0.5, solid_capstyle="butt")
    axes.plot(median, place, look.marker, color=look.colour, markersize=8, markeredgecolor="white")
    axes.annotate(format_seconds(median), xytext=(8, 0), va="center", **{**beside, "xy": (1, place)})


def _words(rung: Rung) -> str:
    what = f"{rung.name} ({rung.isolates})"
    if rung.median_seconds is not None:
        return f"{what}: {format_seconds(rung.median_seconds)}."
    return f"{what} did not run: {rung.error} {rung.remedy}".rstrip() if rung.error else f"{what} is not measured yet."


def _row(rung: Rung) -> list[str]:
    sizes = [format_bytes(size_bytes) if size_bytes is not None else "–" for size_bytes in (rung.image_bytes, rung.memory_bytes)]
    if not rung.measured_here:
        return [rung.name, rung.isolates, "–", f"{rung.error} {rung.remedy}".strip() or "not measured yet", "0", "–", *sizes]
    lower, median, upper = map(format_seconds, np.quantile(rung.samples_seconds, (0.25, 0.5, 0.75)))
    ending = "–" if rung.median_ending_seconds is None else format_seconds(rung.median_ending_seconds)
    return [rung.name, rung.isolates, median, f"{lower} – {upper}", str(len(rung.samples_seconds)), ending, *sizes]
