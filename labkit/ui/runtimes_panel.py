"""What panels have in common that run something on the runtimes the reader ticks: boxes, buttons, a thread, a table that grows."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar

import ipywidgets

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError, Closed, LabkitError, RuntimeUnavailable
from labkit.runtimes import registry
from labkit.ui.panel import Panel, status_html, text_widget

__all__ = ["RuntimesPanel", "reason_html", "runtime_checkboxes"]

_DEFAULT_RUNTIMES = ("wasmtime", "wasmer")
_ROWS_SHOWN = 30
#: Seconds to wait for a cancelled run; the sandbox needs a tenth of one.
_CLOSE_SECONDS = 5.0


class RuntimesPanel(Panel):
    """Runs what its controls say on each runtime that is ticked, one after the other, while the kernel stays free.

    Parameters
    ----------
    runtimes : sequence of str, optional
        The runtimes ticked at first; otherwise wasmtime and wasmer, as far as they work here.

    Attributes
    ----------
    status : str
        The sentence under the buttons.

    Raises
    ------
    RuntimeUnavailable
        If one of the runtimes is none of labkit's.
    """

    _HEADER: ClassVar[Sequence[str]]
    _RIGHT: ClassVar[Sequence[int]]

    def __init__(self, runtimes: Sequence[str] | None) -> None:
        self.status = ""
        self._rows: list[list[str]] = []
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._checkboxes = runtime_checkboxes(runtimes)

    def _build(self, controls: Sequence[Any], *, run_tooltip: str, cancel_tooltip: str) -> None:
        """Make the widgets, under those that say what to run."""
        self._run_button = ipywidgets.Button(description="▶ Run", button_style="primary", tooltip=run_tooltip)
        self._cancel_button = ipywidgets.Button(description="■ Cancel", disabled=True, tooltip=cancel_tooltip)
        self._status = text_widget()
        self._table = text_widget()
        self._run_button.on_click(lambda button: self.run())
        self._cancel_button.on_click(lambda button: self.cancel())
        boxes = ipywidgets.HBox(list(self._checkboxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        reasons = text_widget("".join(reason_html(row) for row in registry.runtimes() if not row.available))
        buttons = ipywidgets.HBox([self._run_button, self._cancel_button])
        self.widget = ipywidgets.VBox([*controls, boxes, reasons, buttons, self._status, self._table])
        self._say("Ready: press Run.")

    @abstractmethod
    def _task(self) -> Any:
        """What the controls say now."""

    @abstractmethod
    def _title(self, task: Any) -> str:
        """What a task is called."""

    @abstractmethod
    def _run_one(self, task: Any, name: str) -> bool:
        """Run a task on one runtime and add what came of it; False where the other runtimes need not be asked."""

    @abstractmethod
    def _add_error(self, task: Any, name: str, kind: str, message: str) -> None:
        """Add that a task could not be run."""

    @abstractmethod
    def _unrun(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Header and rows of the table that stands there before anything has run."""

    @property
    def is_running(self) -> bool:
        """Whether a run is on its way."""
        return self._thread is not None

    def run(self) -> None:
        """Do what the Run button does, and return at once. While a run is on its way, nothing happens.

        Raises
        ------
        Closed
            If the panel is closed.
        """
        with self._lock:
            if self.is_closed:
                raise Closed("The panel is closed.", remedy="Run its cell again.")
            if self._thread is not None:
                return
            names = self._ticked()
            if not names:
                self._say("There is nothing to run on: tick a runtime.")
                return
            self._cancel.clear()
            self._set_running(True)
            # A daemon, so that a guest that is still running never keeps the kernel from ending.
            self._thread = threading.Thread(target=self._work, args=(self._task(), names), name="labkit-panel", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Do what the Cancel button does."""
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until no run is on its way, at most ``timeout`` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _stop(self) -> None:
        self.cancel()
        self.wait(_CLOSE_SECONDS)

    def _ticked(self) -> list[str]:
        return [name for name, box in self._checkboxes.items() if box.value and not box.disabled]

    def _work(self, task: Any, names: list[str]) -> None:
        """The thread: one runtime after the other, each shown as soon as it has answered."""
        try:
            for name in names:
                self._say(f"{self._title(task)} runs on {name}…")
                if not self._attempt(task, name):
                    break
        finally:
            with self._lock:
                self._thread = None
                self._set_running(False)

    def _attempt(self, task: Any, name: str) -> bool:
        try:
            return self._run_one(task, name)
        except LabkitError as error:
            self._add_error(task, name, type(error).__name__, str(error))
            return not isinstance(error, ArgumentError)
        except Exception as error:  # a fault of labkit's own must not leave the panel running for ever
            self._add_error(task, name, type(error).__name__, f"{error}. Please report this.")
            raise

    def _add(self, row: list[str], sentence: str) -> None:
        self._rows.append(row)
        self._say(sentence)
        # In an inline block, or JupyterLab would centre the table.
        self._table.value = f'<div style="display:inline-block">{self._results_html()}</div>'

    def _say(self, sentence: str) -> None:
        self.status = sentence
        self._status.value = status_html(sentence)

    def _set_running(self, is_running: bool) -> None:
        self._run_button.disabled = is_running
        self._cancel_button.disabled = not is_running

    def _results_html(self) -> str:
        hidden = len(self._rows) - _ROWS_SHOWN
        caption = f"The last {_ROWS_SHOWN} of {len(self._rows)} results" if hidden > 0 else ""
        return html_table(self._HEADER, self._rows[-_ROWS_SHOWN:], caption=caption, right=self._RIGHT)

    def _static_html(self) -> str:
        return self._results_html() if self._rows else html_table(*self._unrun())

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows) if self._rows else text_table(*self._unrun())


def runtime_checkboxes(ticked: Sequence[str] | None, *, in_process: bool = False) -> dict[str, Any]:
    """A box for each runtime, or for each that can be in this process; those that do not work here cannot be ticked."""
    rows = [row for row in registry.runtimes() if row.in_process or not in_process]
    names = [row.name for row in rows]
    for name in ticked or ():
        if name not in names:
            where = " in this process" if name in registry.RUNTIME_NAMES else ""
            raise RuntimeUnavailable(f"There is no runtime {name!r}{where}.", remedy=f"Choose from {', '.join(names)}.")
    return {
        row.name: ipywidgets.Checkbox(
            value=row.available and row.name in (_DEFAULT_RUNTIMES if ticked is None else ticked),
            description=row.name,
            disabled=not row.available,
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin="0 1.5em 0 0"),
        )
        for row in rows
    }


def reason_html(row: registry.RuntimeStatus) -> str:
    """Why a runtime's box cannot be ticked, and what to do about it."""
    return f'<div style="opacity:0.7">{escape(f"{row.name} is not available: {row.reason}. {row.remedy}")}</div>'
