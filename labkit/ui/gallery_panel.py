"""A gallery of attacks: pick one, pick runtimes, and see what stops it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import ipywidgets

from labkit.errors import ArgumentError
from labkit.sandbox.attacks import ATTACKS, Attack, AttackReport, hostile_sources, stage
from labkit.sandbox.result import Outcome
from labkit.ui.panel import text_widget
from labkit.ui.runtimes_panel import RuntimesPanel

__all__ = ["GalleryPanel"]


class GalleryPanel(RuntimesPanel):
    """Pick a hostile guest and runtimes; it is let loose in a world made for it, and the table says what stopped it.

    Parameters
    ----------
    attack : str, optional
        The attack that is picked at first, one of `labkit.sandbox.attacks.ATTACKS`; otherwise the first.
    runtimes : sequence of str, optional
        The runtimes ticked at first; otherwise wasmtime and wasmer, as far as they work here.

    Attributes
    ----------
    reports : tuple of AttackReport
        What every attack has come to so far.
    status : str
        The sentence under the buttons.

    Raises
    ------
    LabkitError
        If there is no such attack or runtime, or the guests' sources are not here.

    Examples
    --------
    >>> panel = GalleryPanel("flood", runtimes=["wasmtime"])
    >>> panel.run()
    >>> panel.wait()
    >>> panel.reports[0].stopped_by
    'stopped at its output limit'
    >>> panel.close()
    """

    _HEADER = ("attack", "runtime", "how it ended", "more", "took", "host unharmed", "next run")
    _RIGHT = (4,)

    def __init__(self, attack: str | None = None, *, runtimes: Sequence[str] | None = None) -> None:
        super().__init__(runtimes)
        if attack is not None and attack not in ATTACKS:
            raise ArgumentError(f"There is no attack {attack!r}.", remedy=f"Choose from {', '.join(ATTACKS)}.")
        self._guests = hostile_sources()
        self.reports: tuple[AttackReport, ...] = ()
        self._picker = ipywidgets.Dropdown(
            options=[(f"{each.name}: {each.sentence}", name) for name, each in ATTACKS.items()],
            value=attack or next(iter(ATTACKS)),
            description="Attack",
            layout=ipywidgets.Layout(width="40em"),
        )
        self._about = text_widget()
        self._picker.observe(lambda change: self._describe(), "value")
        self._describe()
        self._build(
            [self._picker, self._about],
            run_tooltip="Let the guest loose on each runtime that is ticked",
            cancel_tooltip="End the guest, and leave out the runtimes that are still to come",
        )

    def _describe(self) -> None:
        attack = self._task()
        words = _first_comment(self._guests / f"{attack.program}.wat")
        granted = "a folder to read and write" if attack.grants_folder else "no folder"
        self._about.value = f"<div>The guest, <code>{escape(attack.program)}.wat</code>: {escape(words)} Granted: {granted}.</div>"

    def _task(self) -> Attack:
        return ATTACKS[self._picker.value]

    def _title(self, task: Attack) -> str:
        return task.name

    def _run_one(self, task: Attack, name: str) -> bool:
        report = stage(task.name, runtime=name, cancel=self._cancel)
        if report.result is not None and report.result.outcome is Outcome.CANCELLED:
            self._say(f"{task.name} on {name} was cancelled.")
            return False
        self.reports += (report,)
        row = report.row()
        words = _words(report)
        host = "The host is unharmed" if report.unharmed else "THE HOST IS HARMED"
        after = "and the next run is well." if report.next_is_well else "and the next run is NOT WELL."
        self._add([*row[:3], words, *row[3:]], f"{task.name} on {name}: {report.stopped_by}. {host}, {after}")
        return not self._cancel.is_set()

    def _add_error(self, task: Attack, name: str, kind: str, message: str) -> None:
        self._add([task.name, name, kind, message, "–", "–", "–"], f"{task.name} on {name}: {kind}: {message}")

    def _unrun(self) -> tuple[list[str], list[list[str]]]:
        return ["attack", "what it does"], [[attack.name, attack.sentence] for attack in ATTACKS.values()]


def _words(report: AttackReport) -> str:
    """What there is to say about how it ended, in one line."""
    if report.result is None:
        return "–"
    if report.result.outcome is Outcome.EXITED:
        return "It ended by itself, and got nothing it was not granted." if report.unharmed else "It got what it was not granted."
    return report.result.message.partition("\n")[0] or "–"


def _first_comment(path: Path) -> str:
    """The comment that a guest's source begins with, which says what it does."""
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(";;"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)
