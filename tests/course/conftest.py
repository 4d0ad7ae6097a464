"""Each test of the course begins as a new learner in a new kernel."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from labkit.course import hints

    path = tmp_path / "progress" / "progress.json"
    monkeypatch.setenv("LABKIT_PROGRESS", str(path))
    monkeypatch.setattr(hints, "_shown", {})
    return path
