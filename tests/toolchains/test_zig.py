"""Where Zig's compiled libraries are kept: once for installations that are links to the same files, apart for all others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from labkit.toolchains import zig


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make installations, and say which one this environment has."""
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))

    def install(name: str, *, linked_to: Path | None = None) -> Path:
        place = tmp_path / name
        if linked_to is None:
            (place / "lib" / "std").mkdir(parents=True)
            (place / "lib" / "std" / "std.zig").touch()
            (place / "zig").write_text("compiler")
        else:
            shutil.copytree(linked_to, place, copy_function=os.link)
        return place

    def choose(place: Path) -> dict[str, str]:
        monkeypatch.setattr(zig, "package_folder", lambda name: place)
        return zig.zig_environment()

    install.choose = choose
    return install


def test_installations_of_their_own_have_folders_of_their_own(install):
    first, second = install.choose(install("first")), install.choose(install("second"))
    assert first["ZIG_GLOBAL_CACHE_DIR"] != second["ZIG_GLOBAL_CACHE_DIR"]
    assert "ZIG_LIB_DIR" not in {**first, **second}


def test_linked_installations_share_what_is_compiled_and_the_place_of_the_library(install):
    first = install("first")
    second = install("second", linked_to=first)
    assert install.choose(first) == install.choose(second)
    library = Path(install.choose(second)["ZIG_LIB_DIR"])
    assert library.resolve() == first / "lib"
    shutil.rmtree(first)
    third = install("third", linked_to=second)
    assert Path(install.choose(third)["ZIG_LIB_DIR"]) == library
    assert library.resolve() == third / "lib"


def test_a_library_that_is_another_zigs_by_now_is_left(install):
    first = install("first")
    second = install("second", linked_to=first)
    library = Path(install.choose(first)["ZIG_LIB_DIR"])
    (first / "zig").unlink()
    (first / "zig").write_text("a newer compiler")
    third = install("third", linked_to=second)
    assert Path(install.choose(third)["ZIG_LIB_DIR"]) == library
    assert library.resolve() == third / "lib"
    assert sorted(path.name for path in library.parent.iterdir()) == ["lib"]


def test_a_cache_that_cannot_be_written_is_left_to_zig_to_tell(install, tmp_path):
    first = install("first")
    (tmp_path / "cache").touch()
    assert "ZIG_LIB_DIR" not in install.choose(install("second", linked_to=first))


def test_without_zig_there_is_a_folder_still(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    monkeypatch.setattr(zig, "package_folder", lambda name: None)
    monkeypatch.setattr(zig, "on_path", lambda name: None)
    assert set(zig.zig_environment()) == {"ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"}
