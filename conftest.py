"""Tests and doctests alike keep a learner's progress and results out of the user's own folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give this process, and the kernels and xdist workers it starts, files of its own for both."""
    folder = tempfile.mkdtemp(prefix="labkit-learner-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["LABKIT_PROGRESS"] = str(Path(folder) / "progress.json")
    os.environ["LABKIT_RESULTS"] = str(Path(folder) / "results.sqlite")
