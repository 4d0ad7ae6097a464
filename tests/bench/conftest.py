"""Benches made up for tests: modules that the process of a bench can import."""

from __future__ import annotations

import textwrap

import pytest

from labkit.bench.registry import BENCH_MODULES

HEAD = """
import os, sys, time
from labkit.bench.figures import Ratio
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.errors import UnsupportedLimit
def found(median):
    return Findings({"new / old": Ratio("new", "old", median, median * 0.99, float("inf"))}, {}, ("thing 1.0 (2026)",))
def run(seconds, progress):
"""
TAIL = """
BENCH = Bench("made-up", "Shows nothing.", (Goal("new / old", 1.25, Direction.AT_MOST),), run, {options})
"""


@pytest.fixture
def make_bench(tmp_path, monkeypatch):
    """Register a bench under a name, with the body of its run function."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")

    def make(name: str, body: str, **options: float) -> str:
        module = f"made_up_bench_{tmp_path.name}_{name}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(HEAD + textwrap.indent(textwrap.dedent(body), "    ") + TAIL.format(options=f"**{options}"))
        monkeypatch.setitem(BENCH_MODULES, name, module)
        return name

    return make
