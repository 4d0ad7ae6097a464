"""What panels have in common that run something on the runtimes the reader ticks: boxes, buttons, a thread, a table that grows."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import ipywidgets

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError, LabkitError
from labkit.runtimes import registry
from labkit.ui.panel import text_widget
from labkit.ui.runtime_checkboxes import pale_html, reason, runtime_checkboxes
from labkit.ui.working_panel import WorkingPanel

__all__ = ["RuntimesPanel"]

_ROWS_SHOWN = 30


class RuntimesPanel(WorkingPanel):
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
        super().__init__()
        self._rows: list[list[str]] = []
        self._cancel = threading.Event()
        self._checkboxes = runtime_checkboxes(runtimes)

    def _build(self, controls: Sequence[Any], *, run_tooltip: str, cancel_tooltip: str) -> None:
        """Make the widgets, under those that say what to run."""
        self._table = text_widget()
        boxes = ipywidgets.HBox(list(self._checkboxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        reasons = text_widget(pale_html(reason(row) for row in registry.runtimes() if not row.available))
        buttons = ipywidgets.HBox(self._buttons(run_tooltip=run_tooltip, cancel_tooltip=cancel_tooltip))
        self.widget = ipywidgets.VBox([*controls, boxes, reasons, buttons, self._status, self._table])

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

    def _prepare(self) -> _InThread | str:
        names = self._ticked()
        if not names:
            return "There is nothing to run on: tick a runtime."
        self._cancel = threading.Event()
        return _InThread(partial(self._run_all, self._task(), names), self._cancel)

    def _ticked(self) -> list[str]:
        return [name for name, box in self._checkboxes.items() if box.value and not box.disabled]

    def _run_all(self, task: Any, names: list[str]) -> None:
        """The thread: one runtime after the other, each shown as soon as it has answered."""
        try:
            for name in names:
                self._say(f"{self._title(task)} runs on {name}…")
                if not self._attempt(task, name):
                    break
        finally:
            with self._lock:
                self._work = None
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

    def _results_html(self) -> str:
        hidden = len(self._rows) - _ROWS_SHOWN
        caption = f"The last {_ROWS_SHOWN} of {len(self._rows)} results" if hidden > 0 else ""
        return html_table(self._HEADER, self._rows[-_ROWS_SHOWN:], caption=caption, right=self._RIGHT)

    def _static_html(self) -> str:
        return self._results_html() if self._rows else html_table(*self._unrun())

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows) if self._rows else text_table(*self._unrun())


class _InThread:
    """Work in a thread, which looks now and then whether it is cancelled; a daemon, so that a guest never keeps the kernel from ending."""

    def __init__(self, call: Callable[[], object], cancelled: threading.Event) -> None:
        self._thread = threading.Thread(target=call, name="labkit-panel", daemon=True)
        self.start, self.cancel = self._thread.start, cancelled.set

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(timeout)
