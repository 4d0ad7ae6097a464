"""What a measurement leaves behind: nothing, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.bench.peers.processes import adopting_orphans, descendants, end_strays

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc and subreapers")

_MEASURES = """
import subprocess, sys, time
from pathlib import Path
from labkit.bench.peers.workshop import Workshop
with Workshop() as workshop:
    workshop.janitor.will_run(["sh", "-c", "echo first >> " + sys.argv[1]])
    workshop.janitor.will_run(["sh", "-c", "echo last >> " + sys.argv[1]])
    held = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)", str(workshop.folder)], start_new_session=True)
    print(workshop.folder, held.pid, flush=True)
    time.sleep(120)
"""


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits for its parent alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


@needs_proc
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_measurement_that_is_ended_is_cleaned_up(end: signal.Signals, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with subprocess.Popen([sys.executable, "-c", _MEASURES, str(notes)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as bench:
        assert bench.stdout is not None
        name, pid = bench.stdout.readline().decode().split()
        folder, held = Path(name), int(pid)
        assert folder.is_dir()
        assert not ended(held)
        bench.send_signal(end)
    deadline = time.monotonic() + 30
    while (folder.exists() or not ended(held)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert ended(held)
    assert notes.read_text().split() == ["last", "first"]


@needs_proc
def test_a_daemon_that_a_run_leaves_is_found_and_ended() -> None:
    with adopting_orphans():
        known = descendants(os.getpid())
        subprocess.run(["sh", "-c", "sleep 60 &"], check=True)
        assert len(descendants(os.getpid()) - known) == 1
        end_strays(known, patience_seconds=0.1)
        assert descendants(os.getpid()) <= known
