"""The second wall, tried without a runtime in front of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.sandbox import confinement


def in_child(action: Callable[[], object]) -> object:
    """Do something in a process of its own, and give what its ``repr`` says, or the number of its error."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            words = repr(action())
        except OSError as error:
            words = f"OSError {error.errno}"
        os.write(writer, words.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        words = file.read().decode()
    os.waitpid(pid, 0)
    return words


@pytest.fixture
def landlock() -> int:
    version = confinement.landlock_version()
    if version == 0:
        pytest.skip("This kernel has no Landlock, so there is no second wall to try.")
    return version


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("readable", "writable", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    (tmp_path / "readable" / "link").symlink_to(tmp_path / "outside" / "file")
    return tmp_path


def confined(folders: Path, action: Callable[[], object]) -> object:
    def act() -> object:
        confinement.confine_files([str(folders / "readable")], [str(folders / "writable")])
        return action()

    return in_child(act)


def test_reading(landlock: int, folders: Path):
    assert confined(folders, (folders / "readable" / "file").read_text) == "'readable'"
    assert confined(folders, (folders / "writable" / "file").read_text) == "'writable'"
    for path in ("outside/file", "readable/../outside/file", "readable/link"):
        assert confined(folders, (folders / path).read_text) == "OSError 13"
    assert confined(folders, lambda: list(Path("/").iterdir())) == "OSError 13"
    assert confined(folders, lambda: list(Path("/proc/self/fd").iterdir())) == "OSError 13"


def test_writing(landlock: int, folders: Path):
    assert confined(folders, lambda: (folders / "writable" / "new").write_text("x")) == "1"
    assert confined(folders, lambda: (folders / "writable" / "sub").mkdir()) == "None"
    for path in ("readable/new", "outside/new", "readable/file"):
        assert confined(folders, lambda path=path: (folders / path).write_text("x")) == "OSError 13"
    assert confined(folders, lambda: (folders / "readable" / "file").unlink()) == "OSError 13"
    assert (folders / "readable" / "file").read_text() == "readable"


def test_a_link_made_inside_leads_nowhere(landlock: int, folders: Path):
    def link() -> str:
        (folders / "writable" / "way-out").symlink_to(folders / "outside" / "file")
        return (folders / "writable" / "way-out").read_text()

    assert confined(folders, link) == "OSError 13"


def test_network(landlock: int, folders: Path):
    if landlock < 4:
        pytest.skip(f"Landlock {landlock} does not know TCP: version 4 does.")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert confined(folders, lambda: socket.create_connection(address).close()) == "OSError 13"
        assert confined(folders, lambda: socket.create_server(("127.0.0.1", 0)).close()) == "OSError 13"


def test_signals(landlock: int, folders: Path):
    if landlock < 6:
        pytest.skip(f"Landlock {landlock} does not know signals: version 6 does.")
    parent = os.getpid()
    assert confined(folders, lambda: os.kill(parent, 0)) == "OSError 1"


def test_nothing_lifts_it(landlock: int, folders: Path):
    def again() -> str:
        with contextlib.suppress(OSError):
            confinement.confine_files([], ["/"])
        return (folders / "outside" / "file").read_text()

    assert confined(folders, again) == "OSError 13"


def test_other_threads_would_not_be_confined(landlock: int):
    waiting = threading.Event()

    def act() -> str:
        thread = threading.Thread(target=waiting.wait, daemon=True)
        thread.start()
        try:
            confinement.confine_files([], [])
        except confinement.LabkitError as error:
            return error.message
        return "confined"

    assert "threads" in str(in_child(act))


def test_resources(tmp_path: Path):
    def fill() -> int:
        confinement.limit_resources()
        with open(tmp_path / "large", "wb") as file:
            file.truncate(confinement.FILE_BYTES + 1)
        return 0

    assert in_child(fill) == "OSError 27"

    def open_many() -> int:
        confinement.limit_resources()
        return len([os.open("/dev/null", os.O_RDONLY) for _ in range(confinement.OPEN_FILES)])

    assert in_child(open_many) == "OSError 24"


def test_memory():
    def take() -> str:
        limit = confinement.MemoryLimit()
        limit.allow(64 * 2**20)
        try:
            return str(len(bytearray(128 * 2**20)))
        except MemoryError:
            return "refused"

    assert in_child(take) == "'refused'"


def test_time_ends_the_process():
    pid = os.fork()
    if pid == 0:
        confinement.limit_time(0.05)
        while True:
            pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGALRM


def test_without_landlock_nothing_is_confined(monkeypatch: pytest.MonkeyPatch, folders: Path):
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)
    assert confined(folders, (folders / "outside" / "file").read_text) == "'outside'"
