"""Measuring honestly: interleaved samples, ratios with their intervals, a control in every run."""

from labkit.bench.comparison import Comparison, Ratio, Timing
from labkit.bench.interleave import compare

__all__ = ["Comparison", "Ratio", "Timing", "compare"]
