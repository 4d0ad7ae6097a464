"""The command line as a process: exit codes, closed pipes, poor locales, interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "labkit"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=120, check=False, env={**os.environ, **environment})


def running() -> dict[int, int]:
    """Every process that runs, with its parent; one that has ended and waits for its parent to take note does not run."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(path.parent.name)] = int(parent)
    return parents


def descendants(process: int) -> set[int]:
    """Processes that one has started, and those that they have started."""
    parents = running()
    found: set[int] = set()
    while new := {child for child, parent in parents.items() if parent in {process, *found}} - found:
        found |= new
    return found


def test_exit_codes_reach_the_shell(wat):
    assert run("run", wat, "--export", "add", "1", "2").returncode == 0
    failed = run("inspect", "no-such-file.wasm")
    assert failed.returncode == 1
    assert failed.stderr.startswith(b"labkit: There is no file")
    assert b"Traceback" not in failed.stderr
    assert run("nonsense").returncode == 2
    bare = run()
    assert bare.returncode == 0
    assert b"commands:" in bare.stdout


def test_a_reader_that_goes_away_is_met_quietly(wat):
    # argparse of newer Pythons meets the closed pipe itself, and is done.
    for arguments, codes in ((["step", wat, "loop"], {141}), (["--help"], {0, 141}), (["runtimes"], {141})):
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.close()
        _, words = process.communicate(timeout=120)
        assert words == b""
        assert process.returncode in codes


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_text_that_the_locale_lacks_comes_out_escaped(tmp_path, environment):
    path = tmp_path / "words.wat"
    path.write_text('(module (func (export "größe→") (result i32) (i32.const 1)))', encoding="utf-8")
    shown = run("inspect", str(path), **environment)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"gr" in shown.stdout
    failed = run("run", str(path), "--export", "x", **environment)
    assert failed.returncode == 1
    assert failed.stderr.startswith(b"labkit: ")
    assert b"Traceback" not in failed.stderr


def test_a_file_name_that_is_no_text_is_named_without_a_crash(tmp_path):
    failed = subprocess.run([*COMMAND, "inspect", os.fsencode(tmp_path) + b"/\xff.wasm"], capture_output=True, timeout=120, check=False)
    assert failed.returncode == 1
    assert failed.stderr.startswith(b"labkit: There is no file")


@pytest.mark.parametrize("arguments", [["run", "WAT", "--export", "loop", "--time", "100"], ["bench", "calls"]])
def test_an_interrupt_exits_with_130_at_once_and_leaves_no_process(wat, arguments):
    command = [*COMMAND, *(wat if word == "WAT" else word for word in arguments)]
    # A terminal interrupts all of its processes: so does this, in a session of their own.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    while not descendants(process.pid):  # until the command has started the process that does the work
        time.sleep(0.05)
    time.sleep(1)
    started = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, words = process.communicate(timeout=20)
    assert (process.returncode, words) == (130, b"")
    deadline = time.monotonic() + 20  # the system ends them with their parent, in its own time
    while started & set(running()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started & set(running()) == set()
