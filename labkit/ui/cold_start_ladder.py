"""A panel that measures cold starts: pick the rungs, and see each appear with what isolates it, or why it does not run here."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from labkit.bench.arguments import checked_names
from labkit.bench.climb import RUNG_NAMES
from labkit.bench.ladder import Ladder
from labkit.bench.ladder_experiment import LadderExperiment
from labkit.bench.peers import PEERS
from labkit.display import format_seconds
from labkit.ui.measuring_panel import MeasuringPanel, seconds_box

__all__ = ["ColdStartLadder"]

_LONGEST_SECONDS = 300


class ColdStartLadder(MeasuringPanel):
    """Pick rungs; how long each takes from its start until the program has said hello is measured, and drawn as it is measured.

    What cannot run on this machine stays in the plot, with the reason.

    Parameters
    ----------
    rungs : sequence of str, optional
        The rungs ticked at first, of `labkit.bench.climb.RUNG_NAMES`; otherwise all. The first of those is always measured.
    seconds : float, optional
        How long to measure at first; the reader can change it. Containers take a while to prepare.

    Attributes
    ----------
    result : Ladder
        What the last run found that was not cancelled; None before there is one.
    status : str
        The sentence under the buttons.

    Raises
    ------
    ArgumentError
        If there is no such rung, or no such time.

    Examples
    --------
    >>> panel = ColdStartLadder(["wasm instance"], seconds=1)
    >>> panel.run()
    >>> panel.wait()
    >>> [rung.measured_here for rung in panel.result.rungs]
    [True, True]
    >>> panel.close()
    """

    def __init__(self, rungs: Sequence[str] | None = None, *, seconds: float = 60.0) -> None:
        super().__init__()
        chosen = RUNG_NAMES if rungs is None else checked_names(rungs, RUNG_NAMES, what="rung")
        self._checkboxes = {
            peer.name: ipywidgets.Checkbox(
                value=number == 0 or peer.name in chosen,
                description=peer.name,
                tooltip=peer.isolates,
                disabled=number == 0,
                indent=False,
                layout=ipywidgets.Layout(width="auto", margin="0 1.5em 0 0"),
            )
            for number, peer in enumerate(PEERS)
        }
        self._seconds = seconds_box(seconds, least=1, most=_LONGEST_SECONDS, step=5)
        boxes = ipywidgets.HBox(list(self._checkboxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._build([boxes, self._seconds], run_tooltip="Start the program on each rung that is ticked, again and again, and show how long it takes")

    def _ticked(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._checkboxes.items() if box.value)

    def _experiment(self) -> LadderExperiment:
        return LadderExperiment(self._ticked(), self._seconds.value)

    def _title(self, experiment: LadderExperiment) -> str:
        return f"cold starts of {len(experiment.names)} rungs, which are prepared first"

    def _sentence(self, result: Ladder) -> str:
        found = [rung for rung in result.rungs if rung.median_seconds is not None]
        medians = ", ".join(f"{rung.name} {format_seconds(rung.median_seconds or 0.0)}" for rung in found)
        missing = [rung.name for rung in result.rungs if not rung.measured_here]
        return f"From start to hello: {medians}." + (f" Did not run: {', '.join(missing)}." if missing else "")

    def _unrun(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ["rung", "what isolates it"], [[peer.name, peer.isolates] for peer in PEERS if self._checkboxes[peer.name].value]
