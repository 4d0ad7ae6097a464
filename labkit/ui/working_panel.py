"""What panels have in common that work while the reader goes on: Run and Cancel, one piece of work at a time, and the sentence under the buttons."""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import Any, Protocol

import ipywidgets

from labkit.errors import Closed
from labkit.ui.panel import Panel, status_html, text_widget

__all__ = ["Work", "WorkingPanel"]

#: Seconds to wait for cancelled work when a panel is closed; the sandbox needs a tenth of one.
_CLOSE_SECONDS = 5.0


class Work(Protocol):
    """Something that goes on elsewhere."""

    def start(self) -> None:
        """Start, and return at once."""

    def cancel(self) -> None:
        """End it early."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most ``timeout`` seconds."""


class WorkingPanel(Panel):
    """Does what its controls say when Run is pressed.

    Attributes
    ----------
    status : str
        The sentence under the buttons.
    """

    def __init__(self) -> None:
        self.status = ""
        self._lock = threading.Lock()
        self._work: Work | None = None
        self._status = text_widget()

    def _buttons(self, *, run_tooltip: str, cancel_tooltip: str) -> list[Any]:
        """Make the buttons, and say that they can be pressed."""
        self._run_button = ipywidgets.Button(description="▶ Run", button_style="primary", tooltip=run_tooltip)
        self._cancel_button = ipywidgets.Button(description="■ Cancel", disabled=True, tooltip=cancel_tooltip)
        self._run_button.on_click(lambda button: self.run())
        self._cancel_button.on_click(lambda button: self.cancel())
        self._say("Ready: press Run.")
        return [self._run_button, self._cancel_button]

    @abstractmethod
    def _prepare(self) -> Work | str:
        """What the controls say to do, or why there is nothing to."""

    @property
    def is_running(self) -> bool:
        """Whether a run is on its way."""
        return self._work is not None

    def run(self) -> None:
        """Do what the Run button does, and return at once. While a run is on its way, nothing happens.

        What cannot be run is said in the panel.

        Raises
        ------
        Closed
            If the panel is closed.
        """
        with self._lock:
            if self.is_closed:
                raise Closed("The panel is closed.", remedy="Run its cell again.")
            if self._work is not None:
                return
            work = self._prepare()
            if isinstance(work, str):
                self._say(work)
                return
            self._work = work
            self._set_running(True)
            work.start()

    def cancel(self) -> None:
        """Do what the Cancel button does."""
        with self._lock:
            if self._work is not None:
                self._say("Cancelling…")
                self._work.cancel()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until no run is on its way, at most ``timeout`` seconds."""
        work = self._work
        if work is not None:
            work.wait(timeout)

    def _stop(self) -> None:
        self.cancel()
        self.wait(_CLOSE_SECONDS)

    def _say(self, sentence: str) -> None:
        self.status = sentence
        self._status.value = status_html(sentence)

    def _set_running(self, is_running: bool) -> None:
        self._run_button.disabled = is_running
        self._cancel_button.disabled = not is_running
