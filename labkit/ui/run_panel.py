"""A panel that runs an exported function in the sandbox, on the runtimes and with the arguments the reader picks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labkit.limits import Limits
from labkit.modules.load import Source
from labkit.sandbox.run import Outcome, Result, run
from labkit.ui.call_controls import CallControls
from labkit.ui.runtimes_panel import RuntimesPanel

__all__ = ["RunPanel"]


@dataclass(frozen=True)
class _Call:
    """A function and its arguments, as the controls had them when Run was pressed."""

    export: str
    args: list[Any]


class RunPanel(RuntimesPanel):
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

    _HEADER = ("call", "runtime", "outcome", "result", "call took")
    _RIGHT = (4,)

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
        super().__init__(runtimes)
        self._controls = CallControls(source, export=export, args=args, bounds=bounds)
        self._limits = limits
        self.results: tuple[Result, ...] = ()
        self._build(self._controls.widgets, run_tooltip="Run the function on each runtime that is ticked", cancel_tooltip="Stop the run at once")

    def _task(self) -> _Call:
        return _Call(self._controls.function.name, self._controls.values)

    def _title(self, task: _Call) -> str:
        return f"{task.export}({', '.join(_shortened(str(arg)) for arg in task.args)})"

    def _run_one(self, task: _Call, name: str) -> bool:
        result = run(self._controls.wasm, export=task.export, args=task.args, runtime=name, limits=self._limits, cancel=self._cancel)
        self.results += (result,)
        self._add_result(task, result._row())
        return result.outcome is not Outcome.CANCELLED

    def _add_error(self, task: _Call, name: str, kind: str, message: str) -> None:
        self._add_result(task, [name, kind, message, "–"])

    def _add_result(self, task: _Call, row: list[str]) -> None:
        name, outcome, what, took = row
        call = self._title(task)
        self._add([call, *row], f"{call} on {name} {outcome}: {what}" + (f" in {took}." if took != "–" else ""))

    def _unrun(self) -> tuple[list[str], list[list[str]]]:
        return ["function", "runtimes"], [[self._controls.function.signature, ", ".join(self._ticked())]]


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
