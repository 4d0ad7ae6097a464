"""The second wall, tried without a runtime in front of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.sandbox import confinement

#: What every process below begins with: nothing of this one may be in it, above all no thread.
_BEGINNING = """
import os, socket, sys, threading
from pathlib import Path
from labkit.sandbox import confinement
folders = Path(sys.argv[1])
def attempt(action):
    try:
        return repr(action())
    except OSError as error:
        return f"OSError {error.errno}"
"""


def in_child(action: str, folders: Path, *arguments: str, prepare: str = "") -> str:
    """Evaluate an expression in a process of its own, and give what its ``repr`` says, or the number of its error."""
    program = f"{_BEGINNING}\n{prepare}\nprint(attempt(lambda: {action}))"
    done = subprocess.run([sys.executable, "-c", program, str(folders), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rstrip("\n")


def confined(folders: Path, action: str, *arguments: str, prepare: str = "") -> str:
    """Evaluate an expression in a process that reaches two of the folders."""
    confine = 'confinement.confine_files([str(folders / "readable")], [str(folders / "writable")])'
    return in_child(action, folders, *arguments, prepare=f"{prepare}\n{confine}")


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


def test_reading(landlock: int, folders: Path):
    assert confined(folders, '(folders / "readable" / "file").read_text()') == "'readable'"
    assert confined(folders, '(folders / "writable" / "file").read_text()') == "'writable'"
    for path in ("outside/file", "readable/../outside/file", "readable/link"):
        assert confined(folders, f"(folders / {path!r}).read_text()") == "OSError 13"
    assert confined(folders, "os.listdir('/')") == "OSError 13"
    assert confined(folders, "os.listdir('/proc/self/fd')") == "OSError 13"


def test_writing(landlock: int, folders: Path):
    assert confined(folders, '(folders / "writable" / "new").write_text("x")') == "1"
    assert confined(folders, '(folders / "writable" / "sub").mkdir()') == "None"
    for path in ("readable/new", "outside/new", "readable/file"):
        assert confined(folders, f'(folders / {path!r}).write_text("x")') == "OSError 13"
    assert confined(folders, '(folders / "readable" / "file").unlink()') == "OSError 13"
    assert (folders / "readable" / "file").read_text() == "readable"


def test_a_link_made_inside_leads_nowhere(landlock: int, folders: Path):
    link = '(folders / "writable" / "way-out").symlink_to(folders / "outside" / "file"), (folders / "writable" / "way-out").read_text()'
    assert confined(folders, f"({link})") == "OSError 13"
    assert (folders / "writable" / "way-out").is_symlink()


def test_network(landlock: int, folders: Path):
    if landlock < 4:
        pytest.skip(f"Landlock {landlock} does not know TCP: version 4 does.")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert confined(folders, "socket.create_connection(('127.0.0.1', int(sys.argv[2])))", port) == "OSError 13"
        assert confined(folders, "socket.create_server(('127.0.0.1', 0))") == "OSError 13"


def test_signals(landlock: int, folders: Path):
    if landlock < 6:
        pytest.skip(f"Landlock {landlock} does not know signals: version 6 does.")
    assert confined(folders, "os.kill(int(sys.argv[2]), 0)", str(os.getpid())) == "OSError 1"


def test_nothing_lifts_it(landlock: int, folders: Path):
    again = "attempt(lambda: confinement.confine_files([], ['/'])), (folders / 'outside' / 'file').read_text()"
    assert confined(folders, f"({again})") == "OSError 13"


def test_other_threads_would_not_be_confined(landlock: int, folders: Path):
    thread = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    refused = "try:\n    confinement.confine_files([], [])\nexcept confinement.LabkitError as error:\n    words = error.message"
    assert "threads" in in_child("words", folders, prepare=f"{thread}\n{refused}")


def test_resources(tmp_path: Path):
    limit = "confinement.limit_resources()"
    assert (
        in_child("os.truncate(os.open(folders / 'large', os.O_RDWR | os.O_CREAT), confinement.FILE_BYTES + 1)", tmp_path, prepare=limit)
        == "OSError 27"
    )
    assert in_child("[os.open('/dev/null', os.O_RDONLY) for _ in range(confinement.OPEN_FILES)]", tmp_path, prepare=limit) == "OSError 24"


def test_memory(tmp_path: Path):
    limit = "confinement.MemoryLimit().allow(64 * 2**20)"
    take = "try:\n    words = len(bytearray(128 * 2**20))\nexcept MemoryError:\n    words = 'refused'"
    assert in_child("words", tmp_path, prepare=f"{limit}\n{take}") == "'refused'"


def test_time_ends_the_process():
    program = "from labkit.sandbox import confinement\nconfinement.limit_time(0.05)\nwhile True:\n    pass"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == -signal.SIGALRM


def test_without_landlock_nothing_is_confined(folders: Path):
    none = "confinement.landlock_version = lambda: 0"
    assert confined(folders, '(folders / "outside" / "file").read_text()', prepare=none) == "'outside'"
