"""A browser in front of a JupyterLab of its own, shared by the tests that need one."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.ui.lab import ROOT, chromium, find_chromium, jupyterlab


@pytest.fixture(scope="module")  # Playwright keeps an event loop running, which tests elsewhere must not find
def browser():
    """Chromium; what is missing is named, and in CI fails."""
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is missing: pip install labkit[test]")
    if find_chromium() is None:
        pytest.skip("Chromium is missing: apt-get install chromium, or name one with CHROMIUM=…")
    from playwright.sync_api import expect

    # What is expected comes about on a busy machine, too.
    expect.set_options(timeout=300_000)
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary copy of the notebooks; tests may add their own."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    if (ROOT / "notebooks").is_dir():
        shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        if (ROOT / "data").is_dir():
            (folder.parent / "data").symlink_to(ROOT / "data")
    else:
        folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def lab(lab_folder: Path, browser, tmp_path_factory: pytest.TempPathFactory):
    """JupyterLab on that folder."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("jupyterlab is missing: pip install labkit[lab]")
    with jupyterlab(lab_folder, tmp_path_factory.mktemp("home")) as running:
        yield running
