"""A panel that compares runtimes: the same call on each, interleaved, the distribution and the ratios growing before one's eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from labkit.bench.call_comparison import CallComparison, CallExperiment
from labkit.bench.phase import Phase
from labkit.errors import ArgumentError
from labkit.modules.load import Source
from labkit.runtimes import registry
from labkit.ui.call_panel import CallPanel
from labkit.ui.runtime_checkboxes import pale_html

__all__ = ["RuntimeComparison"]


class RuntimeComparison(CallPanel):
    """Pick a module, a function, its arguments and runtimes; the call is measured on each, and drawn as it is measured.

    A call is one of many, on an instance that is there; a whole run is all that `labkit.run` does. Runtimes that are commands have
    whole runs only.

    Parameters
    ----------
    modules, export, args, bounds, runtimes, seconds
        As for `labkit.ui.call_panel.CallPanel`, all of them optional.
    whole_runs : bool, optional
        Whether whole runs are measured at first; the reader can change it.

    Attributes
    ----------
    result : CallComparison
        What the last run found that was not cancelled; None before there is one.
    status : str
        The sentence under the buttons.

    Raises
    ------
    LabkitError
        If a module cannot be read or exports nothing to call, or the other parameters do not fit.

    Examples
    --------
    >>> square = '(module (func (export "square") (param $n i32) (result i32) (i32.mul (local.get $n) (local.get $n))))'
    >>> panel = RuntimeComparison(square, args=[9], bounds=[(0, 100)], runtimes=["wasmtime", "wasmtime-winch"], seconds=0.5)
    >>> panel.run()
    >>> panel.wait()
    >>> panel.result.value
    81
    >>> panel.close()
    """

    _RUN_TOOLTIP = "Measure the call on each runtime that is ticked, and show it as it is measured"

    def __init__(
        self,
        modules: Mapping[str, Source] | Source | None = None,
        *,
        export: str | None = None,
        args: Sequence[int | float | str] | None = None,
        bounds: Sequence[Sequence[int | float] | None] | None = None,
        runtimes: Sequence[str] | None = None,
        seconds: float | None = None,
        whole_runs: bool = False,
    ) -> None:
        self._phase = ipywidgets.Dropdown(
            options=[("calls, one after the other", Phase.STEADY_CALL), ("whole runs, from the request to the answer", Phase.RUN)],
            value=Phase.RUN if whole_runs else Phase.STEADY_CALL,
            description="Measure",
            layout=ipywidgets.Layout(width="32em"),
        )
        super().__init__(modules, export=export, args=args, bounds=bounds, runtimes=runtimes, seconds=seconds)
        asked = [name for name in _commands() if name in (runtimes or ())]
        if asked and not whole_runs:
            raise ArgumentError(f"{asked[0]} is a command, which has whole runs only.", remedy=f"Give whole_runs=True, or leave {asked[0]} out.")
        self._phase.observe(lambda change: self._pick_phase(), "value")
        self._pick_phase()

    def _build(self, controls: Any, *, run_tooltip: str) -> None:
        super()._build([self._phase, *controls], run_tooltip=run_tooltip)

    def _pick_phase(self) -> None:
        for name in _commands():
            self._checkboxes[name].disabled = self._phase.value is not Phase.RUN
        self._reasons.value = pale_html(self._reasons_now())

    def _reasons_now(self) -> list[str]:
        only_whole = [f"{name} is a command, which starts anew for each call: measure whole runs to compare it." for name in _commands()]
        return [*super()._reasons_now(), *(only_whole if self._phase.value is not Phase.RUN else [])]

    def _experiment(self) -> CallExperiment | str:
        parameters = self._parameters()
        return parameters if isinstance(parameters, str) else CallExperiment(*parameters, self._phase.value)

    def _title(self, experiment: CallExperiment) -> str:
        return f"{experiment.title} on {', '.join(experiment.runtimes)}"

    def _sentence(self, result: CallComparison) -> str:
        return result.sentence


def _commands() -> list[str]:
    """The runtimes here that are commands."""
    return [row.name for row in registry.runtimes() if row.available and not row.in_process]
