"""Checks what a reader gives to a measurement before anything is prepared for it: times, names, counts, and what is to be drawn or kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, TypeVar

from labkit.errors import ArgumentError

__all__ = ["checked_counts", "checked_names", "checked_seconds", "expect", "is_list"]

_Expected = TypeVar("_Expected")


def checked_seconds(seconds: Any, *, longest: float = math.inf) -> float:
    """Give the seconds to measure for.

    Raises
    ------
    ArgumentError
        If they are none, or more than ``longest``.

    Examples
    --------
    >>> checked_seconds(2)
    2.0
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= longest or math.isinf(seconds):
        up_to = f", up to {longest:g}" if math.isfinite(longest) else ""
        raise ArgumentError(f"seconds={seconds!r} is no time to measure for.", remedy=f"Give seconds above 0{up_to}.")
    return float(seconds)


def is_list(value: Any) -> bool:
    """Tell whether something has entries, and is no text.

    Examples
    --------
    >>> is_list((1, 2)), is_list("12"), is_list(12)
    (True, False, False)
    """
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes))


def checked_names(names: Any, known: Sequence[str], *, what: str, found_later: bool = False) -> tuple[str, ...]:
    """Give the names that were chosen, of those that there are.

    Parameters
    ----------
    names : sequence of str
    known : sequence of str
    what : str
        What they name, in the singular.
    found_later : bool, optional
        Whether a name that is not known is for others to refuse, who say more about it.

    Raises
    ------
    ArgumentError
        If they are no list of names, none at all, or one is not known.

    Examples
    --------
    >>> checked_names(["sort"], ["sort", "sha256"], what="kernel")
    ('sort',)
    """
    if not is_list(names):
        raise ArgumentError(f"{names!r} is no list of names, each of a {what}.", remedy=f"Write a list, even of one: [{str(names)!r}].")
    chosen = tuple(names)
    if not chosen:
        raise ArgumentError(f"There is no {what} to measure.", remedy=f"Choose some of {_listed(known)}.")
    for name in chosen:
        if name not in known and not found_later:
            near = get_close_matches(str(name), known, 1)
            raise ArgumentError(f"There is no {what} {name!r}.", remedy=f"{f'Is it {near[0]!r}? ' if near else ''}Choose of {_listed(known)}.")
    return chosen


def _listed(known: Sequence[str]) -> str:
    """In quotes: a name may have a comma."""
    return ", ".join(map(repr, known))


def checked_counts(counts: Any) -> tuple[int, ...]:
    """Give rising counts of guests.

    Raises
    ------
    ArgumentError
        If they are no whole numbers from 1, or do not rise.

    Examples
    --------
    >>> checked_counts([100, 300])
    (100, 300)
    """
    remedy = "Write a list of whole numbers from 1 that rise: [100, 1000]."
    if not is_list(counts):
        raise ArgumentError(f"counts={counts!r} is no list of numbers of guests.", remedy=remedy)
    given = tuple(counts)
    if not given or not all(type(count) is int for count in given) or given[0] < 1 or any(a >= b for a, b in pairwise(given)):
        raise ArgumentError(f"counts={list(given)!r} are no numbers of guests to hold one after the other.", remedy=remedy)
    return given


def expect(value: Any, kind: type[_Expected], *, by: str, remedy: str) -> _Expected:
    """Give the value, if it is of the kind.

    Raises
    ------
    ArgumentError
        If it is of another.

    Examples
    --------
    >>> expect(3, int, by="double", remedy="Give a number.")
    3
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ArgumentError(f"{by} takes {article} {kind.__name__}, and {type(value).__name__} is none.", remedy=remedy)
    return value
