"""One worker, as the kernel holds it: the channel to it, and the report of its end."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import socket
import time
from dataclasses import dataclass
from typing import Any

from labkit.runtimes.registry import RUNTIME_NAMES
from labkit.sandbox.forking import ZygoteProcess
from labkit.sandbox.request import HEADER
from labkit.sandbox.zygote import COMMAND, FORK, KILL

__all__ = ["Ending", "Kind", "Worker"]

Kind = tuple[str, bool]
"""A runtime's name, and whether the worker is sealed: confined already, for a guest without folders."""

#: Seconds within which the system must have ended a killed process.
_END_SECONDS = 10.0
#: Seconds that a process may take to end by itself once it has closed its channel.
_DAWDLE_SECONDS = 1.0
#: Seconds between two looks at what a process that is being waited for has said.
_LOOK_SECONDS = 0.0005
_numbers = itertools.count(1)


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
    zygote: ZygoteProcess
    _report: int
    #: Key of the compiled module or component that it holds.
    holds: str | None = None
    _open: bool = True

    @classmethod
    def start(cls, zygote: ZygoteProcess, kind: Kind) -> Worker:
        """Have a worker forked, without waiting for it.

        Raises
        ------
        LabkitError
            If the zygote cannot be started.
        """
        here, there = socket.socketpair()
        report, reported = os.pipe()
        number = next(_numbers)
        try:
            zygote.ask(COMMAND.pack(FORK, number, RUNTIME_NAMES.index(kind[0]), kind[1]), [there.fileno(), reported])
        except BaseException:
            here.close()
            os.close(report)
            raise
        finally:
            there.close()
            os.close(reported)
        return cls(number, here, zygote, report)

    def hold(self, key: str, artifact: int, memory_bytes: int, *, component: bool) -> None:
        """Have it load a compiled module or component ahead of the request that will want it, and expect that limit on its memories."""
        with contextlib.suppress(ConnectionError):
            self.ask({"hold": memory_bytes, "component": component}, [artifact])
            self.holds = key

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
        # Not even nothing is sent to one that has the whole request: it may have answered and ended by now.
        if sent < len(data):
            self.channel.sendall(data[sent:])

    def wait(self) -> None:
        """Wait until the process is ready, and holds what it was asked to hold; or has ended."""
        wanted = 1 if self.holds is None else 2
        while (said := self.channel.recv(4096, socket.MSG_PEEK)) and said.count(b"\n") < wanted:
            time.sleep(_LOOK_SECONDS)

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
        self.zygote.tell(COMMAND.pack(KILL, self.number, 0, False))

    def close(self) -> None:
        """Let go of the process: whatever it does, it is killed."""
        if self._open:
            self.kill()
            self.forget()

    def forget(self) -> None:
        """Close what leads to the process."""
        self._open = False
        self.channel.close()
        os.close(self._report)
