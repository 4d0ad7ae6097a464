"""The process that workers are forked from: everything imported, nothing compiled, one thread.

Spawning a Python with a runtime takes a third of a second, and forking the reader's kernel would carry its threads' locks and
its secrets along. So one process is spawned that never compiles, since that starts threads, and each worker is a fork of it,
which takes a few milliseconds. It runs no guest, so it always answers; it ends when the kernel does, and its workers with it.
`multiprocessing`'s own fork server, loky and pebble were considered: none hands open files to its workers, confines them for
good, kills one without the others or ends all with the kernel.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import traceback
from pathlib import Path
from typing import NoReturn

from labkit.errors import LabkitError
from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox import worker
from labkit.sandbox.confinement import die_with_parent

__all__ = ["COMMAND", "FORK", "KILL", "UNREADY", "main"]

#: What the kernel sends: what to do, a worker's number, a runtime's index, whether it is sealed. A fork comes with two descriptors: the worker's
#: end of its channel, and the pipe on which its end is reported.
COMMAND = struct.Struct("<cQB?")
FORK, KILL = b"f", b"k"
_COMPILE_SECONDS = 10
#: Exit code of a worker in which labkit itself has failed.
UNREADY = 71


def main(control_descriptor: int) -> None:
    """Fork and kill workers as told, until the kernel is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=control_descriptor) as control:
        _Zygote(control).serve()


class _Zygote:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.pid = os.getpid()
        #: Of each worker: its number, and the pipe on which to report its end.
        self.workers: dict[int, tuple[int, int]] = {}
        self.wakeup, wake = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.owned = [self.wakeup, wake]
        self.rehearsals: dict[tuple[str, bool], bytes] = {}

    def serve(self) -> None:
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        waiting.register(self.wakeup, select.POLLIN)
        while True:
            ready = dict(waiting.poll())
            if self.wakeup in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wakeup, 4096)
                self._reap()
            if self.control.fileno() in ready and not self._obey():
                break
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)

    def _obey(self) -> bool:
        """Do one thing the kernel asks for; False when it is gone."""
        command, descriptors = b"", []
        while len(command) < COMMAND.size:
            data, more, _, _ = socket.recv_fds(self.control, COMMAND.size - len(command), 2)
            descriptors += more
            if not data:
                return False
            command += data
        what, number, index, sealed = COMMAND.unpack(command)
        if what == FORK:
            self._fork(number, (RUNTIME_NAMES[index], sealed), *descriptors)
        else:
            for pid, (known, _) in self.workers.items():
                if known == number:
                    os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, number: int, kind: tuple[str, bool], channel: int, report: int) -> None:
        if kind not in self.rehearsals:
            self._rehearse(kind[0])
        pid = os.fork()
        if pid == 0:
            self._become_worker(kind, channel, report)
        os.close(channel)
        self.workers[pid] = (number, report)

    def _rehearse(self, runtime_name: str) -> None:
        """Make ready here what workers inherit. No guest runs: the random state that one leaves behind would be the same in every worker."""
        for sealed in (False, True):
            self.rehearsals[runtime_name, sealed] = _compile_rehearsal(runtime_name, sealed)
        with contextlib.suppress(LabkitError):
            worker.guests_of(runtime_name)
        if len(list(Path("/proc/self/task").iterdir())) > 1:
            raise RuntimeError(f"{runtime_name} starts threads without compiling, so workers cannot be forked.")
        # Neither collected nor moved from here on: workers share these pages.
        gc.collect()
        gc.freeze()

    def _become_worker(self, kind: tuple[str, bool], channel: int, report: int) -> NoReturn:
        """Keep nothing of the zygote's but its imports."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(self.pid)
            self.control.close()
            for descriptor in (report, *self.owned, *(other for _, other in self.workers.values())):
                os.close(descriptor)
            worker.serve(socket.socket(fileno=channel), kind[0], sealed=kind[1], rehearsal=self.rehearsals[kind])
        except BaseException:
            # For the kernel's WorkerPool.words, which shows it where no worker gets as far as a request.
            traceback.print_exc()
        finally:
            os._exit(UNREADY)

    def _reap(self) -> None:
        """Report how each worker that has ended did so: its wait status and its largest resident size."""
        while self.workers:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            _, report = self.workers.pop(pid)
            words = json.dumps({"exit_code": os.waitstatus_to_exitcode(status), "peak_resident_bytes": used.ru_maxrss * 1024})
            # Nobody listens any more where the run is over.
            with contextlib.suppress(BrokenPipeError):
                os.write(report, words.encode())
            os.close(report)


def _compile_rehearsal(runtime_name: str, sealed: bool) -> bytes:
    """Have a child compile the program that workers rehearse with; empty where the runtime does not get that far."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(os.getppid())
            signal.alarm(_COMPILE_SECONDS)
            os.write(writer, worker.rehearsal_artifact(runtime_name, sealed=sealed))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        artifact = file.read()
    os.waitpid(pid, 0)
    return artifact
