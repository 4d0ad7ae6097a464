"""Where a figure comes from: measured here, read from a recorded run, or not to be had."""

from __future__ import annotations

from enum import Enum

__all__ = ["Source"]


class Source(Enum):
    """Where a figure comes from; no ratio is taken between two sources."""

    LIVE = "live"
    RECORDED = "recorded"
    UNAVAILABLE = "unavailable"
