"""A panel that compares runtimes: the same call on each, interleaved, the distribution and the ratios growing before one's eyes."""

from __future__ import annotations

from labkit.bench.call_comparison import CallComparison, CallExperiment
from labkit.ui.call_panel import CallPanel

__all__ = ["RuntimeComparison"]


class RuntimeComparison(CallPanel):
    """Pick a module, a function, its arguments and runtimes; the call is measured on each, and drawn as it is measured.

    Parameters
    ----------
    modules, export, args, bounds, runtimes, seconds
        As for `labkit.ui.call_panel.CallPanel`, all of them optional.

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

    def _experiment(self) -> CallExperiment | str:
        parameters = self._parameters()
        return parameters if isinstance(parameters, str) else CallExperiment(*parameters)

    def _title(self, experiment: CallExperiment) -> str:
        return f"{experiment.call} on {', '.join(experiment.runtimes)}"

    def _sentence(self, result: CallComparison) -> str:
        return result.sentence
