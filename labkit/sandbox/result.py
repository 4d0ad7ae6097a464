"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from html import escape

from labkit.display import escape_controls, format_bytes, format_seconds, html_table, text_table
from labkit.errors import TrapKind

__all__ = ["Outcome", "Result"]

#: Bytes of each stream that a result shows of itself; the rest is counted.
_SHOWN_BYTES = 4000


class Outcome(Enum):
    """How a run ended."""

    RETURNED = "returned"
    EXITED = "exited"
    TRAPPED = "trapped"
    TIME_LIMIT = "stopped at its time limit"
    MEMORY_LIMIT = "stopped at its memory limit"
    OUTPUT_LIMIT = "stopped at its output limit"
    FUEL_LIMIT = "stopped at its fuel limit"
    CANCELLED = "cancelled"
    CRASHED = "ended the process it ran in"


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes
    ----------
    runtime : str
    outcome : Outcome
        A function that was asked for has returned; a program has exited.
    values : tuple of int and float
        What the function returned.
    trap : TrapKind or None
        Why it trapped.
    message : str
        More about an end other than returning or exiting, with what to do about it.
    wall_seconds : float
        The call alone, without starting and compiling; NaN where it did not end by itself. The command ``wasmedge`` does not tell its
        guest's time from its own: there it is the whole command's.
    exit_code : int or None
        What the program exited with: 0 where it simply ended.
    stdout, stderr : bytes
        What it wrote, as far as its output limit let it.
    peak_memory_bytes : int or None
        The most physical memory that the run added to its worker process: the guest's memory and what the runtime needed for
        it, to the nearest pages the system counts; None where the system does not say.
    """

    runtime: str
    outcome: Outcome
    values: tuple[int | float, ...] = ()
    trap: TrapKind | None = None
    message: str = ""
    wall_seconds: float = float("nan")
    exit_code: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    peak_memory_bytes: int | None = None

    _HEADER = ("runtime", "outcome", "result", "call took", "peak memory")

    def _row(self) -> list[str]:
        """Runtime, outcome, what it gave and how long the call took."""
        if self.outcome is Outcome.RETURNED:
            what = ", ".join(map(repr, self.values))
        elif self.outcome is Outcome.EXITED:
            what = f"exit code {self.exit_code}"
        else:
            what = self.message.partition("\n")[0]
        took = format_seconds(self.wall_seconds) if self.wall_seconds == self.wall_seconds else "–"
        return [self.runtime, self.outcome.value, what, took]

    def _whole_row(self) -> list[str]:
        return [*self._row(), "–" if self.peak_memory_bytes is None else format_bytes(self.peak_memory_bytes)]

    def _streams(self) -> list[tuple[str, str]]:
        streams = (("stdout", self.stdout), ("stderr", self.stderr))
        return [(name, _readable(data)) for name, data in streams if data]

    def _more(self) -> str:
        """The message's lines after the first, such as a backtrace; the table has room for one."""
        return self.message.partition("\n")[2]

    def __str__(self) -> str:
        parts = [text_table(self._HEADER, [self._whole_row()]), self._more(), *(f"{name}:\n{text}" for name, text in self._streams())]
        return "\n\n".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        streams = "".join(f"<p>{name}:</p><pre>{escape(text)}</pre>" for name, text in self._streams())
        more = f"<pre>{escape(self._more())}</pre>" if self._more() else ""
        return html_table(self._HEADER, [self._whole_row()]) + more + streams


def _readable(data: bytes) -> str:
    text = escape_controls(data[:_SHOWN_BYTES].decode("utf-8", "replace").replace("\r\n", "\n"))
    return text if len(data) <= _SHOWN_BYTES else f"{text}… and {format_bytes(len(data) - _SHOWN_BYTES)} more"
