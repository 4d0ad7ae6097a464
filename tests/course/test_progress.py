"""Progress survives several kernels at once, and a file that cannot be used never stands in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course import Status, check, hint, progress
from labkit.course.progress_file import progress_path
from labkit.errors import CourseError


def test_nothing_is_stored_before_the_first_check(progress_file: Path) -> None:
    assert not progress().rows["magic_size"].correct
    assert not progress_file.exists()


def test_kernels_at_once_lose_nothing(progress_file: Path) -> None:
    code = 'import labkit.course as course\nfor _ in range(25): course.check("magic_size", 4)\ncourse.check("magic_size", 8)'
    kernels = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [kernel.wait() for kernel in kernels] == [0] * 4
    row = progress().rows["magic_size"]
    assert (row.correct, row.checks) == (True, 4 * 26)
    assert sorted(path.name for path in progress_file.parent.iterdir()) == ["progress.json", "progress.json.lock"]


DAMAGED = {
    "empty": b"",
    "half": b'{"version": 1, "exer',
    "list": b"[]",
    "version": b'{"version": 2, "exercises": {}}',
    "row": b'{"version": 1, "exercises": {"magic_size": 3}}',
    "field": b'{"version": 1, "exercises": {"magic_size": {"correct": 1, "checks": 1, "hints": 0}}}',
    "extra": b'{"version": 1, "exercises": {"magic_size": {"correct": true, "checks": 1, "hints": 0, "x": 0}}}',
    "binary": b"\xff\xfe\0",
    "deep": b"[" * 100_000,
    "large": b" " * (2**20 + 1),
}


@pytest.mark.parametrize("contents", DAMAGED.values(), ids=list(DAMAGED))
def test_damaged_file_is_left_alone_and_reported_where_asked(progress_file: Path, contents: bytes) -> None:
    progress_file.parent.mkdir()
    progress_file.write_bytes(contents)
    assert check("magic_size", 8).status is Status.CORRECT
    assert hint("magic_size").hints
    assert progress_file.read_bytes() == contents
    with pytest.raises(CourseError, match="LABKIT_PROGRESS"):
        progress()


@pytest.mark.parametrize("where", ["folder", "fifo", "under a file", "NUL"])
def test_path_that_cannot_be_a_file_never_breaks_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    path = tmp_path / "it"
    if where == "folder":
        path.mkdir()
    elif where == "fifo":
        os.mkfifo(path)
    elif where == "under a file":
        path.write_text("")
        path = path / "progress.json"
    monkeypatch.setenv("LABKIT_PROGRESS", str(path))
    if where == "NUL":
        monkeypatch.setattr("labkit.course.progress_file.progress_path", lambda: Path("a\0b"))
    assert check("magic_size", 8).status is Status.CORRECT
    if where in ("under a file", "NUL"):
        assert not progress().rows["magic_size"].checks
    else:
        with pytest.raises(CourseError):
            progress()


def test_folder_that_may_not_be_written_never_breaks_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "/proc/labkit/progress.json")
    assert check("magic_size", 8).status is Status.CORRECT


def test_user_without_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LABKIT_PROGRESS")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert check("magic_size", 8).status is Status.CORRECT
    with pytest.raises(CourseError, match="Set LABKIT_PROGRESS"):
        progress()


def test_lock_held_by_another_costs_the_entry_not_the_check(progress_file: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="flock is missing on this system")
    progress_file.parent.mkdir()
    with open(f"{progress_file}.lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert check("magic_size", 8).status is Status.CORRECT
    assert not progress_file.exists()


def test_write_that_fails_leaves_no_half_file(progress_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check("magic_size", 4)
    before = progress_file.read_bytes()

    def full(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert check("magic_size", 8).status is Status.CORRECT
    assert progress_file.read_bytes() == before
    assert sorted(path.name for path in progress_file.parent.iterdir()) == ["progress.json", "progress.json.lock"]


def test_what_later_versions_of_the_course_removed_is_kept(progress_file: Path) -> None:
    progress_file.parent.mkdir()
    progress_file.write_text(json.dumps({"version": 1, "exercises": {"gone": {"correct": True, "checks": 2, "hints": 1}}}))
    check("magic_size", 8)
    assert set(json.loads(progress_file.read_text())["exercises"]) == {"gone", "magic_size"}
    assert "gone" not in progress().rows


def test_table_shows_every_exercise() -> None:
    check("magic_size", 8)
    hint("subtract")
    text = str(progress())
    assert text.startswith("1 of ")
    assert "Subtract instead of adding" in text
    assert "1 of 3" in text
    assert "<table>" in progress()._repr_html_()


def test_default_place_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LABKIT_PROGRESS")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert progress_path() == tmp_path / "labkit" / "progress.json"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert progress_path() == tmp_path / ".local" / "share" / "labkit" / "progress.json"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert progress_path() == tmp_path / "Library" / "Application Support" / "labkit" / "progress.json"
