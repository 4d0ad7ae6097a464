"""A bar that shows where a module's bytes are: inline SVG, readable in light and dark themes, by everyone and by screen readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from labkit.display import format_bytes

__all__ = ["Piece", "draw"]

_WIDTH = 720
_BAR_HEIGHT = 36
_LINE_HEIGHT = 20
_LEGEND_COLUMNS = 3
_CHARACTER_WIDTH = 7.5
_NARROWEST = 0.5
# The palette of Okabe and Ito, which people with any colour vision tell apart; light, so that black text reads on all of it.
_COLOURS = {
    "code": "#e69f00",
    "core module": "#e69f00",
    "data": "#56b4e9",
    "component": "#56b4e9",
    "custom": "#cc79a7",
    "type": "#f0e442",
    "import": "#009e73",
    "export": "#e4703c",
    "element": "#8fb8ff",
    "function": "#b8a9d9",
}
_OTHER_COLOUR = "#c8c8c8"


@dataclass(frozen=True)
class Piece:
    """A stretch of bytes: what it is, where it begins, how long it is."""

    name: str
    offset: int
    size_bytes: int


def draw(title: str, pieces: Sequence[Piece]) -> str:
    """Draw pieces that follow each other as one bar, and a legend with the size of each kind.

    Parameters
    ----------
    title : str
        What the bar shows; it begins the text alternative.
    pieces : sequence of Piece
        From front to back. The thinnest are not drawn, and all are in the legend.

    Returns
    -------
    str
        An SVG element.

    Examples
    --------
    >>> 'aria-label="A file: b 60 B (60.0 %), a 40 B (40.0 %)"' in draw("A file", [Piece("a", 0, 40), Piece("b", 40, 60)])
    True
    """
    total = sum(piece.size_bytes for piece in pieces)
    sizes: dict[str, int] = {}
    for piece in pieces:
        sizes[piece.name] = sizes.get(piece.name, 0) + piece.size_bytes
    entries = [(name, f"{name} {format_bytes(size)} ({100 * size / total:.1f} %)") for name, size in sorted(sizes.items(), key=lambda item: -item[1])]
    height = _BAR_HEIGHT + 10 + _LINE_HEIGHT * -(-len(entries) // _LEGEND_COLUMNS)
    label = f"{title}: {', '.join(text for _, text in entries)}"
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        'style="max-width:100%;height:auto;font:12px sans-serif" xmlns="http://www.w3.org/2000/svg">'
        f'<rect width="{_WIDTH}" height="{_BAR_HEIGHT}" fill="{_OTHER_COLOUR}"/>'
        f"{''.join(_bar(pieces, total))}{''.join(_legend(entries))}</svg>"
    )


def _bar(pieces: Sequence[Piece], total: int) -> Iterator[str]:
    """The pieces at their places; a name stands in its piece where it fits, and shows when the pointer rests on it."""
    for piece in pieces:
        x, width = _WIDTH * piece.offset / total, _WIDTH * piece.size_bytes / total
        if width < _NARROWEST:
            continue
        yield (
            f'<rect x="{x:.1f}" width="{width:.1f}" height="{_BAR_HEIGHT}" fill="{_colour(piece.name)}" stroke="#ffffff" stroke-width="0.5">'
            f"<title>{escape(f'{piece.name}: {piece.size_bytes} bytes at byte {piece.offset}')}</title></rect>"
        )
        if width > _CHARACTER_WIDTH * (len(piece.name) + 1):
            middle = x + width / 2
            yield f'<text x="{middle:.1f}" y="{_BAR_HEIGHT / 2 + 4}" text-anchor="middle" fill="#000000">{escape(piece.name)}</text>'


def _legend(entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Every kind, the largest first, read line by line."""
    for number, (name, text) in enumerate(entries):
        row, column = divmod(number, _LEGEND_COLUMNS)
        x, y = column * _WIDTH // _LEGEND_COLUMNS, _BAR_HEIGHT + 10 + row * _LINE_HEIGHT
        yield (
            f'<rect x="{x + 0.5}" y="{y + 0.5}" width="12" height="12" fill="{_colour(name)}" stroke="currentColor"/>'
            f'<text x="{x + 18}" y="{y + 11}" fill="currentColor">{escape(text)}</text>'
        )


def _colour(name: str) -> str:
    return _COLOURS.get(name, _OTHER_COLOUR)
