"""What a goal can be about, with its interval and its doubt: a ratio, a share, or that there is no figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

__all__ = ["Figure", "Ratio", "Share", "Unavailable", "with_interval"]


def with_interval(value: float, low: float, high: float, *, digits: int = 4) -> str:
    """Write a positive value with its 95 % interval, or say that there is none.

    Examples
    --------
    >>> with_interval(1.25, 1.2, 1.3)
    '1.250 (1.200–1.300)'
    >>> with_interval(3143.2, 3019.4, 3251.0)
    '3,143 (3,019–3,251)'
    >>> with_interval(1.25, 0.0, math.inf)
    '1.250, no interval'
    """
    interval = f" ({_number(low, digits)}–{_number(high, digits)})" if math.isfinite(high) else ", no interval"
    return _number(value, digits) + interval


def _number(value: float, digits: int) -> str:
    return f"{value:,.0f}" if value >= 999.5 else f"{value:#.{digits}g}".rstrip(".")


class Figure(Protocol):
    """What a goal can be about: a `Ratio`, a `Share`, or that it is `Unavailable`."""

    @property
    def value(self) -> float:
        """What is held against the goal's bound."""

    @property
    def doubt(self) -> float:
        """How far off it may be, as a factor, beyond its interval; 1.0 where nothing says so."""

    @property
    def figures(self) -> str:
        """The value with its interval, to print."""


@dataclass(frozen=True)
class Share:
    """How many of all.

    Attributes
    ----------
    count, total : int
    """

    count: int
    total: int

    @property
    def share(self) -> float:
        """From 0.0 to 1.0."""
        return self.count / self.total

    @property
    def value(self) -> float:
        """The share, which is held against a goal."""
        return self.share

    @property
    def doubt(self) -> float:
        """Counting has none."""
        return 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval by Wilson's score, which stays between 0 and 1 where few or all are counted."""
        n, p, z = self.total, self.share, NormalDist().inv_cdf(0.975)
        middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)

    @property
    def figures(self) -> str:
        """The share, its interval, and what was counted.

        Examples
        --------
        >>> Share(190, 200).figures
        '0.950 (0.910–0.973), 190 of 200'
        """
        low, high = self.interval
        return f"{self.share:.3f} ({low:.3f}–{high:.3f}), {self.count} of {self.total}"


@dataclass(frozen=True)
class Unavailable:
    """A figure that could not be measured here; no goal about it is met.

    Attributes
    ----------
    reason : str
        Why, with what to do about it.
    """

    reason: str

    @property
    def value(self) -> float:
        """Not a number."""
        return math.nan

    @property
    def doubt(self) -> float:
        """There is nothing to doubt."""
        return 1.0

    @property
    def figures(self) -> str:
        """Why there is none.

        Examples
        --------
        >>> Unavailable("There is no Zig.").figures
        'unavailable: There is no Zig.'
        """
        return f"unavailable: {self.reason}"


@dataclass(frozen=True)
class Ratio:
    """One contender's time over another's.

    Attributes
    ----------
    contender, reference : str
    median : float
        Of the ratios within each block.
    low, high : float
        Its 95 % interval; 0.0 and infinity where so few samples give none.
    doubt : float
        How far off the comparison's control was, as a factor; 1.0 where its interval covers 1.
    """

    contender: str
    reference: str
    median: float
    low: float
    high: float
    doubt: float = 1.0

    @property
    def value(self) -> float:
        """The median, which a goal is about."""
        return self.median

    @property
    def has_interval(self) -> bool:
        """Whether there are samples enough for one."""
        return math.isfinite(self.high)

    @property
    def doubt_cast(self) -> float:
        """What doubt it casts on its run, where it is that of a thing to itself: the far end of an interval that excludes 1, otherwise 1.0."""
        return 1.0 if self.covers_one else max(self.high, 1 / self.low)

    @property
    def covers_one(self) -> bool:
        """Whether no difference is among what the interval allows."""
        return not (self.high < 1 or self.low > 1)

    @property
    def inverse(self) -> Ratio:
        """The same the other way round."""
        return Ratio(self.reference, self.contender, 1 / self.median, 1 / self.high, 1 / self.low if self.low else math.inf, self.doubt)

    @property
    def figures(self) -> str:
        """The median and its interval, or that it has none.

        Examples
        --------
        >>> Ratio("a", "b", 1.25, 1.2, 1.3).figures
        '1.250 (1.200–1.300)'
        """
        return with_interval(self.median, self.low, self.high)

    def __str__(self) -> str:
        return f"{self.contender} / {self.reference} = {self.figures}"
