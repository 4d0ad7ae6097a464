"""What panels have in common that measure while the reader keeps working: buttons, progress, a plot that grows, and the sentence in the end."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Sequence
from html import escape
from importlib import import_module
from typing import Any

import ipywidgets

from labkit.bench.experiment import Experiment
from labkit.display import html_table, text_table
from labkit.errors import Closed, LabkitError
from labkit.ui.drawn import Drawn
from labkit.ui.measurement import Measurement
from labkit.ui.panel import Panel, status_html, text_widget

__all__ = ["MeasuringPanel"]

_CLOSE_SECONDS = 5.0


class MeasuringPanel(Panel):
    """Measures what its controls say in processes of its own, and shows the plots as they grow.

    Attributes
    ----------
    result : object
        What the last run found that was not cancelled; None before there is one.
    status : str
        The sentence under the buttons.
    """

    def __init__(self) -> None:
        self.result: Any = None
        self.status = ""
        self._measurement: Measurement | None = None
        self._lock = threading.Lock()
        self._shown: Drawn | None = None

    def _build(self, controls: Sequence[Any], *, run_tooltip: str) -> None:
        """Make the widgets, under those that say what to measure."""
        self._run_button = ipywidgets.Button(description="▶ Run", button_style="primary", tooltip=run_tooltip)
        self._cancel_button = ipywidgets.Button(description="■ Cancel", disabled=True, tooltip="Stop measuring at once")
        self._progress = ipywidgets.FloatProgress(min=0.0, max=1.0, description="", layout=ipywidgets.Layout(width="18em", visibility="hidden"))
        self._status, self._pictures, self._details = text_widget(), text_widget(), text_widget()
        self._run_button.on_click(lambda button: self.run())
        self._cancel_button.on_click(lambda button: self.cancel())
        buttons = ipywidgets.HBox([self._run_button, self._cancel_button, self._progress], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([*controls, buttons, self._status, self._pictures, self._details])
        self._say("Ready: press Run.")

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

    @property
    def is_running(self) -> bool:
        """Whether a measurement is on its way."""
        return self._measurement is not None

    def run(self) -> None:
        """Do what the Run button does, and return at once. While a run is on its way, nothing happens.

        What cannot be measured is said in the panel.

        Raises
        ------
        Closed
            If the panel is closed.
        """
        with self._lock:
            if self.is_closed:
                raise Closed("The panel is closed.", remedy="Run its cell again.")
            if self._measurement is not None:
                return
            try:
                experiment = self._experiment()
            except LabkitError as error:
                experiment = _error_words(error)
            if isinstance(experiment, str):
                self._say(experiment)
                return
            self._measurement = Measurement(experiment, self._show, self._end)
            self._progress.value = 0.0
            self._set_running(True)
            self._say(f"Measuring {self._title(experiment)}…")
            self._measurement.start()

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

    def cancel(self) -> None:
        """Do what the Cancel button does."""
        measurement = self._measurement
        if measurement is not None:
            measurement.cancel()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until no run is on its way, at most ``timeout`` seconds."""
        measurement = self._measurement
        if measurement is not None:
            measurement.wait(timeout)

    def _stop(self) -> None:
        self.cancel()
        self.wait(_CLOSE_SECONDS)

    def _show(self, share: float, drawn: Drawn) -> None:
        self._progress.value = share
        self._pictures.value = drawn.pictures

    def _end(self, end: Drawn | LabkitError | None) -> None:
        with self._lock:
            self._measurement = None
            if isinstance(end, Drawn):
                self._shown, self.result = end, end.result
                self._pictures.value, self._details.value = end.pictures, end.details
                self._say(self._sentence(end.result))
            else:
                # What a run that did not end has drawn must not be taken for a result.
                self._pictures.value = self._shown.pictures if self._shown else ""
                self._say("Cancelled; what it had measured is dropped." if end is None else _error_words(end))
            self._set_running(False)

    def _say(self, sentence: str) -> None:
        self.status = sentence
        self._status.value = status_html(sentence)

    def _set_running(self, is_running: bool) -> None:
        self._run_button.disabled = is_running
        self._cancel_button.disabled = not is_running
        self._progress.layout.visibility = "visible" if is_running else "hidden"

    def _static_html(self) -> str:
        if self._shown is None:
            return html_table(*self._unrun())
        return f"<p>{escape(self.status)}</p>{self._shown.pictures}{self._shown.details}"

    def __str__(self) -> str:
        return text_table(*self._unrun()) if self.result is None else str(self.result)


def _error_words(error: LabkitError) -> str:
    return f"{type(error).__name__}: {error}"
