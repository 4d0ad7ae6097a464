"""How much of its stack this process has used: what tells an exhausted stack from a stray address.

Wasmer tells the two apart by where the thread's stack ends, which the C library reads from a file; a confined worker can open none.
"""

from __future__ import annotations

import os
import re
import resource

__all__ = ["StackGauge"]

# The last pages are for the signal handler that reports the trap.
_RESERVE_BYTES = 256 * 1024


class StackGauge:
    """Opened before the process is confined, read after a trap.

    Examples
    --------
    >>> StackGauge().is_exhausted() in (False, True)
    True
    """

    def __init__(self) -> None:
        try:
            self._status: int | None = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # not on this system
            self._status = None

    def is_exhausted(self) -> bool:
        """Whether the main thread's stack has grown as far as it may."""
        largest_bytes, _ = resource.getrlimit(resource.RLIMIT_STACK)
        if self._status is None or largest_bytes == resource.RLIM_INFINITY:
            return False
        found = re.search(rb"^VmStk:\s+(\d+) kB", os.pread(self._status, 65536, 0), re.MULTILINE)
        return found is not None and int(found[1]) * 1024 > largest_bytes - _RESERVE_BYTES
