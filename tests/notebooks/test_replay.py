"""Every committed notebook runs again under nbval and gives what is committed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labkit.course.notebooks.replay import replay
from labkit.course.notebooks.workshop import pairs

pytestmark = pytest.mark.any_python  # a notebook's outputs are those of Python 3.10, which it runs on

NOTEBOOKS = [path for pair in pairs() for path in (pair.learner, pair.solved)]


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="the notebooks' outputs are those of Python 3.10, the only one with the wasmer package")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook_gives_what_is_committed(path: Path) -> None:
    assert replay(path) == []
