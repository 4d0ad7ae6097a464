"""Draws how much memory many idle guests take."""

from __future__ import annotations

from typing import Any

from labkit.bench.arguments import expect
from labkit.bench.density import Density
from labkit.display import format_bytes, shorten
from labkit.ui.plots.axes import log_axis
from labkit.ui.plots.figure import draw, text_inches
from labkit.ui.plots.palette import looks
from labkit.ui.plots.plot import Plot
from labkit.ui.plots.recorded import recorded_words, title_words

__all__ = ["plot_memory"]

#: Characters of a name in the picture; words and table have it whole.
_NAME = 30
_HEADER = ("what", "how many", "memory, PSS", "for one")
_LINE_INCHES = 0.2


def plot_memory(density: Density, *, recorded: str = "") -> Plot:
    """Draw the memory that idle guests take together over how many there are, both logarithmic.

    Parameters
    ----------
    density : Density
    recorded : str, optional
        Where it was recorded and when, if it was not measured here and now.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from labkit.bench.density import Density
    >>> plot = plot_memory(Density({"instances": ((10, 200_000), (100, 1_000_000)), "processes": ((10, 5_000_000), (100, 48_000_000))}))
    >>> plot.description
    'Memory (PSS) of idle guests. instances: 100 take 1.0 MB, 10.0 kB each. processes: 100 take 48.0 MB, 480.0 kB each.'
    """
    expect(density, Density, by="plot_memory", remedy='Write Density({"instances": points}).')
    drawn = looks(density.series)
    recorded = recorded_words([density.source], recorded)
    rows, words, labels = [], [title_words("Memory (PSS) of idle guests", recorded)], {}
    for name, points in density.series.items():
        rows += [[name, f"{count:,}", format_bytes(total), format_bytes(round(total / count))] for count, total in points]
        if points:
            count, total = points[-1]
            words.append(f"{name}: {count:,} take {format_bytes(total)}, {format_bytes(round(total / count))} each.")
            labels[name] = f"{shorten(name, _NAME)}: {format_bytes(round(total / count))} each"
    words += density.notes

    def paint(axes: Any) -> None:
        counts, totals = zip(*(point for points in density.series.values() for point in points))
        log_axis(axes.xaxis, min(counts), max(counts), label="how many", format=lambda value: f"{value:,.0f}")
        log_axis(axes.yaxis, max(min(totals), 1), max(totals), label="memory of all, PSS", format=lambda value: format_bytes(round(value)))
        for name in labels:
            look, (x, y) = drawn[name], zip(*density.series[name])
            axes.plot(x, y, color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=7, markeredgecolor="white")
        _label_ends(axes, {name: density.series[name][-1] for name in labels}, labels, drawn)

    picture = draw(
        paint,
        title="Memory of idle guests",
        height_inches=3.6,
        left_inches=1.0,
        right_inches=0.3 + text_inches(labels.values()),
        recorded=recorded,
    )
    return Plot(" ".join(words), _HEADER, rows, picture, right=(1, 2, 3))


def _label_ends(axes: Any, ends: dict[str, tuple[int, int]], labels: dict[str, str], drawn: Any) -> None:
    """Write each name beside the end of its line; where two ends are close, one below the other."""
    height = axes.get_window_extent().height / axes.figure.dpi
    place, gap = axes.transAxes.inverted(), _LINE_INCHES / height
    highest = 1.0
    for name in sorted(ends, key=lambda name: -ends[name][1]):
        _x, y = place.transform(axes.transData.transform(ends[name]))
        highest = min(y, highest)
        axes.annotate(
            labels[name],
            (1.02, highest),
            xycoords="axes fraction",
            va="center",
            color=drawn[name].colour,
            annotation_clip=False,
        )
        highest -= gap
