"""What every kind of measurement has in common, so that one store keeps them all: contenders, and the samples of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Measured", "Part"]


@dataclass(frozen=True)
class Measured:
    """What one contender gave, or why it gave nothing.

    Attributes
    ----------
    contender : str
    samples : tuple of float
        In the order they were taken; none where there is an error.
    unit : str
        Of the samples: ``"s"``, ``"B"``, or ``"1"`` for what has none.
    error : str
        Why it could not be measured, with what to do about it.
    is_control : bool
        Whether it is a contender's second column, which only its own first is held against.
    artifact_sha256 : str
        Digest of the module or program that ran, in hexadecimal; empty where there was none.
    calls : int
        How many calls one sample had.
    version : str
        Of the contender, with the name of what it is; empty where that is said of all together.
    note : str
        How it was measured, where that is not the plain way.
    """

    contender: str
    samples: tuple[float, ...] = field(default=(), repr=False)
    unit: str = "s"
    error: str = ""
    is_control: bool = False
    artifact_sha256: str = ""
    calls: int = 1
    version: str = ""
    note: str = ""


class Part(Protocol):
    """What a report can show and the store can keep: a comparison, or a table of another kind.

    A part that is made of interleaved comparisons, such as a table of phases, also has ``parts()``: a mapping of titles to those
    comparisons, which the store keeps as such; `measured` then gives only what is not among them. Of samples that come from no
    `Comparison`, no ratio is ever taken. One that knows what was measured has ``versions`` too: texts, each a name and its version.
    """

    def _repr_html_(self) -> str: ...

    def summary(self) -> Any:
        """The same for JSON."""

    def measured(self) -> Iterable[Measured]:
        """Its contenders, for the store."""
