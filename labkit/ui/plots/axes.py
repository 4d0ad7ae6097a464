"""Axes of times and ratios: a tick says its unit, and what is far apart is drawn logarithmically."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from labkit.display import format_seconds
from labkit.ui.plots.easel import steady_ends, the_easel

__all__ = ["log_axis", "no_y_axis", "time_axis"]

#: Beyond such a factor between the smallest and the largest value, an axis is logarithmic.
_WIDE = 8.0
#: Below such a factor, round numbers make better ticks than powers of ten.
_NARROW = 3.0
_MARGIN = 0.04
# Of these digits a logarithmic axis has ticks, where it reaches over so many powers of ten at most.
_DIGITS = ((2.0, (1.0, 2.0, 5.0)), (3.0, (1.0, 3.0)), (99.0, (1.0,)))


def time_axis(axis: Any, low_seconds: float, high_seconds: float, *, label: str, more: str = "", log: bool | None = None) -> None:
    """Make an axis one of time; logarithmic where the values are far apart, or as asked."""
    if high_seconds > low_seconds * _WIDE if log is None else log:
        log_axis(axis, low_seconds, high_seconds, label=label, format=format_seconds, more=more)
        return
    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda seconds, _position: format_seconds(seconds) if seconds else "0"))
    margin = (high_seconds - low_seconds) * _MARGIN or high_seconds * 0.1
    _set_limits(axis, max(low_seconds - margin, 0), high_seconds + margin)
    axis.set_label_text(label + more)


def log_axis(axis: Any, low: float, high: float, *, label: str, format: Callable[[float], str], more: str = "") -> None:
    """Make an axis logarithmic, and say so."""
    axis._set_axes_scale("log")
    margin = max((high / low) ** _MARGIN, 1.02)
    low, high = low / margin, high * margin
    if high / low < _NARROW:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_minor_locator(NullLocator())
    else:
        digits = next(digits for largest, digits in _DIGITS if high / low < 10**largest)
        axis.set_major_locator(LogLocator(10, subs=digits, numticks=20))
        axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _position: format(value)))
    _set_limits(axis, low, high)
    axis.set_label_text(f"{label}, logarithmic{more}")


def no_y_axis(axes: Any) -> None:
    """Rows with names need neither line nor ticks."""
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")


def _set_limits(axis: Any, low: float, high: float) -> None:
    if the_easel() is not None:
        is_log, (first, last) = axis.get_scale() == "log", axis.get_view_interval()
        ends = steady_ends((math.log(first), math.log(last)), math.log(low), math.log(high)) if is_log else steady_ends((first, last), low, high)
        low, high = map(math.exp, ends) if is_log else ends
    (axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim)(low, high)
