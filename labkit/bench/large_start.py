"""The start of a large runtime: a language's interpreter as a module against one that is native; each prints one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial

from labkit.bench.comparison import Comparison
from labkit.bench.contenders import PYTHON_VERSION, status_of, version
from labkit.bench.interleave import Progress, compare
from labkit.data_files import data_folder
from labkit.errors import BenchError
from labkit.sandbox.run import run
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.build import build
from labkit.toolchains.language import Found
from labkit.toolchains.node import find_node
from labkit.toolchains.registry import language_named

__all__ = ["compare_large_starts"]

_ON = "wasmtime"
_PYTHON, _NODE, _C, _QUICKJS, _CPYTHON = (
    "Python, native",
    "Node.js, native",
    f"C, on {_ON}",
    f"QuickJS, on {_ON}",
    f"CPython, a component on {_ON}",
)


def compare_large_starts(*, seconds: float = 4.0, components: bool = False, progress: Progress | None = None) -> Comparison:
    """Compare from nothing to a printed line: native interpreters in a new process, guests in a warm worker of labkit's, compiled before.

    Parameters
    ----------
    seconds : float, optional
    components : bool, optional
        Whether to have CPython as a component too, where componentize-py is here; building and compiling it takes up to a minute.
    progress : callable, optional

    Returns
    -------
    Comparison

    Examples
    --------
    >>> "Python, native" in [timing.name for timing in compare_large_starts(seconds=0.5).timings]
    True
    """
    contenders: dict[str, Callable[[], bytes]] = {_PYTHON: partial(_process, (sys.executable, "-S", "-E", "-c", "print('hello')"))}
    versions = {_PYTHON: PYTHON_VERSION}
    node = find_node()
    if isinstance(node, Found):
        versions[_NODE] = str(node)
        contenders[_NODE] = partial(_process, (*node.command, "-e", "console.log('hello')"))
    sources = {_C: "hello.c", _QUICKJS: "hello.js"}
    if components and isinstance(language_named("python").find("wasip2"), Found):
        sources[_CPYTHON] = "hello.py"
    for name, source in sources.items():
        program = build(data_folder() / "sources" / source)
        contenders[name], versions[name] = partial(_guest, program), f"{version(status_of(_ON))}, {program.toolchain}"
    for name, contender in contenders.items():
        if b"hello" not in (printed := contender()) and b"argument" not in printed:
            raise BenchError(f"{name} printed {printed[:80]!r}, so its time means nothing.", remedy="Run it by itself first.")
    return compare(contenders, seconds=seconds, versions=versions, progress=progress)


def _process(command: Sequence[str]) -> bytes:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout


def _guest(program: Artifact) -> bytes:
    return run(program.path, args=[*program.arguments, "hello"]).stdout
