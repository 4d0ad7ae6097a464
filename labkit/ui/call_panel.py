"""What panels have in common that measure one call on runtimes: which call, on which runtimes, for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets

from labkit.modules.interface import read_interface
from labkit.modules.load import Source
from labkit.runtimes import registry
from labkit.sandbox.memories import limit_memories
from labkit.ui.call_controls import CallControls
from labkit.ui.measuring_panel import MeasuringPanel, seconds_box
from labkit.ui.panel import text_widget
from labkit.ui.runtime_checkboxes import pale_html, reason, runtime_checkboxes

__all__ = ["CallPanel"]

_LONGEST_SECONDS = 60
# No runtime in the measuring process limits memory by itself, and the machine's is the kernel's too.
_MEMORY_BYTES = 2**30


class CallPanel(MeasuringPanel):
    """Pick a module, a function, its arguments and runtimes; what that costs is measured, and drawn as it is measured.

    It is measured in a process of its own, so the kernel stays free for the reader, and Cancel works at once, whatever the guest does.

    Parameters
    ----------
    modules : mapping of str to source, or one source, optional
        Each bytes, WebAssembly text or a path, and without imports. With several, they are picked by their names. Left out,
        the course's own: one function, compiled from several languages.
    export : str, optional
        The function that is picked at first; otherwise the first module's first.
    args : sequence of numbers, optional
        What its arguments are at first.
    bounds : sequence, optional
        For each of its arguments a lowest and highest value, which make a slider of it, or None.
    runtimes : sequence of str, optional
        The runtimes ticked at first; otherwise wasmtime and wasmer, as far as they work here.
    seconds : float, optional
        How long to measure at first; the reader can change it.

    Raises
    ------
    LabkitError
        If a module cannot be read or exports nothing to call, or the other parameters do not fit.
    """

    _RUN_TOOLTIP: ClassVar[str]
    _DEFAULT_SECONDS: ClassVar[float] = 5.0

    def __init__(
        self,
        modules: Mapping[str, Source] | Source | None = None,
        *,
        export: str | None = None,
        args: Sequence[int | float | str] | None = None,
        bounds: Sequence[Sequence[int | float] | None] | None = None,
        runtimes: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> None:
        super().__init__()
        self._controls = CallControls(modules, export=export, args=args, bounds=bounds)
        self._checkboxes = runtime_checkboxes(runtimes)
        self._seconds = seconds_box(self._DEFAULT_SECONDS if seconds is None else seconds, least=0.1, most=_LONGEST_SECONDS, step=0.5)
        boxes = ipywidgets.HBox(list(self._checkboxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._reasons = text_widget(pale_html(self._reasons_now()))
        self._build([*self._controls.widgets, boxes, self._reasons, self._seconds], run_tooltip=self._RUN_TOOLTIP)

    def _reasons_now(self) -> list[str]:
        """Why some boxes cannot be ticked, or what is measured of a runtime if its box is ticked."""
        return [reason(row) for row in registry.runtimes() if not row.available]

    def _ticked(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._checkboxes.items() if box.value and not box.disabled)

    def _unrun(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ["function", "runtimes"], [[self._controls.function.signature, ", ".join(self._ticked())]]

    def _parameters(self) -> tuple[bytes, str, tuple[Any, ...], tuple[str, ...], float] | str:
        """What the controls say, as an experiment takes it; or why there is nothing to measure."""
        runtimes = self._ticked()
        if not runtimes:
            return "There is nothing to measure: tick a runtime."
        controls = self._controls
        imports = read_interface(controls.wasm).imports
        if imports:
            return f"The module imports {imports[0].module}.{imports[0].name}, and a panel gives it nothing: pick one without imports."
        wasm = limit_memories(controls.wasm, _MEMORY_BYTES, remedy="Pick a module that begins with less.")
        return wasm, controls.function.name, controls.arguments, runtimes, self._seconds.value
