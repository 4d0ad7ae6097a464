"""What WebAssembly cannot do, or not everywhere: threads on one memory, and more than 4 GiB; each tried on every runtime, none looked up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import wasmtime

from labkit.bench.measured import Measured
from labkit.display import format_bytes, html_table, text_table
from labkit.errors import LabkitError
from labkit.runtimes import _wasmtime_ffi as private
from labkit.runtimes.interface import Runtime
from labkit.runtimes.registry import runtime, runtimes

__all__ = ["Trial", "Trials", "count_in_threads", "try_misfits"]

_ATOMIC = """
(module (memory 1 1 shared)
  (func (export "twice") (result i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 21)))
    (i32.add (i32.atomic.rmw.add (i32.const 0) (i32.const 21)) (i32.const 21))))
"""
_COUNT = """
(module
  (import "host" "memory" (memory 1 1 shared))
  (func (export "count") (param $turns i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (local.get $turns)))))
"""
_GROW = """
(module (memory {index} 0)
  (func (export "grow") (param {index}) (result {index}) (memory.grow (local.get 0)))
  (func (export "size") (result {index}) memory.size)
  (func (export "touch") (param {index}) (result i32)
    (i32.store8 (local.get 0) (i32.const 42)) (i32.load8_u (local.get 0))))
"""
_PAGE_BYTES = 65536
_FOUR_GIB_PAGES = 65536
_LONGEST_WORDS = 110
_TURNS = 100_000


@dataclass(frozen=True)
class Trial:
    """One thing tried on one runtime.

    Attributes
    ----------
    what, runtime : str
    works : bool
    found : str
        What happened, or the runtime's own words.
    """

    what: str
    runtime: str
    works: bool
    found: str


@dataclass(frozen=True)
class Trials:
    """What was tried, on every runtime.

    Attributes
    ----------
    trials : tuple of Trial
    """

    trials: tuple[Trial, ...]

    _HEADER = ("tried", "on", "works", "what happened")

    def of(self, what: str) -> dict[str, bool]:
        """Whether one thing works, by runtime."""
        return {trial.runtime: trial.works for trial in self.trials if trial.what == what}

    def _rows(self) -> Sequence[Sequence[str]]:
        return [(trial.what, trial.runtime, "yes" if trial.works else "no", trial.found) for trial in self.trials]

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows())

    def summary(self) -> list[Trial]:
        """The same for JSON."""
        return list(self.trials)

    def measured(self) -> Iterable[Measured]:
        """Whether each works, as 1 or 0, for the store."""
        return [Measured(f"{trial.what} on {trial.runtime}", (float(trial.works),), unit="1") for trial in self.trials]


def try_misfits() -> Trials:
    """Try threads, a memory of 4 GiB and one of more on every runtime that is here.

    Returns
    -------
    Trials

    Examples
    --------
    >>> try_misfits().of(ONE_PAGE_MORE)["wasmtime"]
    False
    """
    engines = [runtime(row.name, interruptible=False) for row in runtimes() if row.available and row.in_process]
    trials = [_try(what, engine, attempt) for what, attempt in _ATTEMPTS.items() for engine in engines]
    return Trials((_switched_on(), *trials))


def _switched_on() -> Trial:
    """Shared memories are off in Wasmtime unless its host asks for them, as labkit does not."""
    whole, turns = count_in_threads(2, _TURNS), 2 * _TURNS
    words = f"two threads of the host counted to {whole:,} of {turns:,} in one memory"
    return Trial(THREADS, "wasmtime, shared memories switched on", whole == turns, words)


def _try(what: str, engine: Runtime, attempt: Callable[[Runtime], tuple[bool, str]]) -> Trial:
    try:
        works, found = attempt(engine)
    except LabkitError as error:
        works, found = False, " ".join(error.message.split())
    return Trial(what, engine.name, works, found if len(found) <= _LONGEST_WORDS else f"{found[: _LONGEST_WORDS - 1]}…")


def _threads(engine: Runtime) -> tuple[bool, str]:
    value = engine.compile(_ATOMIC).instantiate().func("twice")()
    return value == 42, f"two atomic additions in a shared memory gave {value}"


def _four_gib(engine: Runtime) -> tuple[bool, str]:
    with engine.compile(_GROW.format(index="i32")).instantiate() as instance:
        pages = _grow_as_far_as_it_goes(instance.func("grow"), instance.func("size"))
        last = instance.func("touch")(_signed(pages * _PAGE_BYTES - 1)) if pages else 0
    return pages == _FOUR_GIB_PAGES and last == 42, f"grew to {pages:,} pages ({format_bytes(pages * _PAGE_BYTES)}), the last byte could be used"


def _one_page_more(engine: Runtime) -> tuple[bool, str]:
    with engine.compile(_GROW.format(index="i32")).instantiate() as instance:
        pages = _grow_as_far_as_it_goes(instance.func("grow"), instance.func("size"))
        answer = instance.func("grow")(1)
    return answer != -1, f"memory.grow gave {answer} at {pages:,} pages"


def _more_than_four_gib(engine: Runtime) -> tuple[bool, str]:
    with engine.compile(_GROW.format(index="i64")).instantiate() as instance:
        old = instance.func("grow")(_FOUR_GIB_PAGES + 1)
        if old == -1:
            return False, "this machine does not give so much"
        byte = instance.func("touch")(_FOUR_GIB_PAGES * _PAGE_BYTES)
    return byte == 42, "a byte beyond 4 GiB could be used, by a 64-bit address"


def _grow_as_far_as_it_goes(grow: Callable[[int], int], size: Callable[[], int]) -> int:
    """Ask for less and less; nothing is written, so it takes address space and no memory."""
    step = _FOUR_GIB_PAGES
    while step:
        if size() + step > _FOUR_GIB_PAGES or grow(step) == -1:
            step //= 2
    return size()


def _signed(address: int) -> int:
    return address - 2**32 if address >= 2**31 else address


THREADS, FOUR_GIB, ONE_PAGE_MORE, MORE = "threads on one memory", "a memory of 4 GiB", "one page more than that", "a memory of more than 4 GiB"
_ATTEMPTS: dict[str, Callable[[Runtime], tuple[bool, str]]] = {
    THREADS: _threads,
    FOUR_GIB: _four_gib,
    ONE_PAGE_MORE: _one_page_more,
    MORE: _more_than_four_gib,
}


def count_in_threads(threads: int, turns: int) -> int:
    """Let threads of the host, each with an instance of its own, count in one shared memory on Wasmtime.

    The threads are the host's: a module has atomic instructions, and none that starts a thread.

    Parameters
    ----------
    threads, turns : int

    Returns
    -------
    int
        Where the count ended.

    Examples
    --------
    >>> count_in_threads(2, 1_000)
    2000
    """
    config = wasmtime.Config()
    config.shared_memory = True
    engine = wasmtime.Engine(config)
    module = wasmtime.Module(engine, _COUNT)
    memory = private.SharedMemory(engine, wasmtime.MemoryType(wasmtime.Limits(1, 1), shared=True))

    def count() -> None:
        store = wasmtime.Store(engine)
        function: Any = wasmtime.Instance(store, module, [memory]).exports(store)["count"]
        function(store, turns)

    workers = [threading.Thread(target=count) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return int.from_bytes(bytes(memory.data_ptr()[:4]), "little")
