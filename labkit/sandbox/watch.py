"""The kernel's side of one run: sends the request, reads what comes, and ends the worker when it is time."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from labkit.limits import Limits
from labkit.sandbox.workers import Ending, Worker

__all__ = ["Observed", "OnOutput", "Stop", "watch"]

OnOutput = Callable[[str, bytes], object]
"""Called with ``"stdout"`` or ``"stderr"`` and what was just written there."""

#: Seconds between two looks at whether the run was cancelled.
_LOOK_SECONDS = 0.02
_CHUNK_BYTES = 65536
#: An honest answer is far smaller; a worker that a guest has taken over may write anything.
_ANSWER_BYTES = 1 << 20


class Stop(Enum):
    """Why the kernel ended a worker."""

    PREPARING = "preparing"
    TIME = "time"
    OUTPUT = "output"
    CANCELLED = "cancelled"


@dataclass
class Observed:
    """What the kernel saw of a run.

    Attributes
    ----------
    started : dict or None
        What the worker said when the guest was about to run.
    answer : dict or None
        What it said at the end.
    stop : Stop or None
        Why it was ended.
    ending : Ending or None
        How the process ended, where it gave no answer.
    streams : dict
        What was written, by stream.
    """

    started: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    stop: Stop | None = None
    ending: Ending | None = None
    streams: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})


def watch(
    worker: Worker,
    request: dict[str, Any],
    descriptors: list[int],
    *,
    limits: Limits,
    on_output: OnOutput | None,
    cancel: threading.Event | None,
) -> Observed:
    """Run one request on a worker.

    Parameters
    ----------
    worker : Worker
    request : dict
        What `labkit.sandbox.worker` is asked.
    descriptors : list of int
        The guest's stdin, the module, and its artifact where there is one.
    limits : Limits
        The guest's time and what it writes are limited here.
    on_output, cancel
        As for `labkit.run`.

    Raises
    ------
    ConnectionError
        If the worker had ended before it was asked.
    """
    pipes = {"stdout": os.pipe(), "stderr": os.pipe()}
    try:
        writers = [pipes["stdout"][1], pipes["stderr"][1]]
        worker.ask(request, [descriptors[0], *writers, *descriptors[1:]])
        for writer in writers:
            os.close(writer)
        pipes = {name: (reader, -1) for name, (reader, _) in pipes.items()}
        readers = {reader: name for name, (reader, _) in pipes.items()}
        return _Watch(worker, readers, request["prepare_seconds"], limits, on_output, cancel).run()
    finally:
        for pair in pipes.values():
            for descriptor in pair:
                if descriptor >= 0:
                    os.close(descriptor)


class _Watch:
    def __init__(
        self,
        worker: Worker,
        readers: dict[int, str],
        prepare_seconds: float,
        limits: Limits,
        on_output: OnOutput | None,
        cancel: threading.Event | None,
    ) -> None:
        assert limits.time_seconds is not None
        assert limits.output_bytes is not None
        self.worker, self.readers = worker, readers
        self.seconds, self.left_bytes, self.overflowed = limits.time_seconds, limits.output_bytes, False
        self.on_output, self.cancel = on_output, cancel
        self.deadline = time.monotonic() + prepare_seconds
        self.said = b""
        self.observed = Observed()
        self.waiting = select.poll()
        for descriptor in (worker.channel.fileno(), *readers):
            os.set_blocking(descriptor, False)
            self.waiting.register(descriptor, select.POLLIN)

    def run(self) -> Observed:
        observed, channel, ended = self.observed, self.worker.channel.fileno(), False
        while observed.answer is None and not ended:
            observed.stop = self._stop()
            if observed.stop:
                break
            ready = [descriptor for descriptor, _ in self.waiting.poll(self._wait_milliseconds())]
            for descriptor in ready:
                if descriptor in self.readers:
                    self._read_output(descriptor)
            ended = channel in ready and self._read_answer()
        if observed.answer is None:
            if not ended:
                self.worker.kill()
            observed.ending = self.worker.ending()
        # What was written before the end is in the pipes.
        for descriptor in self.readers:
            while not self.overflowed and self._read_output(descriptor):
                pass
        if self.overflowed and observed.stop is None:
            observed.stop = Stop.OUTPUT
        return observed

    def _stop(self) -> Stop | None:
        if self.cancel is not None and self.cancel.is_set():
            return Stop.CANCELLED
        if self.overflowed:
            return Stop.OUTPUT
        if time.monotonic() >= self.deadline:
            return Stop.PREPARING if self.observed.started is None else Stop.TIME
        return None

    def _wait_milliseconds(self) -> float:
        left = max(self.deadline - time.monotonic(), 0.0)
        return 1000 * (left if self.cancel is None else min(left, _LOOK_SECONDS)) + 1

    def _read_output(self, descriptor: int) -> bool:
        """Take what is there; tell whether there may be more."""
        try:
            data = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            with suppress(KeyError):
                self.waiting.unregister(descriptor)
            return False
        name, kept = self.readers[descriptor], data[: self.left_bytes]
        self.overflowed = len(kept) < len(data)
        self.left_bytes -= len(kept)
        self.observed.streams[name] += kept
        if self.on_output is not None and kept:
            self.on_output(name, kept)
        return True

    def _read_answer(self) -> bool:
        """Take what the worker says; tell whether it has ended, or talks nonsense."""
        try:
            data = self.worker.channel.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        self.said += data
        *lines, self.said = self.said.split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                return True
            if not isinstance(message, dict):
                return True
            if "ready" in message:
                continue
            if "started" in message:
                self.observed.started = message
                self.deadline = time.monotonic() + self.seconds
            else:
                self.observed.answer = message
        return not data or len(self.said) > _ANSWER_BYTES
