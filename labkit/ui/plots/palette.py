"""Colours, markers and dashes for what is compared: the same runtime looks the same in every plot.

The colours keep their distance from one another for readers with each kind of colour blindness, on white paper and on black
(where a plot's brightness is turned about); markers and dashes say the same without colour. There are eight, and nine looks:
two compilers of one engine share theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle

__all__ = ["COLOURS", "FAINT", "INK", "PALE", "PAPER", "Look", "looks"]

INK, PALE, FAINT, PAPER = "#222222", "#6b6b6b", "#e3e3e3", "#ffffff"


@dataclass(frozen=True)
class Look:
    """How one contender is drawn.

    Attributes
    ----------
    colour : str
    marker : str
    dashes : str or tuple
        As matplotlib's ``linestyle``.
    """

    colour: str
    marker: str
    dashes: str | tuple[int, tuple[float, ...]]


_LOOKS = {
    "wasmtime": Look("#0072b2", "o", "-"),
    "wasmer": Look("#d55e00", "s", (0, (5, 1.5))),
    "wasmedge": Look("#009e73", "^", (0, (1.2, 1.2))),
    "libwasmer": Look("#9b6dfa", "D", (0, (6, 1.5, 1.2, 1.5))),
    "libwasmer-singlepass": Look("#9b6dfa", "h", (0, (1.2, 2.2))),
    "wasmtime-winch": Look("#222244", "v", (0, (3, 1))),
    "v8": Look("#2f4a12", "P", (0, (1, 2))),
    "wasmer-llvm": Look("#9c4a72", "X", (0, (8, 2))),
    "wasmer-singlepass": Look("#8b1a1a", "d", (0, (3, 1, 1, 1, 1, 1))),
}
COLOURS = tuple(dict.fromkeys(look.colour for look in _LOOKS.values()))


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Give each name its look: a runtime its own, all others those that are left, in their order.

    Examples
    --------
    >>> found = looks(["native", "wasmtime"])
    >>> found["wasmtime"].colour, found["native"].colour == found["wasmtime"].colour
    ('#0072b2', False)
    """
    names = list(names)
    left = [look for name, look in _LOOKS.items() if name not in names] or list(_LOOKS.values())
    others = cycle(left)
    return {name: _LOOKS.get(name) or next(others) for name in names}
