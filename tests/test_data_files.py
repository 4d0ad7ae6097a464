"""The lab's data folder is found from wherever the course runs, and only the lab's."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import data_files
from labkit.data_files import data_folder
from labkit.errors import UnreadableFile

ROOT = Path(__file__).parents[1]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which labkit is installed without the lab."""
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(data_files, "__file__", str(tmp_path / "site-packages" / "labkit" / "data_files.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lab_in(folder: Path) -> Path:
    (folder / "data" / "sources" / "hostile").mkdir(parents=True)
    return folder / "data"


@pytest.mark.parametrize("below", ["notebooks", "notebooks/solutions"])
def test_from_the_notebooks(alone: Path, monkeypatch: pytest.MonkeyPatch, below: str):
    data = lab_in(alone / "lab")
    (alone / "lab" / below).mkdir(parents=True)
    monkeypatch.chdir(alone / "lab" / below)
    assert data_folder() == data


def test_another_projects_data_is_passed_over(alone: Path, monkeypatch: pytest.MonkeyPatch):
    data = lab_in(alone)
    (alone / "other" / "data" / "sources").mkdir(parents=True)
    monkeypatch.chdir(alone / "other")
    assert data_folder() == data


def test_the_variable_comes_first(alone: Path, monkeypatch: pytest.MonkeyPatch):
    lab_in(alone)
    elsewhere = lab_in(alone / "elsewhere")
    monkeypatch.setenv("LABKIT_DATA", str(elsewhere))
    assert data_folder() == elsewhere


def test_beside_the_package_where_it_was_installed_from_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert data_folder() == ROOT / "data"


def test_nowhere(alone: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UnreadableFile, match="Run this in a clone of the lab"):
        data_folder()
    lab_in(alone)
    monkeypatch.setenv("LABKIT_DATA", str(alone / "nothing"))
    with pytest.raises(UnreadableFile, match="LABKIT_DATA is"):
        data_folder()
