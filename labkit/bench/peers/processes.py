"""Looks at the processes of a run: which there are, what memory they hold, and those that were left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.errors import Unsupported

__all__ = ["adopting_orphans", "descendants", "end_strays", "loaded_code", "need_pss", "own_pss_bytes", "pss_bytes"]

_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
#: Address, permissions, and what a mapping is of, where it is of something.
_MAPPING = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+ *(.*)$", re.MULTILINE)
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 36, 37
_LOOK_SECONDS = 0.002


def _children() -> dict[int, list[int]]:
    """The children of each process, by the system's table; empty where there is none to read."""
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The command's name, in parentheses, may hold anything; state and parent follow the last one.
            children[int(entry.read_bytes().rpartition(b")")[2].split()[1])].append(int(entry.parent.name))
    return children


def descendants(pid: int) -> frozenset[int]:
    """Every process that a process has started, and that those have, as far as they are there now.

    Examples
    --------
    >>> import subprocess, sys
    >>> with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
    ...     child.pid in descendants(os.getpid())
    True
    """
    children, found, open_ends = _children(), set(), [pid]
    while open_ends:
        for child in children.get(open_ends.pop(), ()):
            if child not in found:
                found.add(child)
                open_ends.append(child)
    return frozenset(found)


def pss_bytes(pids: Iterable[int]) -> int | None:
    """Add up the proportional set sizes: a page that several processes share counts for each by its share.

    Returns
    -------
    int or None
        None where the system does not tell, or not for every process that is still there.

    Examples
    --------
    >>> sys.platform != "linux" or pss_bytes([os.getpid()]) > 1_000_000
    True
    """
    total = 0
    for pid in pids:
        try:
            found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
        except ProcessLookupError:
            continue
        except OSError:
            if Path(f"/proc/{pid}").exists():
                return None
            continue
        total += int(found[1]) * 1024 if found else 0
    return total


def loaded_code() -> frozenset[bytes]:
    """Name the files that this process runs code from: its program and its libraries.

    Examples
    --------
    >>> sys.platform != "linux" or any(b"libc" in path for path in loaded_code())
    True
    """
    mappings = _MAPPING.findall(Path("/proc/self/maps").read_bytes()) if sys.platform == "linux" else ()
    return frozenset(path for permissions, path in mappings if path.startswith(b"/") and b"x" in permissions)


def own_pss_bytes(*, without: frozenset[bytes]) -> int | None:
    """Measure this process as `pss_bytes` does, without the given files.

    What a process adds to itself must be measured without the libraries it has loaded: its share of those falls by megabytes when another
    process loads the same, and rises when one ends.

    Parameters
    ----------
    without : frozenset of bytes
        Paths, as `loaded_code` gives them.

    Returns
    -------
    int or None
        None where the system does not tell.

    Examples
    --------
    >>> sys.platform != "linux" or own_pss_bytes(without=loaded_code()) < own_pss_bytes(without=frozenset())
    True
    """
    total_kib, counts = 0, True
    try:
        # Line by line: the whole text, of megabytes where there are thousands of mappings, would be measured with the rest.
        with open("/proc/self/smaps", "rb") as lines:
            for line in lines:
                if mapping := _MAPPING.match(line):
                    counts = mapping[2] not in without
                elif counts and (found := _PSS.match(line)):
                    total_kib += int(found[1])
    except OSError:
        return None
    return total_kib * 1024


def need_pss() -> None:
    """Refuse where the system does not tell how much memory a process takes.

    Raises
    ------
    Unsupported
        If this is not Linux.
    """
    if not sys.platform.startswith("linux"):
        raise Unsupported("Only Linux tells the proportional set size of a process (/proc/PID/smaps_rollup).", remedy="Measure this on Linux.")


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Become the parent of what a child's process leaves behind, so that nothing is lost sight of; Linux alone can."""
    if sys.platform != "linux":
        yield
        return
    library = ctypes.CDLL(None)
    before = ctypes.c_int()
    library.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        library.prctl(_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)


def end_strays(known: frozenset[int], *, patience_seconds: float) -> None:
    """Wait for what a run has left behind, and kill what does not end by itself.

    Parameters
    ----------
    known : frozenset of int
        Descendants of this process that were there before the run.
    patience_seconds : float
        How long they may go on.
    """
    deadline = time.monotonic() + patience_seconds
    while strays := descendants(os.getpid()) - known:
        late = time.monotonic() > deadline
        for pid in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if late:
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if late and time.monotonic() > deadline + patience_seconds:
            return
        time.sleep(_LOOK_SECONDS)
