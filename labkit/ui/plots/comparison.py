"""Draws a comparison: how its samples are distributed, in which order they came, and its ratios with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from labkit.bench.arguments import expect
from labkit.bench.comparison import Comparison, Timing
from labkit.bench.figures import Ratio
from labkit.display import format_seconds, shorten
from labkit.ui.plots.axes import log_axis, no_y_axis, time_axis
from labkit.ui.plots.figure import LEGEND_INCHES, draw, legend_beside, text_inches
from labkit.ui.plots.palette import INK, PALE, Look, looks
from labkit.ui.plots.plot import Plot
from labkit.ui.plots.recorded import recorded_words, title_words

__all__ = ["plot_distribution", "plot_ratios", "plot_run_order"]

# A single interruption must not squeeze all the rest into a corner; what lies beyond is counted and said.
_SHOWN_SHARE = 0.99
_RUNNING_MEDIAN = 15
#: A hair must not look like a gulf: an axis of ratios shows at least so much on both sides of 1.
_NARROWEST = 1.1
#: Characters of a name in a picture; words and table have it whole.
_NAME, _LONG_NAME = 22, 32
_HEADER = ("contender", "shortest", "lower quartile", "median", "upper quartile", "longest", "samples")
_REMEDY = "Give what labkit.bench.compare gave; of kernels, that of one: kernels.run(…).comparison."


def plot_distribution(comparison: Comparison, *, of: str = "samples", recorded: str = "") -> Plot:
    """Draw which share of each contender's samples took how long at most.

    Parameters
    ----------
    comparison : Comparison
    of : str, optional
        What the samples are.
    recorded : str, optional
        Of a recorded comparison: the machine and the date.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from functools import partial
    >>> from labkit.bench.interleave import compare
    >>> plot = plot_distribution(compare({"short": partial(sum, range(10)), "long": partial(sum, range(900))}, seconds=0.1))
    >>> plot.description.startswith("Distribution of the samples. short: half took at most")
    True
    """
    expect(comparison, Comparison, by="plot_distribution", remedy=_REMEDY)
    recorded, timings = recorded_words([comparison.source], recorded), comparison.timings
    low, high, beyond = _range(timings)
    labels = [f"{shorten(timing.name, _LONG_NAME)}: {format_seconds(timing.median_seconds)}" for timing in timings]

    def paint(axes: Any) -> None:
        for (timing, look), label in zip(_looks(timings), labels):
            values = np.sort(timing.samples_seconds)
            values, shares = np.concatenate([values[:1], values]), np.arange(len(values) + 1) / len(values)
            axes.step(values, shares, where="post", color=look.colour, linestyle=look.dashes)
            axes.plot(timing.median_seconds, 0.5, look.marker, color=look.colour, markersize=8, markeredgecolor="white")
            axes.plot([], [], color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=6, label=label)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_ylabel(f"share of {of}")
        time_axis(axes.xaxis, low, high, label="took at most", more=_beyond_words(beyond, "to the right"))
        legend_beside(axes, "Medians")

    picture = draw(
        paint,
        title=f"How the {of} are distributed",
        height_inches=3.3,
        left_inches=0.85,
        right_inches=LEGEND_INCHES + text_inches(labels),
        recorded=recorded,
    )
    return _plot(title_words(f"Distribution of the {of}", recorded), timings, beyond, picture)


def plot_run_order(comparison: Comparison, *, recorded: str = "") -> Plot:
    """Draw the samples in the order they were taken: a warm-up, a drift or an interruption is seen at once.

    Parameters
    ----------
    comparison : Comparison
    recorded : str, optional
        Of a recorded comparison: the machine and the date.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from labkit.bench.interleave import compare
    >>> plot_run_order(compare({"list": list, "dict": dict}, seconds=0.1)).description.startswith("Samples in the order")
    True
    """
    expect(comparison, Comparison, by="plot_run_order", remedy=_REMEDY)
    recorded, timings = recorded_words([comparison.source], recorded), comparison.timings
    low, high, beyond = _range(timings)
    labels = [shorten(timing.name, _LONG_NAME) for timing in timings]

    def paint(axes: Any) -> None:
        for (timing, look), label in zip(_looks(timings), labels):
            values = np.array(timing.samples_seconds)
            blocks = np.arange(1, len(values) + 1)
            shown = values <= high
            axes.plot(blocks[shown], values[shown], look.marker, color=look.colour, alpha=0.35, markersize=3.5, markeredgewidth=0)
            axes.plot(blocks[~shown], np.full((~shown).sum(), high), "^", color=look.colour, markersize=6, clip_on=False)
            axes.plot(blocks, _running_median(values), color=look.colour, linestyle=look.dashes, label=label)
        time_axis(axes.yaxis, low, high, label="time per call")
        axes.set_xlabel("block, first to last" + _beyond_words(beyond, "up (triangles)"))
        legend_beside(axes, "Running medians")

    picture = draw(
        paint,
        title="The samples in the order they were taken",
        height_inches=3.3,
        left_inches=0.95,
        right_inches=LEGEND_INCHES + text_inches(["Running medians", *labels]),
        recorded=recorded,
    )
    return _plot(title_words("Samples in the order they were taken", recorded), timings, beyond, picture)


def plot_ratios(comparison: Comparison, *, recorded: str = "") -> Plot:
    """Draw the ratio of every contender's time to the first's, with its 95 % interval; above them the control.

    Parameters
    ----------
    comparison : Comparison
    recorded : str, optional
        Of a recorded comparison: the machine and the date.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from labkit.bench.interleave import compare
    >>> plot = plot_ratios(compare({"list": list, "dict": dict}, seconds=0.1))
    >>> [row[0] for row in plot.rows]
    ['list / itself (control)', 'dict / list']
    """
    expect(comparison, Comparison, by="plot_ratios", remedy=_REMEDY)
    recorded = recorded_words([comparison.source], recorded)
    first, *others = [timing.name for timing in comparison.timings]
    ratios = [comparison.control, *(comparison.ratio(name, first) for name in others)]
    names = [f"{first} / itself (control)", *(f"{name} / {first}" for name in others)]
    labels = [f"{shorten(first, _NAME)} / itself (control)", *(f"{shorten(name, _NAME)} / {shorten(first, _NAME)}" for name in others)]
    found = looks([first, *others])
    told = [ratio.figures for ratio in ratios]
    low, high = _ratio_range(ratios)

    def paint(axes: Any) -> None:
        axes.axvline(1, color=INK, linewidth=1)
        for i, (ratio, figures) in enumerate(zip(ratios, told)):
            look = found[ratio.contender] if i else Look(PALE, "o", "-")
            ends = [max(ratio.low, low / 2), min(ratio.high, high * 2)]
            axes.plot(ends, [i, i], color=look.colour, linewidth=3.5, alpha=0.5, solid_capstyle="butt")
            axes.plot(ratio.median, i, look.marker, color=look.colour, markersize=8, markeredgecolor="white")
            axes.annotate(figures, (1, i), (8, 0), axes.get_yaxis_transform(), "offset points", va="center", annotation_clip=False)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        log_axis(axes.xaxis, low, high, label="times as long", format=lambda value: f"{value:,.0f}×" if value >= 1000 else f"{value:.3g}×")
        no_y_axis(axes)

    picture = draw(
        paint,
        title=f"Time over that of {shorten(first, _LONG_NAME)}, with 95 % intervals",
        height_inches=1.05 + 0.34 * len(ratios),
        left_inches=0.2 + text_inches(labels),
        right_inches=0.25 + text_inches(told),
        recorded=recorded,
    )
    words = " ".join(f"{name}: {figures}." for name, figures in zip(names, told))
    description = f"{title_words('Ratios of times with their 95 % intervals', recorded)} {words} {comparison.verdict}"
    return Plot(description, ("ratio", "median (95 %)"), list(zip(names, told)), picture, right=(1,))


def _looks(timings: Sequence[Timing]) -> list[tuple[Timing, Look]]:
    found = looks(timing.name for timing in timings)
    return [(timing, found[timing.name]) for timing in timings]


def _range(timings: Sequence[Timing]) -> tuple[float, float, int]:
    """From the shortest sample to where nearly all of each contender's have been seen, and how many lie beyond."""
    high = max(float(np.quantile(timing.samples_seconds, _SHOWN_SHARE)) for timing in timings)
    beyond = sum(value > high for timing in timings for value in timing.samples_seconds)
    return min(timing.minimum_seconds for timing in timings), high, beyond


