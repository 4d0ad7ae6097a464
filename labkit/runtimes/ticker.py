"""The clock behind interrupts and time limits: a thread that moves every engine's epoch on."""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol
from weakref import WeakSet

__all__ = ["TICK_SECONDS", "tick"]

#: Long enough to cost nothing to speak of, short enough that an interrupt feels immediate.
TICK_SECONDS = 0.02


class Ticking(Protocol):
    """An engine with an epoch."""

    def increment_epoch(self) -> None:
        """Move its epoch on by one."""


_engines: WeakSet[Ticking] = WeakSet()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def tick(engine: Ticking) -> None:
    """Move an engine's epoch on every `TICK_SECONDS`, for as long as it lives."""
    global _thread
    with _lock:
        _engines.add(engine)
        if _thread is None:
            _thread = threading.Thread(target=_run, name="labkit-ticker", daemon=True)
            _thread.start()


def _run() -> None:
    while True:
        time.sleep(TICK_SECONDS)
        with _lock:
            for engine in list(_engines):
                engine.increment_epoch()


def _after_fork() -> None:
    """Start the thread again in a child, which inherits the engines and not the thread."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    if _engines:
        tick(next(iter(_engines)))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
