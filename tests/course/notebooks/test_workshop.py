"""Which notebooks there are, and the one place the Binder links come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.course.notebooks.workshop import binder_url, pairs, tool
from labkit.errors import CourseError


def _project(root: Path, urls: str) -> Path:
    (root / "notebooks" / "sources").mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[project]\nname = "labkit"\n{urls}')
    return root


@pytest.mark.parametrize("address", ["https://github.com/someone/lab", "https://github.com/someone/lab/"])
def test_link_is_derived_from_the_repository(tmp_path: Path, address: str) -> None:
    root = _project(tmp_path, f'[project.urls]\nRepository = "{address}"\n')
    expected = "https://mybinder.org/v2/gh/someone/lab/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb"
    assert binder_url("notebooks/00_start_here.ipynb", root=root) == expected


def test_there_is_no_link_before_there_is_an_address(tmp_path: Path) -> None:
    assert binder_url("notebooks/00_start_here.ipynb", root=_project(tmp_path, "")) is None


@pytest.mark.parametrize("address", ["https://example.org/lab", "https://github.com/someone", "https://github.com/", "someone/lab"])
def test_address_that_binder_cannot_build_is_refused(tmp_path: Path, address: str) -> None:
    root = _project(tmp_path, f'[project.urls]\nRepository = "{address}"\n')
    with pytest.raises(CourseError, match="OWNER/NAME"):
        binder_url("x.ipynb", root=root)


def test_notebooks_are_chosen_by_number_or_name(tmp_path: Path) -> None:
    root = _project(tmp_path, "")
    for name in ("00_start_here.py", "01_what.py", "notes.py", "01_draft.txt"):
        (root / "notebooks" / "sources" / name).write_text("")
    assert [pair.name for pair in pairs(root=root)] == ["00_start_here", "01_what"]
    assert [pair.name for pair in pairs(("01",), root=root)] == ["01_what"]
    pair = pairs(("00_start_here",), root=root)[0]
    assert pair.path(solved=False) == root / "notebooks" / "00_start_here.ipynb"
    assert pair.path(solved=True) == root / "notebooks" / "solutions" / "00_start_here.ipynb"
    with pytest.raises(CourseError, match=r"no notebook '07'.*00_start_here, 01_what"):
        pairs(("07",), root=root)


def test_missing_tool_names_its_remedy() -> None:
    with pytest.raises(CourseError, match=r"needs no_such_tool\. .*make test"):
        tool("no_such_tool")
