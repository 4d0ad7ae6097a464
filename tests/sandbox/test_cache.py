"""The cache of compiled modules: whole entries or none, bounded, and never trusted when damaged."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import labkit
from labkit.sandbox.cache import ArtifactCache, artifact_key
from labkit.sandbox.pool import the_pool
from tests.conftest import WASMER_NAMES, require


@pytest.fixture(params=["wasmtime", "wasmtime-winch", *WASMER_NAMES])
def runtime_name(request: pytest.FixtureRequest) -> str:
    """Each runtime whose compiled modules are kept; a command keeps none."""
    return require(request.param)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no spares that hold a module of another one."""
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    start_afresh()
    return tmp_path / "cache"


def start_afresh() -> None:
    """End every worker, those too that a run before has only just asked for: one might hold the module that a test wants compiled."""
    the_pool().settle()
    the_pool().close()


def program(number: int) -> str:
    return f'(module (memory (export "memory") 1) (func (export "f") (result i32) (i32.const {number})))'


def test_a_module_is_kept_once(runtime_name: str, folder: Path):
    assert [labkit.run(program(1), export="f", runtime=runtime_name).values for _ in range(3)] == [(1,)] * 3
    assert [path.suffix for path in folder.iterdir()] == [".artifact"]
    labkit.run(program(2), export="f", runtime=runtime_name)
    assert len(list(folder.iterdir())) == 2


def test_each_engine_has_entries_of_its_own(folder: Path):
    for name in ("wasmtime", "wasmtime-winch"):
        assert labkit.run(program(3), export="f", runtime=name).values == (3,)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.any_python
def test_a_damaged_entry_is_rebuilt(runtime_name: str, folder: Path):
    labkit.run(program(4), export="f", runtime=runtime_name)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    for damaged in (whole[:-1], b"", whole[:200] + b"\xff" * 50 + whole[250:], b"x" * 9):
        entry.write_bytes(damaged)
        start_afresh()
        assert labkit.run(program(4), export="f", runtime=runtime_name).values == (4,)
        assert labkit.run(program(4), export="f", runtime=runtime_name).values == (4,)
        assert len(entry.read_bytes()) == len(whole)


def test_a_damaged_entry_is_survived_by_spares_that_were_told_to_hold_it(folder: Path):
    labkit.run(program(5), export="f")
    (entry,) = folder.iterdir()
    entry.write_bytes(b"damaged")
    start_afresh()
    for _ in range(5):
        assert labkit.run(program(5), export="f").values == (5,)


def test_without_a_folder_everything_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "file"))
    assert [labkit.run(program(6), export="f").values for _ in range(2)] == [(6,)] * 2


def test_what_is_used_least_goes_first(tmp_path: Path):
    cache = ArtifactCache(tmp_path, limit_bytes=2500)
    for number in range(4):
        entry = cache.store(str(number))
        assert entry is not None
        os.write(entry.descriptor, bytes(1000))
        entry.keep()
        entry.close()
        os.utime(tmp_path / f"{number}.artifact", (number, number))
    used = cache.load("0")
    assert used is not None
    used.close()
    cache.tidy()
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["0", "3"]


def test_an_entry_that_is_not_kept_leaves_nothing(tmp_path: Path):
    cache = ArtifactCache(tmp_path)
    entry = cache.store("key")
    assert entry is not None
    assert cache.load("key") is None
    entry.close()
    assert list(tmp_path.iterdir()) == []


def test_several_writers_leave_one_whole_entry(tmp_path: Path):
    def write(number: int) -> None:
        entry = ArtifactCache(tmp_path).store("key")
        assert entry is not None
        for _ in range(100):
            os.write(entry.descriptor, bytes([number]) * 1000)
        entry.keep()
        entry.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (path,) = tmp_path.iterdir()
    assert len(set(path.read_bytes())) == 1


def test_keys_tell_engines_and_modules_apart():
    assert len({artifact_key(wasm, engine) for wasm in (b"a", b"b") for engine in ("x 1", "x 2")}) == 4
