"""What every panel is: live widgets where a kernel stands behind the notebook, a plain table everywhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from html import escape
from typing import Any

import ipywidgets

__all__ = ["Panel", "status_html", "text_widget"]

_VIEW = "application/vnd.jupyter.widget-view+json"


class Panel(ABC):
    """A panel shows itself: front ends that know widgets take the live view, all others the table.

    Attributes
    ----------
    widget : ipywidgets.Widget
        The live view, for those who build it into something larger.
    """

    widget: Any
    is_closed: bool = False

    @abstractmethod
    def _static_html(self) -> str:
        """What stands in the notebook while no kernel is behind it."""

    @abstractmethod
    def __str__(self) -> str: ...

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = {"text/plain": str(self), "text/html": self._static_html()}
        if not self.is_closed:
            bundle[_VIEW] = self.widget._repr_mimebundle_()[_VIEW]
        return bundle

    def close(self) -> None:
        """Take the widgets away; the panel's table stays. Closing twice is fine."""
        if not self.is_closed:
            self.is_closed = True
            self._stop()
            for widget in list(_tree(self.widget)):
                widget.close()

    def _stop(self) -> None:  # noqa: B027 - most panels have nothing to stop
        """End what the panel has under way."""


def _tree(widget: Any) -> Iterator[Any]:
    for child in getattr(widget, "children", ()):
        yield from _tree(child)
    yield widget


def status_html(text: str) -> str:
    """The sentence that says where the panel stands: seen by everyone, read out by screen readers.

    Examples
    --------
    >>> status_html("1 < 2")
    '<div role="status" aria-live="polite">1 &lt; 2</div>'
    """
    return f'<div role="status" aria-live="polite">{escape(text)}</div>'


def text_widget(html: str = "") -> Any:
    """An HTML widget that is as wide as the panel, and whose tables look like those of other outputs."""
    widget = ipywidgets.HTML(html, layout=ipywidgets.Layout(width="100%"))
    widget.add_class("jp-RenderedHTMLCommon")
    return widget
