"""A drawn plot: a picture, what it shows in words, and the table behind it."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from html import escape

from labkit.display import html_table, text_table
from labkit.ui.plots.figure import WIDTH_PIXELS

__all__ = ["Plot"]

# The picture is drawn once, dark on white, so that it can be read wherever it is shown. JupyterLab's dark themes turn its
# brightness about and keep its hues, and black paper on their own dark paper vanishes.
_STYLE = (
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
    png : bytes
        The picture, dark on white.
    right : collection of int
        Numbers of the table's columns to align on the right.
    grey : collection of int
        Numbers of the rows for which there is no data.
    """

    description: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    png: bytes = field(repr=False)
    right: Collection[int] = ()
    grey: Collection[int] = ()

    def __str__(self) -> str:
        return text_table(self.header, self.rows, right=self.right)

    __repr__ = __str__

    @property
    def img(self) -> str:
        """The picture alone, as HTML."""
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img width="{WIDTH_PIXELS}" alt="{escape(self.description)}" src="data:image/png;base64,{data}">'

    @property
    def table(self) -> str:
        """The table behind it, folded away, as HTML."""
        table = html_table(self.header, self.rows, right=self.right, grey=self.grey)
        # In an inline block, or JupyterLab would centre the table.
        return f'<details><summary>The figures behind the plot</summary><div style="display:inline-block">{table}</div></details>'

    def _repr_html_(self) -> str:
        return f'{_STYLE}<div class="labkit-plot">{self.img}{self.table}</div>'
