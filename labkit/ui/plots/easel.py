"""Where a panel that measures draws its pictures, one after the other: what stands still between two of them is drawn once.

Most of what drawing a picture takes goes to axes, ticks and their texts, which hardly change while samples come in; so the
ground is kept as dots, and only lines, marks and legend are drawn on it anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from labkit.ui.plots.sheet import Sheet

__all__ = ["Easel", "steady_ends", "the_easel"]

#: As many dots as a plain screen has: the next picture replaces this one at once.
_DOTS_PER_PIXEL = 1.0
#: What a growing legend needs is made ready in steps.
_ROOM_INCHES = 0.25
#: Ends of an axis stay while the data fill so much between them; and how far beyond the data they are set, else.
_LEAST_FILLED, _AHEAD = 0.75, 0.08


class Easel:
    """Draws each picture over the one before of the same title.

    Examples
    --------
    >>> from labkit.ui.plots.figure import draw
    >>> fine = draw(lambda axes: None, title="Nothing", height_inches=1.5, left_inches=0.5)
    >>> with Easel().at_work():
    ...     coarse = draw(lambda axes: None, title="Nothing", height_inches=1.5, left_inches=0.5)
    >>> len(coarse) < len(fine)
    True
    """

    def __init__(self) -> None:
        self._pictures: dict[str, _Picture] = {}

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Draw on this easel whatever is drawn meanwhile."""
        token = _at_work.set(self)
        try:
            yield
        finally:
            _at_work.reset(token)

    def draw(self, sheet: Sheet, paint: Callable[[Any], None]) -> Any:
        """Draw a picture: the canvas that has it, until the next one."""
        sheet = sheet.with_room(math.ceil(sheet.right_inches / _ROOM_INCHES) * _ROOM_INCHES)
        picture = self._pictures.get(sheet.title)
        if picture is None or picture.sheet != sheet:
            picture = self._pictures[sheet.title] = _Picture(sheet)
        picture.draw(paint)
        return picture.canvas


_at_work: ContextVar[Easel | None] = ContextVar("easel", default=None)


def the_easel() -> Easel | None:
    """The easel that is drawn on now; None where each picture is drawn by itself."""
    return _at_work.get()


class _Picture:
    """Axes that are used again, and the dots of their ground."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.canvas, self.axes = sheet.lay_out(_DOTS_PER_PIXEL)
        self._ground: Any = None
        self._ground_state: object = None

    def draw(self, paint: Callable[[Any], None]) -> None:
        for artist in self._moving():
            artist.remove()
        paint(self.axes)
        moving = self._moving()
        state = _state(self.axes)
        if state == self._ground_state:
            self.canvas.restore_region(self._ground)
        else:
            for artist in moving:
                artist.set_animated(True)  # left out of the ground
            self.canvas.draw()
            self._ground, self._ground_state = self.canvas.copy_from_bbox(self.axes.figure.bbox), state
        for artist in sorted(moving, key=lambda artist: artist.zorder):
            self.axes.draw_artist(artist)

    def _moving(self) -> list[Any]:
        legend = self.axes.get_legend()
        return [*self.axes.lines, *self.axes.texts, *([legend] if legend else [])]


def _state(axes: Any) -> object:
    """All that the ground shows."""
    named = getattr(axes.yaxis.get_major_formatter(), "seq", None)
    return axes.get_xlim(), axes.get_ylim(), axes.get_xscale(), axes.get_yscale(), axes.get_xlabel(), axes.get_ylabel(), named


def steady_ends(before: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """Ends of an axis that move seldom: as before, while the data are within and fill it; somewhat beyond them, else.

    Examples
    --------
    >>> steady_ends((0.0, 10.0), 1.0, 9.5)
    (0.0, 10.0)
    >>> steady_ends((0.0, 10.0), 0.0, 100.0)
    (0.0, 108.0)
    """
    first, last = before
    if first <= low and high <= last and high - low >= _LEAST_FILLED * (last - first):
        return before
    return low, high + (high - low) * _AHEAD
