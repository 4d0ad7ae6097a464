"""A panel that runs an exported function in the sandbox, on the runtimes and with the arguments the reader picks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError, Closed, ExportNotFound, LabkitError, RuntimeUnavailable
from labkit.limits import Limits
from labkit.modules.load import Source, to_wasm
from labkit.runtimes import registry
from labkit.sandbox.run import Outcome, Result, run
from labkit.ui.functions import OfferedFunction, argument_box, check_count, offered_functions
from labkit.ui.panel import Panel, status_html, text_widget

__all__ = ["RunPanel"]

_HEADER = ("call", "runtime", "outcome", "result", "call took")
_DEFAULT_RUNTIMES = ("wasmtime", "wasmer")
_ROWS_SHOWN = 30
#: Seconds to wait for a cancelled run; the sandbox needs a tenth of one.
_CLOSE_SECONDS = 5.0


class RunPanel(Panel):
    """Pick a function, its arguments and the runtimes; run, and cancel what does not end.

    The guest runs in a process of its own and is waited for in a thread of its own, so the kernel stays free for the reader.

    Parameters
    ----------
    source : bytes, str or path
        The module: bytes, WebAssembly text or a path. It must need no imports.
    export : str, optional
        The function that is picked at first; otherwise the module's first.
    args : sequence of numbers, optional
        What its arguments are at first.
    bounds : sequence, optional
        For each of its arguments a lowest and highest value, which make a slider of it, or None.
    runtimes : sequence of str, optional
        The runtimes ticked at first; otherwise wasmtime and wasmer, as far as they work here.
    limits : Limits, optional
        What each run may use; as for `labkit.run`.

    Attributes
    ----------
    results : tuple of Result
        What every run has given so far.
    status : str
        The sentence under the buttons.

    Raises
    ------
    LabkitError
        If the module cannot be read or exports nothing to run, or the other parameters do not fit it.

    Examples
    --------
    >>> square = '(module (func (export "square") (param $n i32) (result i32) (i32.mul (local.get $n) (local.get $n))))'
    >>> panel = RunPanel(square, export="square", args=[9], bounds=[(0, 100)], runtimes=["wasmtime"])
    >>> panel.run()
    >>> panel.wait()
    >>> panel.results[0].values
    (81,)
    >>> panel.close()
    """

    def __init__(
        self,
        source: Source,
        *,
        export: str | None = None,
        args: Sequence[int | float | str] | None = None,
        bounds: Sequence[Sequence[int | float] | None] | None = None,
        runtimes: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._wasm = to_wasm(source)
        self._limits = limits
        self._functions = offered_functions(self._wasm)
        self._first = self._find(export)
        self._start = list(zip(check_count(self._first, args, "args"), check_count(self._first, bounds, "bounds")))
        self.results: tuple[Result, ...] = ()
        self._rows: list[list[str]] = []
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._checkboxes = _runtime_checkboxes(runtimes)
        self._build()

    def _find(self, export: str | None) -> OfferedFunction:
        if export is None:
            return next(iter(self._functions.values()))
        if export not in self._functions:
            raise ExportNotFound(
                f"The panel can offer no function {export!r}.",
                remedy=f"It must take numbers only; the module exports {', '.join(list(self._functions)[:10])}.",
            )
        return self._functions[export]

    def _build(self) -> None:
        """Make the widgets."""
        self._picker = ipywidgets.Dropdown(
            options=[(function.signature, name) for name, function in self._functions.items()],
            value=self._first.name,
            description="Function",
            layout=ipywidgets.Layout(width="32em"),
        )
        self._arguments = ipywidgets.HBox(layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._run_button = ipywidgets.Button(description="▶ Run", button_style="primary", tooltip="Run the function on each runtime that is ticked")
        self._cancel_button = ipywidgets.Button(description="■ Cancel", disabled=True, tooltip="Stop the run at once")
        self._status = text_widget()
        self._table = text_widget()
        self._picker.observe(self._picked, "value")
        self._run_button.on_click(lambda button: self.run())
        self._cancel_button.on_click(lambda button: self.cancel())
        boxes = ipywidgets.HBox(list(self._checkboxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        reasons = text_widget("".join(_reason_html(row) for row in registry.runtimes() if not row.available))
        buttons = ipywidgets.HBox([self._run_button, self._cancel_button])
        self.widget = ipywidgets.VBox([self._picker, self._arguments, boxes, reasons, buttons, self._status, self._table])
        self._show_arguments(self._first, self._start)
        self._say("Ready: press Run.")

    def _picked(self, change: Any) -> None:
        function = self._functions[change["new"]]
        self._show_arguments(function, self._start if function is self._first else [(None, None)] * len(function.type.params))

    def _show_arguments(self, function: OfferedFunction, start: Sequence[tuple[Any, Any]]) -> None:
        old = self._arguments.children
        self._arguments.children = [argument_box(function, index, value, bounds) for index, (value, bounds) in enumerate(start)]
        for box in old:
            box.close()

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
            names = [name for name, box in self._checkboxes.items() if box.value and not box.disabled]
            if not names:
                self._say("There is nothing to run on: tick a runtime.")
                return
            self._cancel.clear()
            self._set_running(True)
            args = [box.value for box in self._arguments.children]
            # A daemon, so that a guest that is still running never keeps the kernel from ending.
            self._thread = threading.Thread(target=self._work, args=(self._picker.value, args, names), name="labkit-run-panel", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Do what the Cancel button does: kill the process the guest runs in."""
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until no run is on its way, at most ``timeout`` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _stop(self) -> None:
        self.cancel()
        self.wait(_CLOSE_SECONDS)

    def _work(self, export: str, args: list[Any], names: list[str]) -> None:
        """The thread: one runtime after the other, each shown as soon as it has answered."""
        call = f"{export}({', '.join(_shortened(str(arg)) for arg in args)})"
        try:
            for name in names:
                self._say(f"{call} runs on {name}…")
                if not self._run_one(call, export, args, name):
                    break
        finally:
            with self._lock:
                self._thread = None
                self._set_running(False)

    def _run_one(self, call: str, export: str, args: list[Any], name: str) -> bool:
        """Run on one runtime and show what came of it; False where the other runtimes need not be asked."""
        try:
            result = run(self._wasm, export=export, args=args, runtime=name, limits=self._limits, cancel=self._cancel)
        except LabkitError as error:
            self._add([call, name, type(error).__name__, str(error), "–"])
            return not isinstance(error, ArgumentError)
        except Exception as error:  # a fault of labkit's own must not leave the panel running for ever
            self._add([call, name, type(error).__name__, f"{error}. Please report this.", "–"])
            raise
        self.results += (result,)
        self._add([call, *result._row()])
        return result.outcome is not Outcome.CANCELLED

    def _add(self, row: list[str]) -> None:
        self._rows.append(row)
        call, name, outcome, what, took = row
        self._say(f"{call} on {name} {outcome}: {what}" + (f" in {took}." if took != "–" else ""))
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
        return html_table(_HEADER, self._rows[-_ROWS_SHOWN:], caption=caption, right=[4])

    def _static_html(self) -> str:
        return self._results_html() if self._rows else html_table(["function", "runtimes"], [self._static_row()])

    def __str__(self) -> str:
        return text_table(_HEADER, self._rows) if self._rows else text_table(["function", "runtimes"], [self._static_row()])

    def _static_row(self) -> list[str]:
        return [self._first.signature, ", ".join(name for name, box in self._checkboxes.items() if box.value)]


def _runtime_checkboxes(ticked: Sequence[str] | None) -> dict[str, Any]:
    """A box for each runtime; those that do not work here cannot be ticked."""
    for name in ticked or ():
        if name not in registry.RUNTIME_NAMES:
            raise RuntimeUnavailable(f"There is no runtime {name!r}.", remedy=f"Choose from {', '.join(registry.RUNTIME_NAMES)}.")
    return {
        row.name: ipywidgets.Checkbox(
            value=row.available and row.name in (_DEFAULT_RUNTIMES if ticked is None else ticked),
            description=row.name,
            disabled=not row.available,
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin="0 1.5em 0 0"),
        )
        for row in registry.runtimes()
    }


def _reason_html(row: registry.RuntimeStatus) -> str:
    return f'<div style="opacity:0.7">{escape(f"{row.name} is not available: {row.reason}. {row.remedy}")}</div>'


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
