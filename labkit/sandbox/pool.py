"""Workers, forked ahead: one run each, and a spare ready for the next."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from queue import SimpleQueue

from labkit.errors import LabkitError
from labkit.sandbox.forking import ZygoteProcess
from labkit.sandbox.workers import Kind, Worker

__all__ = ["SPARES", "WorkerPool", "the_pool"]

#: Workers kept ready of each kind that was used.
SPARES = 2
#: Seconds for which a chore lets the thread that asked for it go on first.
_YIELD_SECONDS = 0.002


class WorkerPool:
    """The workers of this process.

    Attributes
    ----------
    zygote : ZygoteProcess
        What they are forked from.
    """

    def __init__(self) -> None:
        self.zygote = ZygoteProcess()
        self._lock = threading.Lock()
        self._spares: dict[Kind, deque[Worker]] = defaultdict(deque)
        self._chores: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._keeper: threading.Thread | None = None

    def take(self, kind: Kind, key: str | None = None) -> Worker:
        """Take a worker.

        If it was the last spare, another is made; the rest wait until `warm` is called after the run, which they would slow down.

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
                chosen = Worker.start(self.zygote, kind)
            else:
                spares.remove(chosen)
            if not spares:
                spares.append(Worker.start(self.zygote, kind))
            return chosen

    def warm(self, kind: Kind, key: str | None = None, artifact: int | None = None, memory_bytes: int = 0, *, component: bool = False) -> None:
        """Have spares made, without waiting for them, that hold a module: the key it is asked for by, its artifact, the limit on its memories."""
        with self._lock:
            spares = self._spares[kind]
            while len(spares) < SPARES:
                spares.append(Worker.start(self.zygote, kind))
                if key is not None and artifact is not None:
                    spares[-1].hold(key, artifact, memory_bytes, component=component)

    def drop(self, kind: Kind) -> None:
        """End the spares of a kind."""
        with self._lock:
            spares = self._spares.pop(kind, ())
        for spare in spares:
            spare.close()

    def wait(self, kind: Kind) -> None:
        """Wait until all spares of a kind are ready."""
        for spare in list(self._spares[kind]):
            spare.wait()

    def later(self, chore: Callable[[], object]) -> None:
        """Do something on a thread of the pool's own, in the order asked."""
        with self._lock:
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._do_chores, name="labkit-workers", daemon=True)
                self._keeper.start()
        self._chores.put(chore)

    def _do_chores(self) -> None:
        while True:
            # A zygote that does not start is reported by the run that needs it.
            with contextlib.suppress(LabkitError, OSError):
                chore = self._chores.get()
                # Whoever asked goes on first: two threads at once would wait for the interpreter's lock in turns.
                time.sleep(_YIELD_SECONDS)
                chore()

    def settle(self) -> None:
        """Wait until every chore is done."""
        done = threading.Event()
        self.later(done.set)
        done.wait()

    def close(self) -> None:
        """End all workers and what they are forked from."""
        with self._lock:
            self._forget_spares()
            self.zygote.stop()

    def forget(self) -> None:
        """In a forked child: let go of what belongs to the parent."""
        self._lock, self._chores, self._keeper = threading.Lock(), SimpleQueue(), None
        self._forget_spares()
        self.zygote.forget()

    def _forget_spares(self) -> None:
        for spares in self._spares.values():
            while spares:
                spares.pop().forget()


_pool = WorkerPool()


def the_pool() -> WorkerPool:
    """The pool of this process."""
    return _pool


atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
