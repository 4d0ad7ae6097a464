"""A panel that shows where the time of a run goes: every phase on every runtime, and each phase by itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import ipywidgets

from labkit.bench.phases import Phases
from labkit.bench.phases_experiment import PhasesExperiment
from labkit.display import format_seconds
from labkit.errors import LabkitError
from labkit.ui.call_panel import CallPanel
from labkit.ui.drawn import Drawn

__all__ = ["PhaseExplorer"]

_ALL = "all phases"


class PhaseExplorer(CallPanel):
    """Pick a module, a function, its arguments and runtimes; compiling, loading, instantiating and calling are measured apart.

    Runtimes that are commands have a whole run only. When it has measured, pick a phase to see how its samples are
    distributed, and the ratios with their intervals.

    Parameters
    ----------
    modules, export, args, bounds, runtimes, seconds
        As for `labkit.ui.call_panel.CallPanel`, all of them optional.

    Attributes
    ----------
    result : Phases
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
    >>> panel = PhaseExplorer(square, args=[9], runtimes=["wasmtime"], seconds=1)
    >>> panel.run()
    >>> panel.wait()
    >>> panel.result.runtimes[0]
    'wasmtime'
    >>> panel.close()
    """

    _RUN_TOOLTIP = "Measure each phase on each runtime that is ticked, and show it as it is measured"
    _DEFAULT_SECONDS = 15.0

    def _build(self, controls: Any, *, run_tooltip: str) -> None:
        self._look_at = ipywidgets.Dropdown(options=[_ALL], value=_ALL, description="Look at", disabled=True)
        self._look_at.observe(lambda change: self._look(), "value")
        super()._build(controls, run_tooltip=run_tooltip)
        *above, pictures, details = self.widget.children
        self.widget.children = [*above, self._look_at, pictures, details]

    def _experiment(self) -> PhasesExperiment | str:
        parameters = self._parameters()
        return parameters if isinstance(parameters, str) else PhasesExperiment(*parameters)

    def _title(self, experiment: PhasesExperiment) -> str:
        return f"the phases of {experiment.call} on {', '.join(experiment.runtimes)}"

    def _sentence(self, result: Phases) -> str:
        first = result.runtimes[0]
        rows = sorted((row for row in result.rows if row.runtime == first), key=lambda row: row.timing.median_seconds)
        shortest, longest = (f"{row.phase.value} ({format_seconds(row.timing.median_seconds)})" for row in (rows[0], rows[-1]))
        missing = f" Not measured: {', '.join(missing.runtime for missing in result.missing)}." if result.missing else ""
        count = len(result.comparisons)
        return f"Measured {count} phase{'s' * (count > 1)}. On {first} the medians go from {shortest} to {longest}.{missing}"

    def _show(self, share: float, drawn: Drawn) -> None:
        self._look_at.disabled = True
        super()._show(share, drawn)

    def _end(self, end: Drawn | LabkitError | None) -> None:
        super()._end(end)
        if self._shown is not None:
            self._look_at.options = [_ALL, *(phase.value for phase in self.result.comparisons)]
            self._look_at.disabled = False
            self._look()

    def _look(self) -> None:
        """Show what is picked; a phase by itself is drawn when it is asked for, for most are not."""
        if self._shown is not None and not self.is_running:
            picked = next((phase for phase in self.result.comparisons if phase.value == self._look_at.value), None)
            shown = self._shown if picked is None else import_module("labkit.ui.views").see(self.result.comparisons[picked])
            self._pictures.value, self._details.value = shown.pictures, shown.details
