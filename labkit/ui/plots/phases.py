"""Draws the phases of a run, each on every runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.bench.arguments import expect
from labkit.bench.comparison import Timing
from labkit.bench.phases import Missing, Phase, Phases
from labkit.display import format_seconds, shorten
from labkit.ui.plots.axes import log_axis, no_y_axis
from labkit.ui.plots.figure import LEGEND_INCHES, draw, legend_beside, text_inches
from labkit.ui.plots.palette import FAINT, Look, looks
from labkit.ui.plots.plot import Plot
from labkit.ui.plots.recorded import recorded_words, title_words

__all__ = ["plot_phase_timings", "plot_phases"]

#: Characters of a name in the picture; words and table have it whole.
_NAME = 26
_HEADER = ("phase", "runtime", "lower quartile", "median", "upper quartile", "samples")
#: Of the height of a phase, how much its runtimes take; and one runtime at most.
_SHARE, _LARGEST_STEP = 0.72, 0.24


def plot_phases(phases: Phases, *, recorded: str = "") -> Plot:
    """Draw what each phase of a run costs on each runtime: the median, and where the middle half of the samples lies.

    Parameters
    ----------
    phases : Phases
    recorded : str, optional
        Of recorded phases: the machine and the date.

    Returns
    -------
    Plot

    Examples
    --------
    >>> from labkit.bench.interleave import compare
    >>> from labkit.bench.phases import Phase, Phases
    >>> found = Phases({Phase.COMPILE: compare({"wasmtime": list, "wasmer": dict}, seconds=0.1)}, (), (), ())
    >>> plot_phases(found).rows[0][:2]
    ['compile', 'wasmtime']
    """
    expect(phases, Phases, by="plot_phases", remedy="Give what measure_phases gave, or a panel's result.")
    recorded = recorded_words([comparison.source for comparison in phases.comparisons.values()], recorded)
    return plot_phase_timings({phase: found.timings for phase, found in phases.comparisons.items()}, missing=phases.missing, recorded=recorded)


def plot_phase_timings(timings: Mapping[Phase, Sequence[Timing]], *, missing: Sequence[Missing] = (), recorded: str = "") -> Plot:
    """Draw the same of samples alone, from which nothing has been concluded yet."""
    names = tuple(dict.fromkeys(timing.name for each in timings.values() for timing in each))
    drawn, labels = looks(names), [shorten(name, _NAME) for name in names]
    rows, words = [], [title_words("Phases of a run", recorded)]
    seconds: list[float] = []
    for phase, each in timings.items():
        for timing in each:
            quartiles = (timing.lower_quartile_seconds, timing.median_seconds, timing.upper_quartile_seconds)
            rows.append([phase.value, timing.name, *map(format_seconds, quartiles), timing.count])
            seconds += quartiles
        words.append(f"{phase.value}: {', '.join(f'{timing.name} {format_seconds(timing.median_seconds)}' for timing in each)}.")
    grey = range(len(rows), len(rows) + len(missing))
    rows += [["–", each.runtime, f"not measured: {each.reason}", "", "", ""] for each in missing]
    words += map(str, missing)

    def paint(axes: Any) -> None:
        for name, label in zip(names, labels):
            axes.plot([], [], drawn[name].marker, color=drawn[name].colour, markersize=7, label=label)
        for i, each in enumerate(timings.values()):
            axes.axhline(i + 0.5, color=FAINT, linewidth=0.8)
            _paint_phase(axes, i, each, drawn, min(_SHARE / len(names), _LARGEST_STEP))
        axes.set_yticks(range(len(timings)), [phase.value for phase in timings])
        axes.set_ylim(len(timings) - 0.5, -0.5)
        log_axis(axes.xaxis, min(seconds), max(seconds), label="time for one", format=format_seconds)
        no_y_axis(axes)
        legend_beside(axes, "Medians")

    picture = draw(
        paint,
        title="What each phase of a run takes",
        height_inches=1.1 + len(timings) * max(0.34, 0.085 * len(names)),
        left_inches=0.2 + text_inches(phase.value for phase in timings),
        right_inches=LEGEND_INCHES + text_inches(["Medians", *labels]),
        recorded=recorded,
    )
    return Plot(" ".join(words), _HEADER, rows, picture, right=range(2, len(_HEADER)), grey=grey)


def _paint_phase(axes: Any, place: int, timings: Sequence[Timing], drawn: Mapping[str, Look], step: float) -> None:
    for j, timing in enumerate(timings):
        look, y = drawn[timing.name], place + (j - (len(timings) - 1) / 2) * step
        quartiles = [timing.lower_quartile_seconds, timing.upper_quartile_seconds]
        axes.plot(quartiles, [y, y], color=look.colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(timing.median_seconds, y, look.marker, color=look.colour, markersize=7, markeredgecolor="white")
