"""What the process that draws sends to the kernel, which needs nothing of matplotlib to show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["GRACE_SECONDS", "SIZE_BYTES", "Drawn"]

#: An experiment is sent after its size, a number of so many bytes.
SIZE_BYTES = 8
#: How long a measurement that cleans up may take for it, once it is cancelled.
GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Drawn:
    """What there is to see.

    Attributes
    ----------
    pictures, details : str
        HTML: the plots, and the tables behind them.
    result : object
        What was found; None as long as it is not the end.
    """

    pictures: str
    details: str
    result: Any = None
