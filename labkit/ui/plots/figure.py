"""Figures of one style, drawn without pyplot: it keeps its figures for ever, and is not made for several threads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from PIL import Image

from labkit.display import shorten
from labkit.ui.plots.palette import FAINT, INK, PALE, PAPER

__all__ = ["HATCH", "LEGEND_INCHES", "WIDTH_PIXELS", "coarsely", "draw", "legend_beside", "text_inches"]

_WIDTH_INCHES = 7.5
#: What a notebook shows of one inch, and how many dots of the picture are one of these pixels: more than one, for sharp screens.
_PIXELS_PER_INCH = 100
_dots_per_pixel: ContextVar[float] = ContextVar("dots_per_pixel", default=1.5)
#: How wide a picture is shown.
WIDTH_PIXELS = round(_WIDTH_INCHES * _PIXELS_PER_INCH)
_FONT_POINTS = 9.5
#: What a legend needs beside its longest text.
LEGEND_INCHES = 0.7
#: Behind what was recorded.
HATCH = "////"
_LONGEST_RECORDED = 52
_BOTTOM_INCHES = 0.55

_STYLE = {
    "font.size": _FONT_POINTS,
    "axes.labelcolor": PALE,
    "axes.edgecolor": PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "grid.color": FAINT,
    "hatch.color": PAPER,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "text.parse_math": False,  # a name with dollar signs is a name
    "xtick.color": PALE,
    "xtick.labelcolor": INK,
    "ytick.color": PALE,
    "ytick.labelcolor": INK,
}


def draw(
    paint: Callable[[Any], None],
    *,
    title: str,
    height_inches: float,
    left_inches: float,
    right_inches: float = 0.2,
    top_inches: float = 0.42,
    recorded: str = "",
) -> bytes:
    """Draw a figure of one pair of axes, as WebP.

    Parameters
    ----------
    paint : callable
        Draws into the axes it is given.
    title : str
    height_inches, left_inches, right_inches, top_inches : float
        How high it is, and how much room there is beside and above the axes. Fixed, so that a picture which is drawn again and again
        stands still, and because finding them takes longer than all the rest.
    recorded : str, optional
        Where and when the data was recorded; what was not measured here and now is drawn on hatched ground, and says so.

    Returns
    -------
    bytes

    Examples
    --------
    >>> draw(lambda axes: None, title="Nothing", height_inches=1.5, left_inches=0.5)[:4]
    b'RIFF'
    """
    # Whatever style the reader has set for plots of their own.
    with matplotlib.style.context(_STYLE, after_reset=True):
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), dpi=_dots_per_pixel.get() * _PIXELS_PER_INCH)
        canvas: Any = FigureCanvasAgg(figure)
        figure.text(0.1 / _WIDTH_INCHES, 1 - 0.08 / height_inches, title, va="top", weight="bold", size=_FONT_POINTS + 1)
        width = _WIDTH_INCHES - left_inches - right_inches
        height = height_inches - top_inches - _BOTTOM_INCHES
        axes = figure.add_axes((left_inches / _WIDTH_INCHES, _BOTTOM_INCHES / height_inches, width / _WIDTH_INCHES, height / height_inches))
        if recorded:
            axes.patch.set(hatch=HATCH, edgecolor=FAINT, linewidth=0)
            words = f"Recorded: {shorten(recorded, _LONGEST_RECORDED)}"
            figure.text(1 - 0.1 / _WIDTH_INCHES, 1 - 0.08 / height_inches, words, va="top", ha="right", style="italic", color=PALE)
        paint(axes)
        canvas.draw()
        picture = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    file = io.BytesIO()
    # Half as large as PNG, without a loss: a notebook that is kept must be small.
    picture.save(file, "WEBP", lossless=True, method=4)
    return file.getvalue()


@contextmanager
def coarsely() -> Iterator[None]:
    """Draw with as many dots as a plain screen has, in less than half the time: for pictures that the next one replaces at once.

    Examples
    --------
    >>> with coarsely():
    ...     coarse = draw(lambda axes: None, title="Nothing", height_inches=1.5, left_inches=0.5)
    >>> len(coarse) < len(draw(lambda axes: None, title="Nothing", height_inches=1.5, left_inches=0.5))
    True
    """
    token = _dots_per_pixel.set(1)
    try:
        yield
    finally:
        _dots_per_pixel.reset(token)


@lru_cache(maxsize=1000)
def _text_inches(text: str) -> float:
    renderer: Any = RendererAgg
    width, _height, _descent = renderer(1, 1, 72).get_text_width_height_descent(text, FontProperties(size=_FONT_POINTS), ismath=False)
    return float(width) / 72


def text_inches(texts: Iterable[str]) -> float:
    """How much room the widest of some texts takes.

    Examples
    --------
    >>> 0 < text_inches(["i"]) < text_inches(["i", "wasmtime"]) < 1
    True
    """
    return max(map(_text_inches, texts), default=0.0)


def legend_beside(axes: Any, title: str) -> None:
    """Put the legend where no data can be under it."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.03), title=title, alignment="left", borderaxespad=0.2)
