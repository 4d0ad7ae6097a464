"""What the stepper saw, one step after the other, and how that reads as text and in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from labkit.display import text_table
from labkit.errors import TrapKind
from labkit.modules.instructions import Instruction
from labkit.modules.stack_values import Number, Value

__all__ = ["GlobalWrite", "Listing", "MemoryWrite", "State", "Step", "Trace"]

# Longer tables show their beginning and their end.
_FIRST_ROWS, _LAST_ROWS = 50, 10
_WRITTEN_BYTES_SHOWN = 16


@dataclass(frozen=True)
class GlobalWrite:
    """A global that an instruction set; `name` is empty where the module gives none."""

    index: int
    name: str
    value: Value

    def __str__(self) -> str:
        return f"global {f'${self.name}' if self.name else self.index} = {self.value}"


@dataclass(frozen=True)
class MemoryWrite:
    """Bytes of a memory that an instruction set.

    Attributes
    ----------
    memory : int
        Index of the memory.
    address : int
        Of the first byte.
    before, after : bytes
        The bytes until then and from then on; of a long write, the first 64.
    size_bytes : int
        How many were written.
    """

    memory: int
    address: int
    before: bytes
    after: bytes
    size_bytes: int

    def __str__(self) -> str:
        shown = self.after[:_WRITTEN_BYTES_SHOWN]
        more = " …" if self.size_bytes > len(shown) else ""
        return f"memory{f' {self.memory} ' if self.memory else ''}[{self.address}] = {shown.hex(' ')}{more}"


@dataclass(frozen=True)
class State:
    """Where execution stands, between two instructions.

    Attributes
    ----------
    function : int
        Index of the function that runs.
    position : int
        Number of its next instruction; after the last one, how many it has.
    depth : int
        How many calls deep: 1 in the function that was stepped, 0 when it is done.
    stack : tuple of Value
        The running function's values, the top last; when all is done, the results.
    locals : tuple of Value
        Its parameters and locals.
    """

    function: int
    position: int
    depth: int
    stack: tuple[Value, ...]
    locals: tuple[Value, ...]


@dataclass(frozen=True)
class Step:
    """One instruction and what it changed. Where it traps, `after` is `before`."""

    instruction: Instruction
    before: State
    after: State
    globals_written: tuple[GlobalWrite, ...] = ()
    memory_written: tuple[MemoryWrite, ...] = ()

    @property
    def new_values(self) -> int:
        """How many values of the stack afterwards were not there before."""
        if (self.before.depth, self.before.function) != (self.after.depth, self.after.function):
            return min(len(self.after.stack), 1) if self.after.depth < self.before.depth else 0
        same = 0
        for old, new in zip(self.before.stack, self.after.stack):
            if old is not new:
                break
            same += 1
        return len(self.after.stack) - same

    @property
    def new_locals(self) -> tuple[int, ...]:
        """Which locals the instruction set."""
        if self.before.depth != self.after.depth or len(self.before.locals) != len(self.after.locals):
            return ()
        return tuple(index for index, (old, new) in enumerate(zip(self.before.locals, self.after.locals)) if old is not new)


@dataclass(frozen=True)
class Listing:
    """A function as a reader sees it.

    Attributes
    ----------
    name : str
        Its name, or its number.
    lines : tuple of str
        Its instructions as text, blocks indented.
    locals : tuple of str
        What its parameters and locals are called, or their numbers.
    """

    name: str
    lines: tuple[str, ...]
    locals: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """Every step of one call.

    Attributes
    ----------
    function : int
        Index of the function that was called.
    arguments : tuple of Value
        What it was called with.
    start : State
        Before the first instruction.
    steps : tuple of Step
    trap : TrapKind or None
        Why the last step trapped, where it did.
    finished : bool
        False where the limit on steps ended it.
    listings : mapping of int to Listing
        The functions that ran.
    """

    function: int
    arguments: tuple[Value, ...]
    start: State
    steps: tuple[Step, ...]
    trap: TrapKind | None
    finished: bool
    listings: Mapping[int, Listing]

    @property
    def results(self) -> tuple[Number, ...]:
        """What the function returned; empty where it trapped or was stopped."""
        if self.trap is not None or not self.finished:
            return ()
        return tuple(value.number for value in self.states[-1].stack)

    @property
    def states(self) -> tuple[State, ...]:
        """Where execution stood before the first step and after each."""
        return (self.start, *(step.after for step in self.steps))

    @property
    def headline(self) -> str:
        """The call and its outcome in one line."""
        count = f"{len(self.steps)} step{'s' if len(self.steps) != 1 else ''}"
        if self.trap is not None:
            outcome = f"traps: {self.trap.value}"
        elif not self.finished:
            outcome = "is not finished: raise `limit` to see more"
        else:
            outcome = f"returns {', '.join(map(str, self.states[-1].stack)) or 'nothing'}"
        return f"{self.listings[self.function].name}({', '.join(map(str, self.arguments))}) {outcome} ({count})"

    def __str__(self) -> str:
        header, rows = self._rows()
        return f"{self.headline}\n{text_table(header, rows, right=[0])}"

    __repr__ = __str__

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """The table's cells as text; its last column is there only where something was written."""
        writes = any(step.globals_written or step.memory_written for step in self.steps)
        header = ["step", "instruction", "stack", "locals"] + ["written"] * writes
        rows = [
            [
                str(number),
                self.instruction_text(step),
                f"[{' '.join(map(str, step.after.stack))}]",
                " ".join(self.locals_text(step.after)),
                *[", ".join(map(str, step.globals_written + step.memory_written))] * writes,
            ]
            for number, step in self._shown_steps()
        ]
        hidden = len(self.steps) - len(rows)
        if hidden:
            rows.insert(_FIRST_ROWS, ["…", f"{hidden} more steps", "", "", *[""] * writes])
        return header, rows

    def _shown_steps(self) -> list[tuple[int, Step]]:
        numbered = list(enumerate(self.steps, start=1))
        return numbered if len(numbered) <= _FIRST_ROWS + _LAST_ROWS + 1 else numbered[:_FIRST_ROWS] + numbered[-_LAST_ROWS:]

    def instruction_text(self, step: Step) -> str:
        """The instruction with its names, indented by the depth of calls."""
        line = self.listings[step.before.function].lines[step.before.position]
        return "  " * min(step.before.depth - 1, 20) + line.strip()

    def locals_text(self, state: State) -> list[str]:
        """The locals as ``name=value``."""
        return [f"{name}={value}" for name, value in zip(self.listings[state.function].locals, state.locals)]

    def _repr_html_(self) -> str:
        _, rows = self._rows()
        numbers = [number for number, _ in self._shown_steps()]
        header = "".join(f'<th scope="col" style="text-align:left">{title}</th>' for title in ("step", "instruction", "stack", "locals", "written"))
        body = "".join(self._html_row(number) for number in numbers[:_FIRST_ROWS])
        if len(rows) > len(numbers):
            body += f'<tr><td>…</td><td colspan="4">{escape(rows[_FIRST_ROWS][1])}</td></tr>'
        body += "".join(self._html_row(number) for number in numbers[_FIRST_ROWS:])
        return (
            f'<table><caption style="text-align:left;color:inherit">{escape(self.headline)}</caption>'
            f"<thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _html_row(self, number: int) -> str:
        """One step; what it changed is marked, and not by colour alone."""
        step = self.steps[number - 1]
        stack = step.after.stack
        values = " ".join(mark(str(value), index >= len(stack) - step.new_values) for index, value in enumerate(stack))
        named = " ".join(mark(text, index in step.new_locals) for index, text in enumerate(self.locals_text(step.after)))
        writes = "<br>".join(escape(str(write)) for write in step.globals_written + step.memory_written)
        indent = f"padding-left:{0.5 + min(step.before.depth - 1, 20)}em"
        cells = (
            f'<th scope="row" style="text-align:right">{number}</th>',
            f'<td style="text-align:left;white-space:pre;{indent}"><code>{escape(self.instruction_text(step).strip())}</code></td>',
            f'<td style="text-align:left">[{values}]</td>',
            f'<td style="text-align:left">{named}</td>',
            f'<td style="text-align:left">{writes}</td>',
        )
        return f"<tr>{''.join(cells)}</tr>"


def mark(text: str, is_new: bool) -> str:
    """Escape a text, and mark it where it is new: bold and underlined, in the theme's own colours.

    Examples
    --------
    >>> mark("a<b", False)
    'a&lt;b'
    """
    if not is_new:
        return escape(text)
    style = "background:none;color:inherit;font-weight:bold;border-bottom:2px solid var(--jp-brand-color1,#1976d2)"
    return f'<mark style="{style}">{escape(text)}</mark>'
