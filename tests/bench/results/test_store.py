"""The store loses nothing: not to several kernels at once, not to a file that is damaged or someone else's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.bench import record
from labkit.bench.results import load_rows, results_path, store
from labkit.errors import BenchError

WRITER = """
import sys
from labkit.bench import Comparison, Timing, record
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load
samples = tuple(float(block + 1) for block in range(200))
found = conclude([Timing(name, 1, samples) for name in "ab"], samples, load=Load(None, None, None), overhead_seconds=0.0, wall_seconds=1.0, seed=1)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(15):
    record(found, f"{sys.argv[1]} {turn}", versions=[])
"""


def test_nothing_is_made_by_looking(results_file: Path) -> None:
    assert load_rows() == ()
    assert not results_file.parent.exists()


def test_kernels_at_once_lose_nothing(results_file: Path) -> None:
    """All begin together, with the file not there yet."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER)]
    kernels = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for number in range(4)]
    for kernel in kernels:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        assert kernel.stdin is not None
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    assert [kernel.wait() for kernel in kernels] == [0] * 4
    for kernel in kernels:
        kernel.communicate()
    rows = load_rows()
    assert len(rows) == 4 * 15 * 3
    assert {row.comparison for row in rows} == {f"{kernel} {turn}" for kernel in range(4) for turn in range(15)}
    # A run's rows stand together: each was written in one transaction.
    assert len(list(rows.runs())) == 4 * 15
    assert [path.name for path in results_file.parent.iterdir()] == ["results.sqlite"]


def test_what_is_read_is_what_was_kept(comparison) -> None:
    kept = record(comparison, "a thing", unavailable={"three": "It is missing. Install it."})
    assert load_rows() == kept
    assert [row.number for row in kept] == [1, 2, 3, 4]
    assert load_rows(["another run"]) == ()


def test_either_all_rows_of_a_run_are_kept_or_none(comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = record(comparison, "a thing")
    real = store.flatten
    with monkeypatch.context() as patched:
        patched.setattr(store, "restore", lambda values, number: None)
        patched.setattr(store, "flatten", lambda row: {**real(row), **({"unit": object()} if row.contender == "two" else {})})
        with pytest.raises(BenchError):
            store.add_rows(kept)
    assert load_rows() == kept


def test_a_store_of_an_earlier_labkit_is_read_as_it_is_and_gets_its_new_columns_when_written_to(comparison, results_file: Path) -> None:
    kept = record(comparison, "a thing")
    database(results_file, "ALTER TABLE results DROP COLUMN version", "ALTER TABLE results DROP COLUMN note", "PRAGMA user_version = 1")
    before = results_file.read_bytes()
    assert load_rows() == kept
    assert results_file.read_bytes() == before
    noted = replace(comparison, timings=tuple(replace(timing, note="slowly") for timing in comparison.timings))
    record(noted, "another")
    assert [row.note for row in load_rows()] == [""] * 3 + ["slowly"] * 3


def database(path: Path, *statements: str) -> bytes:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path.read_bytes()


def damaged(path: Path, kind: str, comparison) -> bytes:
    """Put a file there that is no sound store."""
    if kind == "text":
        path.write_bytes(b"These are my notes about WebAssembly, not a database. " * 40)
    elif kind == "another program's":
        database(path, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")
    elif kind == "newer":
        database(path, f"PRAGMA application_id = {store._APPLICATION_ID}", f"PRAGMA user_version = {store._VERSION + 1}", "CREATE TABLE results (x)")
    else:
        for turn in range(6):
            record(comparison, f"thing {turn}")
        whole = path.read_bytes()
        if kind == "half":
            path.write_bytes(whole[: len(whole) // 2])
        elif kind == "page":
            path.write_bytes(whole[:8192] + os.urandom(8192) + whole[16384:])
        elif kind == "row":
            database(path, "UPDATE results SET samples = '[1, \"two\"]' WHERE number = 2")
        elif kind == "column":
            database(path, "ALTER TABLE results DROP COLUMN kernel")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["text", "another program's", "newer", "half", "page", "row", "column"])
def test_a_file_that_is_damaged_or_someone_elses_is_told_of_and_left_alone(kind, results_file: Path, comparison) -> None:
    results_file.parent.mkdir()
    if kind == "column" and sqlite3.sqlite_version_info < (3, 35):
        pytest.skip(f"SQLite {sqlite3.sqlite_version} cannot drop a column; 3.35 can")
    before = damaged(results_file, kind, comparison)
    with pytest.raises(BenchError, match="LABKIT_RESULTS"):
        load_rows()
    assert results_file.read_bytes() == before
    if kind != "row":  # one that cannot be read does not stand in the way of another
        with pytest.raises(BenchError, match="LABKIT_RESULTS"):
            record(comparison, "a thing")
        assert results_file.read_bytes() == before


def test_an_empty_file_is_a_store_without_rows(results_file: Path, comparison) -> None:
    results_file.parent.mkdir()
    results_file.touch()
    assert load_rows() == ()
    assert len(record(comparison, "a thing")) == 3


@pytest.mark.parametrize("kind", ["folder", "fifo", "under a file"])
def test_a_path_that_cannot_be_a_file_is_an_error_with_a_remedy(kind, results_file: Path, comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    results_file.parent.mkdir()
    if kind == "folder":
        results_file.mkdir()
    elif kind == "fifo":
        os.mkfifo(results_file)
    else:
        results_file.write_text("")
        monkeypatch.setenv("LABKIT_RESULTS", str(results_file / "results.sqlite"))
    with pytest.raises(BenchError, match="Set LABKIT_RESULTS"):
        record(comparison, "a thing")


def test_a_lock_that_another_holds_is_waited_for_and_then_told_of(results_file: Path, comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    record(comparison, "a thing")
    monkeypatch.setattr("labkit.bench.results.store._PATIENCE_SECONDS", 0.2)
    with sqlite3.connect(results_file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(load_rows()) == 3
        with pytest.raises(BenchError, match=r"locked.*Wait for the other kernel"):
            record(comparison, "a thing")
    other.close()
    assert len(record(comparison, "a thing")) == 3


def test_the_default_place_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LABKIT_RESULTS")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert results_path() == tmp_path / "labkit" / "results.sqlite"


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LABKIT_RESULTS")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(BenchError, match="Set LABKIT_RESULTS"):
        results_path()
