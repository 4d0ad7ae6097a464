"""The `wasmer` package where Python can import it, and the reason where it cannot: the one place that imports it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, TypeVar

__all__ = ["VERSION", "is_panic", "probe", "universal_engine", "wasmer", "where_it_may_panic"]

wasmer: Any
try:
    wasmer = import_module("wasmer")
    VERSION = version("wasmer")
except (ImportError, PackageNotFoundError):  # not installed, or the stub that newer Pythons get
    wasmer, VERSION = None, "1.1.0"


def probe(compiler: str) -> str | None:
    """Find out whether Wasmer works here with one of its compilers.

    Importing the LLVM compiler can end the process, so it is tried in another one, once.

    Parameters
    ----------
    compiler : str
        ``"cranelift"``, ``"singlepass"`` or ``"llvm"``.

    Returns
    -------
    str or None
        Why it does not work; None where it does.

    Examples
    --------
    >>> reason = probe("cranelift")
    >>> reason is None or reason.startswith("the ")
    True
    """
    package = f"wasmer_compiler_{compiler}"
    if wasmer is None and sys.version_info >= (3, 11):
        return f"the wheels of wasmer 1.1.0 stop at CPython 3.10, and this is Python {sys.version_info[0]}.{sys.version_info[1]}"
    for name in (["wasmer"] if wasmer is None else []) + ([package] if find_spec(package) is None else []):
        return f"the package {name} is not installed"
    return _import_elsewhere(package) if compiler == "llvm" else None


@cache
def _import_elsewhere(package: str) -> str | None:
    try:
        done = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"importing {package} was tried in another process, which did not end well: {error}"
    if done.returncode == 0:
        return None
    words = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return f"importing {package} ends the process: {words}"


def universal_engine(compiler: str) -> Any:
    """Make an engine that compiles with one of the compilers, behind the binding's name for it: a store."""
    return wasmer.Store(wasmer.engine.Universal(import_module(f"wasmer_compiler_{compiler}").Compiler))


class _Panics(threading.local):
    """Whether this thread has panicked."""

    happened = False


_panics = _Panics()
_Result = TypeVar("_Result")


def is_panic(failure: BaseException) -> bool:
    """Tell whether the binding panicked, and remember that this thread did.

    Its exception is no `Exception`, and each of its libraries has one of its own.
    """
    panicked = type(failure).__name__ == "PanicException"
    _panics.happened = _panics.happened or panicked
    return panicked


def where_it_may_panic(work: Callable[[], _Result]) -> _Result:
    """Do work that may panic, in a thread of its own if this one has panicked before.

    A panic that crosses from one of the binding's libraries to another is never counted as over, and Rust ends the process
    when a thread panics in a panic. Nothing that the binding made may come back from the work: it bears no other thread.
    """
    if not _panics.happened:
        return work()
    with ThreadPoolExecutor(max_workers=1) as fresh:
        return fresh.submit(work).result()
