"""Workers, forked ahead: one run each, and a spare ready for the next."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from labkit.errors import LabkitError
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.grants import to_file
from labkit.sandbox.worker import HEADER
from labkit.sandbox.zygote import COMMAND, FORK, KILL

__all__ = ["Ending", "Kind", "Worker", "WorkerPool", "the_pool"]

Kind = tuple[str, bool]
"""A runtime's name, and whether the worker is sealed: confined already, for a guest without folders."""

#: Workers kept ready of each kind that was used.
SPARES = 2
#: Seconds within which the system must have ended a killed process.
_END_SECONDS = 10.0
#: Seconds that a process may take to end by itself once it has closed its channel.
_DAWDLE_SECONDS = 1.0
# The same packages as the kernel's, and nothing from the environment or the folder it happens to stand in.
_START = "import sys; sys.path[:] = {path!r}; from labkit.sandbox.zygote import main; main({control})"
_PASSED_ON = ("LANG", "LC_ALL", "HOME", "LD_LIBRARY_PATH", "LABKIT_WASMTIME_STOCK")


@dataclass(frozen=True)
class Ending:
    """How a worker process ended: its exit code (a signal is negative) and its largest resident size."""

    exit_code: int
    peak_resident_bytes: int


@dataclass
class Worker:
    """A process that waits for one run."""

    number: int
    channel: socket.socket
    pool: WorkerPool
    #: Key of the compiled module that it holds.
    holds: str | None
    _report: int
    _open: bool = field(default=True)

    def ask(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Send a request.

        Raises
        ------
        ConnectionError
            If the process has ended.
        """
        words = json.dumps(request).encode()
        data = HEADER.pack(len(words)) + words
        sent = socket.send_fds(self.channel, [data], descriptors)
        self.channel.sendall(data[sent:])

    def ending(self) -> Ending | None:
        """Wait until the process has ended, and say how; one that dawdles is killed. None where the zygote is gone too."""
        for seconds in (_DAWDLE_SECONDS, _END_SECONDS):
            ready, _, _ = select.select([self._report], [], [], seconds)
            if ready:
                words = os.read(self._report, 4096)
                return Ending(**json.loads(words)) if words else None
            self.kill()
        return None

    def kill(self) -> None:
        """Have the process killed, if it still lives."""
        self.pool.send(KILL, self.number)

    def close(self) -> None:
        """Let go of the process: whatever it does, it is killed."""
        if self._open:
            self._open = False
            self.kill()
            self.channel.close()
            os.close(self._report)


class WorkerPool:
    """The zygote of this process, and its workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._spares: dict[Kind, deque[Worker]] = defaultdict(deque)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._words = -1

    def take(self, kind: Kind, key: str | None = None) -> Worker:
        """Take a worker.

        If it was the last spare, another is made; the rest wait until `warm` is called after the run, out of its way.

        Parameters
        ----------
        kind : tuple of str and bool
            The runtime's name, and whether no folder is granted: such a worker is confined already.
        key : str, optional
            The module that it had better hold.

        Raises
        ------
        LabkitError
            If no worker process can be started.
        """
        with self._lock:
            spares = self._spares[kind]
            chosen = next((spare for spare in spares if spare.holds == key), spares[0] if spares else None)
            if chosen is None:
                chosen = self._new(kind)
            else:
                spares.remove(chosen)
            if not spares:
                spares.append(self._new(kind))
            return chosen

    def warm(self, kind: Kind, key: str | None = None, artifact: int | None = None) -> None:
        """Have spares made, without waiting for them, that hold a module: the key it is asked for by, and its artifact."""
        with self._lock:
            spares = self._spares[kind]
            while len(spares) < SPARES:
                spares.append(self._new(kind))
                if artifact is not None:
                    with contextlib.suppress(ConnectionError):
                        spares[-1].ask({"hold": True}, [artifact])
                        spares[-1].holds = key

    def _new(self, kind: Kind) -> Worker:
        here, there = socket.socketpair()
        report, reported = os.pipe()
        number = next(self._numbers)
        try:
            self._ask(COMMAND.pack(FORK, number, RUNTIME_NAMES.index(kind[0]), kind[1]), [there.fileno(), reported])
        except BaseException:
            here.close()
            os.close(report)
            raise
        finally:
            there.close()
            os.close(reported)
        return Worker(number, here, self, None, report)

    def _ask(self, command: bytes, descriptors: list[int]) -> None:
        """Send the zygote a command; where it is gone, start another and send it once more."""
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

    def send(self, what: bytes, number: int) -> None:
        """Send the zygote a command about a worker; where it is gone, its workers are too."""
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                self._control.sendall(COMMAND.pack(what, number, 0, False))

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
        """End the zygote; its workers end with it."""
        for spares in self._spares.values():
            while spares:
                spare = spares.popleft()
                spare.channel.close()
                os.close(spare._report)
                spare._open = False
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

    def close(self) -> None:
        """End the zygote and all its workers."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """In a forked child: close what belongs to the parent, so that the zygote still sees the parent end."""
        self._lock = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0
            self._process = None
        self._stop()


_pool = WorkerPool()


def the_pool() -> WorkerPool:
    """The pool of this process."""
    return _pool


atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
