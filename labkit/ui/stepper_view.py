"""Draws one moment of a trace: the listing with the instruction that runs next, the stack, the locals, what was written."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from labkit.modules.stack_values import Value
from labkit.modules.trace import State, Step, Trace, mark

__all__ = ["describe_state", "state_html"]

# What fits on a screen: longer ones are shown around what matters.
_LISTING_LINES, _LINE_CHARACTERS = 24, 100
_STACK_VALUES, _LOCALS, _WRITES = 16, 24, 6


def _moment(trace: Trace, number: int) -> tuple[State, Step | None]:
    """The state after so many steps, and the step that led there."""
    step = trace.steps[number - 1] if number else None
    return (step.after if step else trace.start), step


def _has_trapped(trace: Trace, number: int) -> bool:
    return trace.trap is not None and number == len(trace.steps)


def describe_state(trace: Trace, number: int) -> str:
    """Say in one line where execution stands.

    Parameters
    ----------
    trace : Trace
    number : int
        How many steps have been made.

    Examples
    --------
    >>> from labkit.modules.stepper import step
    >>> describe_state(step('(module (func (export "one") (result i32) (i32.const 1)))', "one"), 1)
    'Step 1 of 2: i32.const 1. Stack, top first: 1. Next: end.'
    """
    state, step = _moment(trace, number)
    parts = [f"Step {number} of {len(trace.steps)}: {trace.instruction_text(step).strip() if step else 'nothing has run yet'}."]
    if _has_trapped(trace, number):
        assert trace.trap is not None
        return f"{parts[0]} It traps: {trace.trap.value}."
    parts.append(f"Stack, top first: {' '.join(map(str, state.stack[: -_STACK_VALUES - 1 : -1])) or 'empty'}.")
    if state.depth > 1:
        parts.append(f"In {trace.listings[state.function].name}, {state.depth} calls deep.")
    locals_text = trace.locals_text(state)
    if locals_text:
        parts.append(f"Locals: {' '.join(locals_text[:_LOCALS])}.")
    written = (*step.globals_written, *step.memory_written) if step else ()
    if written:
        parts.append(f"Written: {', '.join(map(str, written))}.")
    parts.append(_next_text(trace, state, number))
    return " ".join(parts)


def _next_text(trace: Trace, state: State, number: int) -> str:
    lines = trace.listings[state.function].lines
    if state.depth and state.position < len(lines):
        unfinished = " The trace ends here: raise `limit` to see more." if number == len(trace.steps) and not trace.finished else ""
        return f"Next: {lines[state.position].strip()}.{unfinished}"
    return "The function has returned." if state.depth == 0 else "Next: back to the caller."


def state_html(trace: Trace, number: int) -> str:
    """Draw where execution stands after so many steps, as HTML."""
    state, step = _moment(trace, number)
    calls = f", {state.depth} calls deep" if state.depth > 1 else ""
    columns = (
        _column(f"{trace.listings[state.function].name}{calls}", _listing_html(trace, state, step, number), "flex:0 1 auto;min-width:20em"),
        _column("Stack, top first", _stack_html(state, step), "flex:0 1 auto;min-width:9em"),
        _column("Locals", _locals_html(trace, state, step), "flex:0 1 auto;min-width:9em"),
        _column("Memory written last", _writes_html(trace, number), "flex:0 1 auto;min-width:12em"),
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0 2em">{"".join(columns)}</div>'


def _column(title: str, body: str, style: str) -> str:
    return f'<section style="{style}"><div style="font-weight:bold;margin:0.3em 0">{escape(title)}</div>{body}</section>'


def _rows_html(rows: Sequence[str]) -> str:
    style = "margin:0;line-height:1.4;font-size:var(--jp-code-font-size,13px);font-family:var(--jp-code-font-family,monospace)"
    return f'<table style="{style}">{"".join(rows)}</table>'


def _window(position: int, length: int, size: int) -> range:
    """The part of a long listing around a position."""
    first = max(0, min(position - size // 2, length - size))
    return range(first, min(length, first + size))


def _listing_html(trace: Trace, state: State, step: Step | None, number: int) -> str:
    """The listing, in which signs and words say what colour alone would not."""
    lines = trace.listings[state.function].lines
    trapped = _has_trapped(trace, number)
    shown = _window(state.position, len(lines), _LISTING_LINES)
    ran = step.before.position if step and not trapped and step.before.function == state.function else -1
    rows = [] if shown.start == 0 else [f"<tr><td></td><td></td><td>… {shown.start} more</td></tr>"]
    for position in shown:
        is_next = position == state.position and state.depth > 0
        sign, word = ("✗", "traps") if is_next and trapped else ("▶", "next") if is_next else ("✓", "ran") if position == ran else ("", "")
        style = "outline:2px solid var(--jp-brand-color1,#1976d2);font-weight:bold" if is_next else ""
        current = ' aria-current="step"' if is_next else ""
        line = lines[position]
        text = line if len(line) <= _LINE_CHARACTERS else line[:_LINE_CHARACTERS] + "…"
        rows.append(
            f'<tr{current} style="{style}"><td style="text-align:left;min-width:4.5em">{sign} {word}</td>'
            f'<td style="text-align:right;opacity:0.7">{position}</td><td style="text-align:left;white-space:pre">{escape(text)}</td></tr>'
        )
    if shown.stop < len(lines):
        rows.append(f"<tr><td></td><td></td><td>… {len(lines) - shown.stop} more</td></tr>")
    return _rows_html(rows)


def _stack_html(state: State, step: Step | None) -> str:
    if not state.stack:
        return "<div>empty</div>"
    is_new_from = len(state.stack) - (step.new_values if step else 0)
    shown = list(enumerate(state.stack))[-_STACK_VALUES:]
    rows = [
        f'<tr><td style="text-align:right">{mark(str(value), index >= is_new_from)}</td>{_type_cell(value)}</tr>' for index, value in reversed(shown)
    ]
    below = len(state.stack) - len(shown)
    return _rows_html([*rows, *[f'<tr><td colspan="2">… {below} more below</td></tr>'] * bool(below)])


def _type_cell(value: Value) -> str:
    return f'<td style="text-align:left;opacity:0.7">{value.type}</td>'


def _locals_html(trace: Trace, state: State, step: Step | None) -> str:
    if not state.locals:
        return "<div>none</div>"
    changed = step.new_locals if step else ()
    names = trace.listings[state.function].locals
    shown = [index for index in range(len(state.locals)) if index < _LOCALS or index in changed]
    rows = [
        f'<tr><td style="text-align:left">{escape(names[index])}</td>'
        f'<td style="text-align:right">{mark(str(state.locals[index]), index in changed)}</td>{_type_cell(state.locals[index])}</tr>'
        for index in shown
    ]
    hidden = len(state.locals) - len(shown)
    return _rows_html([*rows, *[f'<tr><td colspan="3">… {hidden} more</td></tr>'] * bool(hidden)])


def _writes_html(trace: Trace, number: int) -> str:
    """The last writes to memory and globals, the newest first."""
    rows: list[str] = []
    for earlier in range(number, 0, -1):
        step = trace.steps[earlier - 1]
        for write in (*step.memory_written, *step.globals_written):
            was = f" (was {write.before[:16].hex(' ')})" if hasattr(write, "before") else ""
            rows.append(
                f'<tr><td style="text-align:right;opacity:0.7">step {earlier}</td>'
                f'<td style="text-align:left">{mark(str(write), earlier == number)}{was}</td></tr>'
            )
        if len(rows) >= _WRITES:
            break
    return _rows_html(rows[:_WRITES]) if rows else "<div>nothing yet</div>"
