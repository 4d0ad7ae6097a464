"""A drawn plot: a picture, what it shows in words, and the table behind it."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from html import escape

from PIL import Image

from labkit.display import html_table, text_table
from labkit.ui.plots.sheet import WIDTH_PIXELS

__all__ = ["STYLE", "Plot", "folded"]

# The picture is drawn once, dark on white, so that it can be read wherever it is shown. JupyterLab's dark themes turn its
# brightness about and keep its hues, and black paper on their own dark paper vanishes.
STYLE = (
    "<style>"
    ".labkit-plot img{max-width:100%;height:auto}"
    '[data-jp-theme-light="false"] .labkit-plot img{filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen}'
    "</style>"
)


@dataclass(frozen=True)
class Plot:
    """A picture of data, for notebooks; in a terminal, the data.

    Attributes
    ----------
    description : str
        What the picture shows, in words made from the data: the picture's alternative text.
    header : sequence of str
    rows : sequence of sequences
        The table behind the picture.
    picture : bytes
        The picture as WebP, dark on white.
    right : collection of int
        Numbers of the table's columns to align on the right.
    grey : collection of int
        Numbers of the rows for which there is no data.
    """

    description: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    picture: bytes = field(repr=False)
    right: Collection[int] = ()
    grey: Collection[int] = ()

    def __str__(self) -> str:
        return text_table(self.header, self.rows, right=self.right)

    __repr__ = __str__

    @property
    def img(self) -> str:
        """The picture alone, as HTML."""
        data = base64.b64encode(self.picture).decode("ascii")
        width, height = Image.open(io.BytesIO(self.picture)).size
        size = f'width="{WIDTH_PIXELS}" height="{round(height * WIDTH_PIXELS / width)}"'
        # Decoded at once and with its size known: a picture that replaces another neither flickers nor moves what is below.
        return f'<img {size} decoding="sync" alt="{escape(self.description)}" src="data:image/webp;base64,{data}">'

    @property
    def table(self) -> str:
        """The table behind it, as HTML."""
        # In an inline block, or JupyterLab would centre the table.
        table = html_table(self.header, self.rows, right=self.right, grey=self.grey)
        return f'<div><div style="display:inline-block">{table}</div></div>'

    def _repr_html_(self) -> str:
        return f'{STYLE}<div class="labkit-plot">{self.img}{folded(self.table)}</div>'


def folded(tables: str) -> str:
    """Tables that a reader may unfold, as HTML.

    Examples
    --------
    >>> folded("<table></table>")
    '<details><summary>The figures behind the plot</summary><table></table></details>'
    """
    return f"<details><summary>The figures behind the plot</summary>{tables}</details>"
