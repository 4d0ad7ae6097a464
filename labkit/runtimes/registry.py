"""Which runtimes there are, which work on this machine, and what to do about those that do not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError, RuntimeUnavailable, Unsupported
from labkit.runtimes.interface import Runtime

__all__ = ["RUNTIME_NAMES", "RuntimeStatus", "RuntimeTable", "runtime", "runtimes"]


@dataclass(frozen=True)
class RuntimeStatus:
    """One row of the registry.

    Attributes
    ----------
    name : str
    version : str
    release_year : int or None
    available : bool
    reason : str
        Why it is not available; empty where it is.
    remedy : str
        What to do about that.
    in_process : bool
        Whether it can have modules and instances in this process; one that is a command runs what `labkit.run` is given.
    """

    name: str
    version: str
    release_year: int | None
    available: bool
    reason: str = ""
    remedy: str = ""
    in_process: bool = True


class RuntimeTable(tuple[RuntimeStatus, ...]):
    """The rows of the registry, shown as a table; rows of runtimes that are not available are greyed."""

    _HEADER = ("runtime", "version", "released", "here", "what to do")

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        return [(row.name, row.version, str(row.release_year or "?"), "yes" if row.available else f"no: {row.reason}", row.remedy) for row in self]

    def __repr__(self) -> str:
        return text_table(self._HEADER, self._rows())

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows(), grey=[i for i, row in enumerate(self) if not row.available])


@dataclass(frozen=True)
class _Engine:
    """How to probe an engine and how to make it; neither imports it before it is asked for."""

    version: str
    release_year: int | None
    probe: Callable[[], str | None]
    make: Callable[[bool, int], Runtime]
    in_process: bool = True


def _wasmtime(*, winch: bool) -> _Engine:
    module = import_module("labkit.runtimes.wasmtime_runtime")
    native = import_module("labkit.runtimes._wasmtime_ffi")
    kind = module.WasmtimeRuntime
    reason = None
    if winch and not native.PRIVATE:
        installed = f"{kind.version} is installed" if kind.version != native.CHECKED_VERSION else "LABKIT_WASMTIME_STOCK=1 forbids it"
        reason = f"choosing Winch takes the private bindings of wasmtime {native.CHECKED_VERSION}, and {installed}"
    return _Engine(
        kind.version,
        kind.release_year,
        lambda: reason,
        lambda interruptible, pooled: kind(winch=winch, interruptible=interruptible, pooled_instances=pooled),
    )


def _wasmer(compiler: str) -> _Engine:
    module = import_module("labkit.runtimes.wasmer_runtime")
    return _Engine("1.1.0", 2022, lambda: module.probe(compiler), lambda *_: module.WasmerRuntime(compiler))


def _libwasmer(compiler: str) -> _Engine:
    module = import_module("labkit.runtimes.libwasmer_runtime")
    version, year = module.release()
    return _Engine(version, year, lambda: module.probe(compiler), lambda *_: module.LibwasmerRuntime(compiler))


def _command(name: str) -> _Engine:
    module = import_module("labkit.runtimes.command_runtime")
    found = module.find_command(name)
    if isinstance(found, str):
        return _Engine("?", None, lambda: found, lambda *_: module.CommandRuntime(name, found), in_process=False)
    return _Engine(found.version, found.release_year, lambda: None, lambda *_: module.CommandRuntime(name, found), in_process=False)


_ENGINES: dict[str, Callable[[], _Engine]] = {
    "wasmtime": lambda: _wasmtime(winch=False),
    "wasmtime-winch": lambda: _wasmtime(winch=True),
    "wasmer": lambda: _wasmer("cranelift"),
    "wasmer-singlepass": lambda: _wasmer("singlepass"),
    "wasmer-llvm": lambda: _wasmer("llvm"),
    "libwasmer": lambda: _libwasmer("cranelift"),
    "libwasmer-singlepass": lambda: _libwasmer("singlepass"),
    "wasmedge": lambda: _command("wasmedge"),
    "v8": lambda: _command("v8"),
}

#: Every runtime labkit knows, available or not.
RUNTIME_NAMES = tuple(_ENGINES)


def _remedy(name: str) -> str:
    if name.startswith("wasmtime"):
        return "Install the pinned version (`make lab` does), and leave LABKIT_WASMTIME_STOCK unset."
    if name == "wasmedge":
        return "Get it: python -m labkit install wasmedge; or put it on PATH, or name it in LABKIT_WASMEDGE."
    if name == "v8":
        return "Get Node.js: python -m labkit install node; or put it on PATH, or name it in LABKIT_NODE."
    if name.startswith("libwasmer"):
        return "Build it: python -m labkit install libwasmer; or name a library of Wasmer's in LABKIT_LIBWASMER."
    if sys.version_info >= (3, 11):
        return "Run the lab on Python 3.10 (`make lab PYTHON=python3.10`), or go on with wasmtime."
    if name == "wasmer-llvm":
        return "Run `python -m labkit.runtimes.repair_llvm`, which mends the wheel's library."
    return f"Install it: pip install wasmer==1.1.0 wasmer_compiler_{'singlepass' if name.endswith('singlepass') else 'cranelift'}==1.1.0."


@cache
def _status(name: str) -> RuntimeStatus:
    engine = _ENGINES[name]()
    reason = engine.probe()
    if reason is None:
        return RuntimeStatus(name, engine.version, engine.release_year, True, in_process=engine.in_process)
    return RuntimeStatus(name, engine.version, engine.release_year, False, reason, _remedy(name), engine.in_process)


def runtimes() -> RuntimeTable:
    """List every runtime, with the reason and the remedy for each that does not work here.

    Returns
    -------
    RuntimeTable
        A tuple of `RuntimeStatus` that shows itself as a table.

    Examples
    --------
    >>> [row.name for row in runtimes() if row.name.startswith("wasmtime") and row.available]
    ['wasmtime', 'wasmtime-winch']
    """
    return RuntimeTable(_status(name) for name in RUNTIME_NAMES)


def runtime(name: str, *, interruptible: bool = True, pooled_instances: int = 0) -> Runtime:
    """Get a runtime.

    Parameters
    ----------
    name : str
        One of `RUNTIME_NAMES`.
    interruptible : bool, optional
        On Wasmtime, let a keyboard interrupt and ``Limits(time=…)`` stop a guest; that slows guests somewhat, so
        benchmarks go without.
    pooled_instances : int, optional
        On Wasmtime, reserve room for so many instances at a time beforehand (its pooling allocator), so that a fresh one
        takes microseconds; 0 takes room for each as it is made.

    Returns
    -------
    Runtime

    Raises
    ------
    RuntimeUnavailable
        If there is no such runtime, or it does not work on this machine.
    Unsupported
        If a pool is asked of a runtime that has none.

    Examples
    --------
    >>> runtime("wasmtime").name
    'wasmtime'
    """
    if name not in RUNTIME_NAMES:
        raise RuntimeUnavailable(f"There is no runtime {name!r}.", remedy=f"Choose one of {', '.join(RUNTIME_NAMES)}.")
    if not isinstance(pooled_instances, int) or isinstance(pooled_instances, bool) or pooled_instances < 0:
        raise ArgumentError(f"pooled_instances={pooled_instances!r} is no number of instances.", remedy="Give a whole number, or 0 for no pool.")
    if pooled_instances and not name.startswith("wasmtime"):
        raise Unsupported(f"{name} has no pool of instances.", remedy='Leave pooled_instances out, or take "wasmtime".')
    return _make(name, interruptible, pooled_instances)


@cache
def _make(name: str, interruptible: bool, pooled_instances: int) -> Runtime:
    status, engine = _status(name), _ENGINES[name]()
    # A command that was there a while ago may be gone.
    reason = status.reason or (None if engine.in_process else engine.probe())
    if reason:
        raise RuntimeUnavailable(f"The runtime {name} does not work here: {reason}.", remedy=_remedy(name))
    return engine.make(interruptible, pooled_instances)
