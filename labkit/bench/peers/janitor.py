"""Cleans up behind a measurement, whatever ends it: a process of its own that begins when the other end of its pipe closes.

It imports nothing but the standard library, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["Janitor"]

_COMMAND_SECONDS = 20.0
_ALL_SECONDS = 120.0
_TRIES, _LOOK_SECONDS = 50, 0.1
_QUIET: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Janitor:
    """Waits until it is closed or this process is gone; then runs the commands it was given, the last one first, ends every process
    that has the folder's path in its command line, unmounts what is mounted in the folder, and removes it.

    Parameters
    ----------
    folder : Path
        Made for this measurement alone, with a name that nothing else has.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Janitor(folder) as janitor:
    ...     janitor.will_run(["true"])
    >>> folder.exists()
    False
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Janitor:
        # The folder is not an argument, or it would end itself. A session of its own: what ends the bench's does not reach it.
        options: dict[str, Any] = {**_QUIET, "stdin": subprocess.PIPE, "start_new_session": True}
        self._process = subprocess.Popen([sys.executable, "-I", __file__], **options)
        self._write(str(self._folder))
        return self

    def will_run(self, command: Sequence[str]) -> None:
        """Add a command for the end; it should do no harm where there is nothing left to do."""
        self._write(list(command))

    def _write(self, value: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        self._process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_ALL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    lines = [json.loads(line) for line in sys.stdin.buffer if line.endswith(b"\n")]
    if not lines:
        return
    folder, *commands = lines
    for command in reversed(commands):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, timeout=_COMMAND_SECONDS, check=False, **_QUIET)
    # What is being ended may still write: again, until the folder is gone.
    for _ in range(_TRIES):
        _end_processes(os.fsencode(folder))
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if not Path(folder).exists():
            return
        time.sleep(_LOOK_SECONDS)


def _end_processes(folder: bytes) -> None:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if folder in path.read_bytes() and int(path.parent.name) != os.getpid():
                os.kill(int(path.parent.name), signal.SIGKILL)


def _unmount(folder: str) -> None:
    mounts = Path("/proc/self/mounts")
    places = [line.split(" ")[1] for line in mounts.read_text().splitlines()] if mounts.exists() else []
    for place in reversed(places):
        if place.startswith(f"{folder}/"):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(["umount", "--lazy", place], timeout=_COMMAND_SECONDS, check=False, **_QUIET)


if __name__ == "__main__":
    _main()