def _beyond_words(beyond: int, where: str) -> str:
    return f"; {beyond} more {'lies' if beyond == 1 else 'lie'} further {where}" if beyond else ""


def _running_median(values: Any) -> Any:
    width = min(_RUNNING_MEDIAN, len(values)) | 1
    padded = np.pad(values, width // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)


def _ratio_range(ratios: Sequence[Ratio]) -> tuple[float, float]:
    """As far as the intervals that have bounds reach."""
    values = [value for ratio in ratios for value in (ratio.low, ratio.median, ratio.high) if 0 < value < math.inf]
    return min(*values, 1 / _NARROWEST), max(*values, _NARROWEST)


def _plot(title: str, timings: Sequence[Timing], beyond: int, picture: bytes) -> Plot:
    """Put words and table beside a picture of samples."""
    rows, words = [], [title]
    for timing in timings:
        quartiles = (timing.lower_quartile_seconds, timing.median_seconds, timing.upper_quartile_seconds)
        lower, median, upper = map(format_seconds, quartiles)
        words.append(f"{timing.name}: half took at most {median}, the middle half from {lower} to {upper}, of {timing.count} samples.")
        longest = format_seconds(max(timing.samples_seconds))
        rows.append([timing.name, format_seconds(timing.minimum_seconds), lower, median, upper, longest, timing.count])
    if beyond:
        words.append(f"Samples too long for the picture: {beyond}.")
    return Plot(" ".join(words), _HEADER, rows, picture, right=range(1, len(_HEADER)))
