"""Figures of one style, drawn without pyplot: it keeps its figures for ever, and is not made for several threads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import matplotlib.style
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from PIL import Image

from labkit.ui.plots.easel import the_easel
from labkit.ui.plots.palette import FAINT, INK, PALE, PAPER
from labkit.ui.plots.sheet import FONT_POINTS, Sheet

__all__ = ["LEGEND_INCHES", "draw", "legend_beside", "text_inches"]

#: How many dots of the picture are one pixel of the page: more than one, for sharp screens.
_DOTS_PER_PIXEL = 1.5
#: What a legend needs beside its longest text.
LEGEND_INCHES = 0.7
# Half as large as PNG, without a loss: a notebook that is kept must be small. What the next picture replaces need not be.
_SMALL: dict[str, Any] = {"lossless": True, "method": 4}
_QUICK: dict[str, Any] = {"lossless": True, "method": 1, "quality": 20}

_STYLE = {
    "font.size": FONT_POINTS,
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
    sheet, easel = Sheet(title, height_inches, left_inches, right_inches, top_inches, recorded), the_easel()
    # Whatever style the reader has set for plots of their own.
    with matplotlib.style.context(_STYLE, after_reset=True):
        if easel is None:
            canvas, axes = sheet.lay_out(_DOTS_PER_PIXEL)
            paint(axes)
            canvas.draw()
        else:
            canvas = easel.draw(sheet, paint)
        picture = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "WEBP", **(_SMALL if easel is None else _QUICK))
    return file.getvalue()


@lru_cache(maxsize=1000)
def _text_inches(text: str) -> float:
    renderer: Any = RendererAgg
    width, _height, _descent = renderer(1, 1, 72).get_text_width_height_descent(text, FontProperties(size=FONT_POINTS), ismath=False)
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
