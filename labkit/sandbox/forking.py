"""The kernel's end of the zygote: starts it when it is needed, asks it for workers, ends it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading

from labkit.errors import LabkitError
from labkit.sandbox.grants import to_file

__all__ = ["ZygoteProcess"]

# The same packages as the kernel's, and nothing from the environment or the folder it happens to stand in.
_START = "import sys; sys.path[:] = {path!r}; from labkit.sandbox.zygote import main; main({control})"
_PASSED_ON = (
    *("LANG", "LC_ALL", "HOME", "LD_LIBRARY_PATH", "LABKIT_WASMTIME_STOCK"),
    *("LABKIT_LIBWASMER", "WASMER_DIR", "LABKIT_TOOLS", "XDG_DATA_HOME"),  # where the library of the current Wasmer is looked for
)


class ZygoteProcess:
    """The zygote of this process; it ends when its control socket closes, whatever closes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._words = -1

    def ask(self, command: bytes, descriptors: list[int]) -> None:
        """Send a command; where the zygote is gone, start another and send it once more.

        Raises
        ------
        LabkitError
            If it cannot be started.
        """
        with self._lock:
            for _ in range(2):
                if self._control is None:
                    self._start()
                assert self._control is not None
                try:
                    socket.send_fds(self._control, [command], descriptors)
                    return
                except OSError:
                    self._stop()
        raise LabkitError("The process that starts workers ends at once.", remedy="Restart the kernel; if that does not help, reinstall labkit.")

    def tell(self, command: bytes) -> None:
        """Send a command about a worker; where the zygote is gone, its workers are too."""
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                self._control.sendall(command)

    def _start(self) -> None:
        here, there = socket.socketpair()
        self._words = to_file(b"")
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        code = _START.format(path=sys.path, control=there.fileno())
        options = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
        with there:
            # A session of its own, so that what interrupts the kernel does not reach it.
            self._process = subprocess.Popen(
                [sys.executable, *options, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                pass_fds=[there.fileno()],
                env=environment,
                start_new_session=True,
            )
        self._control = here

    def words(self) -> str:
        """What the zygote has said on its standard error: why it ended, where it did."""
        return os.pread(self._words, 10_000, 0).decode("utf-8", "replace").strip() if self._words >= 0 else ""

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._words >= 0:
            os.close(self._words)
            self._words = -1

    def stop(self) -> None:
        """End it; its workers end with it."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """In a forked child: close what belongs to the parent, so that the zygote still sees the parent end."""
        self._lock = threading.Lock()
        if self._process is not None:
            # Not a child of this process's, to be waited for.
            self._process.returncode = 0
            self._process = None
        self._stop()
