"""The result store: what was measured, when, on which machine and under what load; recorded runs; and which ratios may be taken."""

from labkit.bench.results.exchange import from_json, reference, reference_names, to_csv, to_json
from labkit.bench.results.ratios import SideBySide, ratio, side_by_side
from labkit.bench.results.recording import measured, record
from labkit.bench.results.row import Row, Rows
from labkit.bench.results.store import load_rows, results_path
from labkit.bench.source import Source

__all__ = [
    "Row",
    "Rows",
    "SideBySide",
    "Source",
    "from_json",
    "load_rows",
    "measured",
    "ratio",
    "record",
    "reference",
    "reference_names",
    "results_path",
    "side_by_side",
    "to_csv",
    "to_json",
]
