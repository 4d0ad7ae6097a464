"""The stack machine with a slider: every step of a call, forwards and backwards."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets

from labkit.modules.instantiation import Imports
from labkit.modules.load import Source
from labkit.modules.stepper import step
from labkit.modules.trace import Trace
from labkit.ui.panel import Panel, status_html, text_widget
from labkit.ui.stepper_view import describe_state, state_html

__all__ = ["StepperPanel", "stepper"]

_PLAY_MILLISECONDS = 700


class StepperPanel(Panel):
    """A trace with a slider, buttons that step, and one that plays it.

    Parameters
    ----------
    trace : Trace
        What `labkit.step` gave.

    Examples
    --------
    >>> from labkit.modules.stepper import step
    >>> panel = StepperPanel(step('(module (func (export "one") (result i32) (i32.const 1)))', "one"))
    >>> panel.show(1)
    >>> panel.status
    'Step 1 of 2: i32.const 1. Stack, top first: 1. Next: end.'
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        last = len(trace.steps)
        self._slider = ipywidgets.IntSlider(value=0, min=0, max=last, description="Step", layout=ipywidgets.Layout(width="24em"))
        self._play = ipywidgets.Play(value=0, min=0, max=last, interval=_PLAY_MILLISECONDS, show_repeat=False, tooltip="Play the steps")
        self._back = ipywidgets.Button(description="◀ Back", tooltip="One step back", layout=ipywidgets.Layout(width="7em"))
        self._forward = ipywidgets.Button(description="Forward ▶", tooltip="One step forward", layout=ipywidgets.Layout(width="7em"))
        self._status = text_widget()
        self._view = text_widget()
        ipywidgets.jslink((self._play, "value"), (self._slider, "value"))
        self._slider.observe(lambda change: self._draw(), "value")
        self._back.on_click(lambda button: self.show(self._slider.value - 1))
        self._forward.on_click(lambda button: self.show(self._slider.value + 1))
        controls = ipywidgets.HBox([self._back, self._forward, self._play, self._slider], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([text_widget(f"<b>{escape(trace.headline)}</b>"), controls, self._status, self._view])
        self._draw()

    @property
    def status(self) -> str:
        """Where execution stands, in one line."""
        return describe_state(self.trace, self._slider.value)

    def show(self, number: int) -> None:
        """Go to the state after so many steps; beyond the ends, to the end."""
        self._slider.value = max(0, min(number, len(self.trace.steps)))

    def _draw(self) -> None:
        number = self._slider.value
        self._back.disabled = number == 0
        self._forward.disabled = number == len(self.trace.steps)
        self._status.value = status_html(self.status)
        self._view.value = state_html(self.trace, number)

    def _static_html(self) -> str:
        return self.trace._repr_html_()

    def __str__(self) -> str:
        return str(self.trace)


def stepper(
    source: Source,
    function: str | int,
    args: Sequence[int | float | None] = (),
    *,
    imports: Imports | None = None,
    limit: int = 10_000,
) -> StepperPanel:
    """Step through a call with a slider.

    Parameters
    ----------
    source, function, args, imports, limit
        As for `labkit.step`.

    Returns
    -------
    StepperPanel

    Raises
    ------
    LabkitError
        As `labkit.step` does.

    Examples
    --------
    >>> print(stepper('(module (func (export "one") (result i32) (i32.const 1)))', "one"))
    one() returns 1 (2 steps)
    step  instruction  stack  locals
       1  i32.const 1  [1]
       2  end          [1]
    """
    return StepperPanel(step(source, function, args, imports=imports, limit=limit))
