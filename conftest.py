"""Tests and doctests alike keep a learner's progress out of the user's own folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give this process, and the kernels and xdist workers it starts, a progress file of its own."""
    folder = tempfile.mkdtemp(prefix="labkit-progress-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["LABKIT_PROGRESS"] = str(Path(folder) / "progress.json")
