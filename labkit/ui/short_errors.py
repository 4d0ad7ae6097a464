"""Shows labkit's own errors in a notebook as what went wrong and what to do, instead of thirty lines of traceback."""

from __future__ import annotations

import linecache
import sys
import traceback
from types import TracebackType
from typing import Any

from labkit.errors import LabkitError

__all__ = ["register"]

# Bold, not red: a notebook draws errors on red already, and red on dark red is hard to read.
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def register(shell: Any) -> None:
    """Make a shell show every `LabkitError` that ends a cell in short; ``%tb`` then shows the whole traceback."""
    shell.set_custom_exc((LabkitError,), _show)


def _show(shell: Any, kind: type[LabkitError], error: LabkitError, trace: TracebackType | None, tb_offset: int | None = None) -> list[str]:
    # What `%tb` and `%debug` start from; IPython sets it only when it shows the traceback itself.
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    lines = [f"{_BOLD}{kind.__name__}{_PLAIN}: {error.message.rstrip()}", error.remedy, *_cell_line(shell, trace), "(%tb shows the whole traceback.)"]
    shell._showtraceback(kind, error, lines)
    return lines


def _cell_line(shell: Any, trace: TracebackType | None) -> list[str]:
    """The line of the cell that the error came through; none for a magic, which is the cell."""
    for frame, number in traceback.walk_tb(trace):
        if frame.f_globals is shell.user_global_ns:
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            return [f"In line {number} of the cell: {line[:120]}"] if line and "run_cell_magic(" not in line else []
    return []
