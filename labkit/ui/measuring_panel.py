"""What panels have in common that measure while the reader keeps working: progress, a plot that grows, and what was found in the end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from html import escape
from importlib import import_module
from typing import Any

import ipywidgets

from labkit.bench.arguments import checked_seconds
from labkit.bench.experiment import Experiment
from labkit.display import html_table, text_table
from labkit.errors import LabkitError
from labkit.ui.drawn import Drawn
from labkit.ui.measurement import Measurement
from labkit.ui.panel import text_widget
from labkit.ui.working_panel import WorkingPanel

__all__ = ["MeasuringPanel", "seconds_box"]


class MeasuringPanel(WorkingPanel):
    """Measures what its controls say in processes of its own, and shows the plots as they grow.

    Attributes
    ----------
    result : object
        What the last run found that was not cancelled; None before there is one.
    status : str
        The sentence under the buttons.
    """

    def __init__(self) -> None:
        super().__init__()
        self.result: Any = None
        self._shown: Drawn | None = None

    def _build(self, controls: Sequence[Any], *, run_tooltip: str) -> None:
        """Make the widgets, under those that say what to measure."""
        self._progress = ipywidgets.FloatProgress(min=0.0, max=1.0, description="", layout=ipywidgets.Layout(width="18em", visibility="hidden"))
        self._pictures, self._details = text_widget(), text_widget()
        buttons = self._buttons(run_tooltip=run_tooltip, cancel_tooltip="Stop measuring at once")
        row = ipywidgets.HBox([*buttons, self._progress], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([*controls, row, self._status, self._pictures, self._details])

    @abstractmethod
    def _experiment(self) -> Experiment | str:
        """What the controls say to measure, or why there is nothing to."""

    @abstractmethod
    def _title(self, experiment: Any) -> str:
        """What is measured, in a few words."""

    @abstractmethod
    def _sentence(self, result: Any) -> str:
        """What was found, in a sentence or two."""

    @abstractmethod
    def _unrun(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Header and rows of the table that stands there before anything has run."""

    def _prepare(self) -> Measurement | str:
        try:
            experiment = self._experiment()
        except LabkitError as error:
            return _error_words(error)
        if isinstance(experiment, str):
            return experiment
        self._progress.value = 0.0
        self._say(f"Measuring {self._title(experiment)}…")
        return Measurement(experiment, self._show, self._end)

    def measure(self) -> None:
        """Show the panel in the notebook, run it, and wait until it has measured.

        What then stands in the notebook has table and plot for those, too, who read it where there is no kernel.
        """
        handle: Any = import_module("IPython.display").display(self, display_id=True)
        self.run()
        try:
            self.wait()
        finally:
            self._stop()  # an interrupt is meant for it
            if handle is not None:
                handle.update(self)

    def _show(self, share: float, drawn: Drawn) -> None:
        self._progress.value = share
        self._pictures.value = drawn.pictures

    def _end(self, end: Drawn | LabkitError | None) -> None:
        with self._lock:
            self._work = None
            if isinstance(end, Drawn):
                self._shown, self.result = end, end.result
                self._pictures.value, self._details.value = end.pictures, end.details
                self._say(self._sentence(end.result))
            else:
                # What a run that did not end has drawn must not be taken for a result.
                self._pictures.value = self._shown.pictures if self._shown else ""
                self._say("Cancelled; what it had measured is dropped." if end is None else _error_words(end))
            self._set_running(False)

    def _set_running(self, is_running: bool) -> None:
        super()._set_running(is_running)
        self._progress.layout.visibility = "visible" if is_running else "hidden"

    def _static_html(self) -> str:
        if self._shown is None:
            return html_table(*self._unrun())
        return f"<p>{escape(self.status)}</p>{self._shown.pictures}{self._shown.details}"

    def __str__(self) -> str:
        return text_table(*self._unrun()) if self.result is None else str(self.result)


def _error_words(error: LabkitError) -> str:
    return f"{type(error).__name__}: {error}"


def seconds_box(seconds: float, *, least: float, most: float, step: float) -> Any:
    """A box for how long to measure.

    Raises
    ------
    ArgumentError
        If it cannot start at that.
    """
    value = checked_seconds(seconds, longest=most)
    return ipywidgets.BoundedFloatText(value=value, min=least, max=most, step=step, description="Seconds", layout=ipywidgets.Layout(width="12em"))
