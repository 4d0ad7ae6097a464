"""The bench of panels: how long a kernel takes to answer another cell, while a panel measures."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.measured import Measured
from labkit.bench.statistics import median_interval
from labkit.display import format_seconds, html_table, text_table
from labkit.errors import BenchError

__all__ = ["BENCH", "AnswerTimes", "Milliseconds"]

_TRIES = 50
_GOAL = Goal("a cell's answer while a panel measures, in milliseconds", 200.0, Direction.AT_MOST)
_ANSWER_SECONDS = 60.0
#: A rate of fewer would say little.
_FEWEST_FRAMES = 5
#: A panel measures for so long that it has not ended when the last cell is answered; then it is cancelled.
_PANEL_SECONDS = 60.0
_SETUP = """
import threading
from labkit.ui import RuntimeComparison
fibonacci = '''(module (func $fib (export "fib") (param $n i32) (result i32)
  (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
  (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2))))))'''
panel = RuntimeComparison(fibonacci, args=[20], runtimes=["wasmtime", "wasmtime-winch"], seconds={seconds})
panel
"""
_BUSY = """
busy = True
def spin():
    while busy:
        sum(range(1000))
thread = threading.Thread(target=spin, daemon=True)
thread.start()
"""
_IDLE, _MEASURING, _BOTH = "nothing else goes on", "a panel measures", "a panel measures, and a thread of the reader's computes"


@dataclass(frozen=True)
class Milliseconds:
    """A median of times, for a goal.

    Attributes
    ----------
    value, low, high : float
        In milliseconds; the interval is one of 95 %.
    """

    value: float
    low: float
    high: float
    doubt: float = 1.0

    @property
    def figures(self) -> str:
        """The median and its interval.

        Examples
        --------
        >>> Milliseconds(3.14, 3.0, 3.3).figures
        '3.14 ms (3–3.3)'
        """
        return f"{self.value:.3g} ms ({self.low:.3g}–{self.high:.3g})"


@dataclass(frozen=True)
class AnswerTimes:
    """How long a kernel took to answer, by what went on meanwhile.

    Attributes
    ----------
    samples_seconds : mapping of str to tuple of float
        From sending a cell until its reply.
    frames_per_second : float
        How often the panel's picture changed while it measured, and nothing else went on.
    """

    samples_seconds: dict[str, tuple[float, ...]]
    frames_per_second: float

    _HEADER = ("while", "median", "nine of ten within", "longest", "n")

    def _rows(self) -> list[list[str]]:
        return [
            [name, *(format_seconds(float(value)) for value in (*np.quantile(samples, (0.5, 0.9)), max(samples))), str(len(samples))]
            for name, samples in self.samples_seconds.items()
        ]

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows(), right=range(1, 5))

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows(), right=range(1, 5))

    def summary(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"samples_seconds": self.samples_seconds, "frames_per_second": self.frames_per_second}

    def measured(self) -> Iterable[Measured]:
        """The times, for the store."""
        for name, samples in self.samples_seconds.items():
            yield Measured(f"an answer while {name}", samples)


class _Kernel:
    """A kernel, and a client that listens to all it says, as a browser does."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.frames = 0

    def run(self, code: str) -> float:
        """Run a cell: seconds until its reply."""
        begin = time.perf_counter()
        sent = self._client.execute(code)
        while True:
            reply = self._client.get_shell_msg(timeout=_ANSWER_SECONDS)
            if reply["parent_header"].get("msg_id") == sent:
                break
        took = time.perf_counter() - begin
        if reply["content"]["status"] != "ok":
            content = reply["content"]
            raise BenchError(f"A cell failed in the kernel: {content.get('ename')}: {content.get('evalue')}.", remedy="Run the bench again.")
        self._listen()
        return took

    def wait_for_frames(self, count: int) -> None:
        """Wait until the panel's picture has changed so often."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while self.frames < count:
            if time.monotonic() > deadline:
                raise BenchError(f"The panel has drawn nothing new in {_ANSWER_SECONDS:g} s.", remedy="Close what else runs, and try again.")
            time.sleep(0.1)
            self.run("None")

    def _listen(self) -> None:
        while self._client.iopub_channel.msg_ready():
            content = self._client.get_iopub_msg(timeout=1)["content"]
            state = content.get("data", {}).get("state", {}) if isinstance(content.get("data"), dict) else {}
            self.frames += "<img" in str(state.get("value", ""))


@contextmanager
def _kernel() -> Iterator[_Kernel]:
    try:
        manager = import_module("jupyter_client").KernelManager(kernel_name="python3")
    except ImportError as error:
        raise BenchError("There is no Jupyter here to start a kernel.", remedy="Install it: pip install 'labkit[lab]'.") from error
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_ANSWER_SECONDS)
        yield _Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _tries(kernel: _Kernel, cell: str, seconds: float, progress: Progress, done: float) -> Sequence[float]:
    samples = []
    for i in range(_TRIES):
        samples.append(kernel.run(cell))
        time.sleep(seconds / _TRIES)
        progress(done + (i + 1) / _TRIES / 3)
    return tuple(samples)


def _run(seconds: float, progress: Progress) -> Findings:
    samples: dict[str, tuple[float, ...]] = {}
    with _kernel() as kernel:
        kernel.run(_SETUP.format(seconds=_PANEL_SECONDS))
        each = seconds / 10  # most of the rest is the kernel's start, and the panel's
        samples[_IDLE] = tuple(_tries(kernel, "6 * 7", each, progress, 0))
        kernel.run("panel.run()")
        kernel.wait_for_frames(1)
        # An answer only counts where the panel is still measuring.
        measuring = "assert panel.is_running, panel.status; 6 * 7"
        begin, frames = time.monotonic(), kernel.frames
        samples[_MEASURING] = tuple(_tries(kernel, measuring, each, progress, 1 / 3))
        kernel.wait_for_frames(frames + _FEWEST_FRAMES)
        rate = (kernel.frames - frames) / (time.monotonic() - begin)
        kernel.run(_BUSY)
        samples[_BOTH] = tuple(_tries(kernel, measuring, each, progress, 2 / 3))
        kernel.run("busy = False; panel.close()")
        answers = AnswerTimes(samples, rate)
    milliseconds = np.array(samples[_MEASURING]) * 1e3
    figure = Milliseconds(float(np.median(milliseconds)), *median_interval(milliseconds, np.random.default_rng(1)))
    return Findings(
        {_GOAL.figure: figure},
        {"From sending a cell until the kernel's reply": answers},
        tuple(f"{name} {import_module(name).__version__}" for name in ("ipykernel", "ipywidgets")),
        (f"While it measured and nothing else went on, the panel's picture changed {rate:.1f} times a second.",),
    )


BENCH = Bench("panel", "How soon the kernel answers another cell, while a panel measures.", (_GOAL,), _run, quick_seconds=10.0)
