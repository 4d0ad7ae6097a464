"""What every test stands on: no skip where everything must be there, and the runtimes that must work on this Python."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# On a busy machine any example may take long.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

#: The cache that is there before any test has one of its own.
READERS_CACHE = os.environ.get("LABKIT_CACHE")
REQUIRE_ALL = os.environ.get("LABKIT_REQUIRE_ALL") == "1"
#: Wasmer's newest wheels stop at CPython 3.10; on a newer Python its absence is what the tests expect.
WASMER_NAMES = ["wasmer", "wasmer-singlepass", "wasmer-llvm"] if sys.version_info < (3, 11) else []
WASMTIME_NAMES = ["wasmtime", "wasmtime-winch"]
#: Runtimes that are commands: the sandbox has them, this process does not.
COMMAND_NAMES = ["wasmedge", "v8"]
#: The current Wasmer, which works on every Python, from a library that `python -m labkit install libwasmer` builds.
LIBWASMER_NAMES = ["libwasmer", "libwasmer-singlepass"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn a skip into a failure where LABKIT_REQUIRE_ALL=1 says that everything is installed."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although LABKIT_REQUIRE_ALL=1: {report.longrepr}"


def require(name: str) -> str:
    """A runtime that is here; one that is missing is named and, in CI, fails the test."""
    from labkit.runtimes.registry import runtimes

    status = next(row for row in runtimes() if row.name == name)
    if not status.available:
        pytest.skip(f"{status.name} is unavailable: {status.reason}. {status.remedy}")
    return name


@pytest.fixture(params=WASMTIME_NAMES + WASMER_NAMES + LIBWASMER_NAMES)
def runtime_name(request: pytest.FixtureRequest) -> str:
    """Each runtime that can be in this process, as far as this Python can have it."""
    return require(request.param)


@pytest.fixture
def engine(runtime_name: str):
    """A runtime, ready to compile."""
    import labkit

    return labkit.runtime(runtime_name)


def _cache_in(folder: Path) -> Path:
    """A cache without builds and compiled modules; Zig's compiled libraries and Go's stay where they are."""
    from labkit.folders import cache_folder

    kept, fresh = cache_folder(), folder / "cache"
    fresh.mkdir()
    for name in ("zig", "go"):
        (kept / name).mkdir(parents=True, exist_ok=True)
        (fresh / name).symlink_to(kept / name)
    return fresh


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing in it, for one test."""
    fresh = _cache_in(tmp_path)
    monkeypatch.setenv("LABKIT_CACHE", str(fresh))
    return fresh


@pytest.fixture(scope="session")
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all modules of tests that keep out of the reader's."""
    return _cache_in(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def own_cache(cache_of_its_own: Path):
    """That one, for a module of tests: those after it have the reader's again, with all that is compiled already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_CACHE", str(cache_of_its_own))
        yield


@pytest.fixture
def readers_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache that is kept from one run of the tests to the next, for what takes a compiler long."""
    if READERS_CACHE is None:
        monkeypatch.delenv("LABKIT_CACHE", raising=False)
    else:
        monkeypatch.setenv("LABKIT_CACHE", READERS_CACHE)


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a script in the place of Zig."""
    from labkit.toolchains import zig

    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setattr(zig, "package_folder", lambda name: None)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")

    def install(body: str) -> None:
        script = place / "zig"
        script.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo 0.0.1; exit; fi\n{body}\n')
        script.chmod(0o755)

    return install


def no_process(word: str) -> bool:
    """Whether no process with that word in its command line is left; one that was killed takes a moment to go."""
    for _ in range(100):
        found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if word not in found:
            return True
        time.sleep(0.05)
    return False
