"""What it costs to cross between a guest and its host: by bytes, copied into a memory and out of it, and by calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from labkit.bench.comparison import Comparison
from labkit.bench.contenders import PYTHON_VERSION, status_of, version
from labkit.bench.interleave import Progress, compare
from labkit.display import format_bytes
from labkit.errors import ArgumentError
from labkit.runtimes.interface import Runtime
from labkit.runtimes.registry import runtime, runtimes

__all__ = ["CALLS", "LARGEST_BYTES", "compare_copies", "compare_crossings", "copies_title"]

#: Most that is copied at once.
LARGEST_BYTES = 2**24
_PAGE_BYTES = 65536
_MEMORY = f'(module (memory (export "memory") {LARGEST_BYTES // _PAGE_BYTES}))'
#: The same function called so many times by a guest for each entry into it, through a table or out to its host.
CALLS = 1_000
_LOOP = """
(module
  (import "host" "same" (func $host (param i32) (result i32)))
  (func $same (param i32) (result i32) (local.get 0))
  (table funcref (elem $same))
  (func (export "within") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call_indirect (param i32) (result i32) (local.get $count) (i32.const 0))))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func (export "outside") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $host (local.get $count))))
      (br_if $again (local.get $count)))
    (local.get $sum)))
"""


def copies_title(size_bytes: int) -> str:
    """What is compared in `compare_copies`.

    Examples
    --------
    >>> copies_title(4096)
    'Copying 4.1 kB across the boundary'
    """
    return f"Copying {format_bytes(size_bytes)} across the boundary"


def _engines() -> list[Runtime]:
    """One runtime of each engine that is here: crossing does not depend on the compiler."""
    found: dict[str, Runtime] = {}
    for row in runtimes():
        if row.available and row.in_process:
            found.setdefault(row.name.partition("-")[0], runtime(row.name, interruptible=False))
    return list(found.values())


def compare_copies(size_bytes: int, *, seconds: float = 2.0, progress: Progress | None = None) -> Comparison:
    """Compare copying bytes into a guest's memory and out of it to copying them within Python.

    Parameters
    ----------
    size_bytes : int
        At most 16 MiB.
    seconds : float, optional
    progress : callable, optional

    Returns
    -------
    Comparison
        Of each engine, in and out; the first contender crosses no boundary.

    Raises
    ------
    ArgumentError
        If the size is none, or too large.

    Examples
    --------
    >>> compare_copies(16, seconds=0.1).timings[0].name
    'within Python'
    """
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or not 0 < size_bytes <= LARGEST_BYTES:
        raise ArgumentError(f"{size_bytes!r} bytes cannot be copied at once.", remedy=f"Choose from 1 to {LARGEST_BYTES}.")
    data, target = bytes(size_bytes), bytearray(LARGEST_BYTES)
    contenders: dict[str, Callable[[], object]] = {"within Python": partial(target.__setitem__, slice(0, size_bytes), data)}
    versions = {"within Python": PYTHON_VERSION}
    for engine in _engines():
        memory, into, out_of = engine.compile(_MEMORY).instantiate().memory(), f"into {engine.name}", f"out of {engine.name}"
        contenders[into], contenders[out_of] = partial(memory.write, 0, data), partial(memory.read, 0, size_bytes)
        versions |= dict.fromkeys((into, out_of), version(status_of(engine.name)))
    return compare(contenders, seconds=seconds, versions=versions, progress=progress)


def _same(value: int) -> int:
    return value


def _calls_in_python(count: int) -> int:
    total = 0
    for i in range(count):
        total += _same(i)
    return total


def compare_crossings(*, seconds: float = 2.0, progress: Progress | None = None) -> Comparison:
    """Compare a guest's call of its host, a Python function, to its call of a function of its own, and to Python's call of that function.

    Parameters
    ----------
    seconds : float, optional
    progress : callable, optional

    Returns
    -------
    Comparison
        Times are for one call.

    Examples
    --------
    >>> compare_crossings(seconds=0.1).timings[0].name
    'within a guest'
    """
    modules = {engine.name: engine.compile(_LOOP).instantiate({"host": {"same": _same}}) for engine in _engines()}
    first = next(iter(modules))
    versions = {"within a guest": version(status_of(first)), "within Python": PYTHON_VERSION}
    versions |= {f"from {name} to Python": version(status_of(name)) for name in modules}
    contenders: dict[str, Callable[[], object]] = {"within a guest": partial(modules[first].func("within"), CALLS)}
    contenders["within Python"] = partial(_calls_in_python, CALLS)
    contenders.update({f"from {name} to Python": partial(instance.func("outside"), CALLS) for name, instance in modules.items()})
    assert {call() for call in contenders.values()} == {sum(range(CALLS))}
    return compare(contenders, seconds=seconds, operations=CALLS, versions=versions, progress=progress)
