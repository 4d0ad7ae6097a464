"""The sheet that a picture is drawn on: of one width, with a title, and room for one pair of axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labkit.display import shorten
from labkit.ui.plots.palette import FAINT, PALE

__all__ = ["FONT_POINTS", "WIDTH_PIXELS", "Sheet"]

FONT_POINTS = 9.5
#: Behind what was recorded.
_HATCH = "////"
_WIDTH_INCHES = 7.5
#: What a notebook shows of one inch.
_PIXELS_PER_INCH = 100
#: How wide a picture is shown.
WIDTH_PIXELS = round(_WIDTH_INCHES * _PIXELS_PER_INCH)
_LONGEST_RECORDED = 52
_BOTTOM_INCHES = 0.55


@dataclass(frozen=True)
class Sheet:
    """What is fixed before anything is drawn.

    Attributes
    ----------
    title, recorded : str
    height_inches, left_inches, right_inches, top_inches : float
        As `labkit.ui.plots.figure.draw` is given them.
    """

    title: str
    height_inches: float
    left_inches: float
    right_inches: float
    top_inches: float
    recorded: str

    def with_room(self, right_inches: float) -> Sheet:
        """The same with another room on the right."""
        return replace(self, right_inches=right_inches)

    def lay_out(self, dots_per_pixel: float) -> tuple[Any, Any]:
        """Make the canvas and its axes."""
        figure = Figure(figsize=(_WIDTH_INCHES, self.height_inches), dpi=dots_per_pixel * _PIXELS_PER_INCH)
        canvas = FigureCanvasAgg(figure)
        left, top = 0.1 / _WIDTH_INCHES, 1 - 0.08 / self.height_inches
        figure.text(left, top, self.title, va="top", weight="bold", size=FONT_POINTS + 1)
        width = _WIDTH_INCHES - self.left_inches - self.right_inches
        height = self.height_inches - self.top_inches - _BOTTOM_INCHES
        place = (self.left_inches / _WIDTH_INCHES, _BOTTOM_INCHES / self.height_inches, width / _WIDTH_INCHES, height / self.height_inches)
        axes = figure.add_axes(place)
        if self.recorded:
            axes.patch.set(hatch=_HATCH, edgecolor=FAINT, linewidth=0)
            words = f"Recorded: {shorten(self.recorded, _LONGEST_RECORDED)}"
            figure.text(1 - left, top, words, va="top", ha="right", style="italic", color=PALE)
        return canvas, axes
