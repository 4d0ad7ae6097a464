"""A bar that shows where a module's bytes are: inline SVG, readable in light and dark themes, by everyone and by screen readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
_MOST_KINDS = 18
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
    >>> 'aria-label="A file: 1 a 40 B (40.0 %), 2 b 60 B (60.0 %)"' in draw("A file", [Piece("a", 0, 40), Piece("b", 40, 60)])
    True
    """
    total = sum(piece.size_bytes for piece in pieces)
    kinds = _kinds(pieces)
    texts = [f"{kind.number} {kind.name} {format_bytes(kind.size_bytes)} ({100 * kind.size_bytes / total:.1f} %)" for kind in kinds.values()]
    height = _BAR_HEIGHT + 10 + _LINE_HEIGHT * -(-len(texts) // _LEGEND_COLUMNS)
    return (
        f'<svg role="img" aria-label="{escape(title)}: {escape(", ".join(texts))}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        'style="display:block;max-width:100%;height:auto;font:12px sans-serif" xmlns="http://www.w3.org/2000/svg">'
        f'<rect width="{_WIDTH}" height="{_BAR_HEIGHT}" fill="{_OTHER_COLOUR}"/>'
        f"{''.join(_bar(pieces, kinds, total))}{''.join(_legend(list(kinds), texts))}</svg>"
    )


@dataclass(frozen=True)
class _Kind:
    """All pieces of one name; numbered, so that a piece too narrow for its name can still be told."""

    number: int
    name: str
    size_bytes: int


def _kinds(pieces: Sequence[Piece]) -> dict[str, _Kind]:
    """The kinds of pieces in the order in which they first appear; the smallest of too many are one kind."""
    sizes: dict[str, int] = {}
    for piece in pieces:
        sizes[piece.name] = sizes.get(piece.name, 0) + piece.size_bytes
    large = set(sorted(sizes, key=lambda name: -sizes[name])[: _MOST_KINDS - 1])
    kept = {name: size for name, size in sizes.items() if name in large or len(sizes) <= _MOST_KINDS}
    if len(kept) < len(sizes):
        kept[f"{len(sizes) - len(kept)} others"] = sum(sizes.values()) - sum(kept.values())
    return {name: _Kind(number, name, size) for number, (name, size) in enumerate(kept.items(), start=1)}


def _bar(pieces: Sequence[Piece], kinds: Mapping[str, _Kind], total: int) -> Iterator[str]:
    """The pieces at their places, each with its name where that fits, else its number; the name shows when the pointer rests on it."""
    for piece in pieces:
        x, width = _WIDTH * piece.offset / total, _WIDTH * piece.size_bytes / total
        if width < _NARROWEST:
            continue
        yield (
            f'<rect x="{x:.1f}" width="{width:.1f}" height="{_BAR_HEIGHT}" fill="{_colour(piece.name)}" stroke="#ffffff" stroke-width="0.5">'
            f"<title>{escape(f'{piece.name}: {piece.size_bytes} bytes at byte {piece.offset}')}</title></rect>"
        )
        words = [piece.name, *([str(kinds[piece.name].number)] if piece.name in kinds else [])]
        fitting = next((word for word in words if width > _CHARACTER_WIDTH * (len(word) + 1)), None)
        if fitting:
            yield f'<text x="{x + width / 2:.1f}" y="{_BAR_HEIGHT / 2 + 4}" text-anchor="middle" fill="#000000">{escape(fitting)}</text>'


def _legend(names: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    """Every kind, read line by line."""
    for place, (name, text) in enumerate(zip(names, texts)):
        row, column = divmod(place, _LEGEND_COLUMNS)
        x, y = column * _WIDTH // _LEGEND_COLUMNS, _BAR_HEIGHT + 10 + row * _LINE_HEIGHT
        yield (
            f'<rect x="{x + 0.5}" y="{y + 0.5}" width="12" height="12" fill="{_colour(name)}" stroke="currentColor"/>'
            f'<text x="{x + 18}" y="{y + 11}" fill="currentColor">{escape(text)}</text>'
        )


def _colour(name: str) -> str:
    """A custom section has the colour of its kind, whatever it calls itself."""
    return _COLOURS.get("custom" if name.startswith("custom") else name, _OTHER_COLOUR)
