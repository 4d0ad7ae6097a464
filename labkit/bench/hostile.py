"""The bench of hostile guests: every attack on every runtime, and what stopped it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.bench.contenders import version
from labkit.bench.figures import Share
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.measured import Measured
from labkit.display import html_table, text_table
from labkit.runtimes.registry import runtimes
from labkit.sandbox.attacks import ATTACKS, AttackReport, stage
from labkit.sandbox.confinement import landlock_version

__all__ = ["BENCH", "AttackTable"]

_GOAL = Goal("attacks that came to what they should / all", 1.0, Direction.AT_LEAST)


@dataclass(frozen=True)
class AttackTable:
    """Attacks, a row each.

    Attributes
    ----------
    reports : sequence of AttackReport
    """

    reports: Sequence[AttackReport]

    def _rows(self) -> list[list[str]]:
        return [[*report.row(), "" if report.held else "BROKEN"] for report in self.reports]

    def __str__(self) -> str:
        return text_table([*AttackReport.HEADER, ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table([*AttackReport.HEADER, ""], self._rows())

    def summary(self) -> list[dict[str, Any]]:
        """The same for JSON."""
        return [
            {
                "attack": report.attack.name,
                "runtime": report.runtime,
                "stopped_by": report.stopped_by,
                "unharmed": report.unharmed,
                "next_is_well": report.next_is_well,
                "held": report.held,
            }
            for report in self.reports
        ]

    def measured(self) -> Iterable[Measured]:
        """Whether each attack came to what it should, as 1 or 0, for the store."""
        for report in self.reports:
            yield Measured(f"{report.attack.name} on {report.runtime}", (float(report.held),), unit="1")


#: How many times its seconds it may take, since attacks last as long as they last; it is stopped at three.
_PATIENCE = 2.0


def _run(seconds: float, progress: Progress) -> Findings:
    rows = [row for row in runtimes() if row.available]
    staged = [(name, row.name) for name in ATTACKS for row in rows]
    reports = []
    until = time.monotonic() + seconds * _PATIENCE
    for done, (name, runtime) in enumerate(staged, 1):
        if time.monotonic() > until:
            break
        reports.append(stage(name, runtime=runtime))
        progress(done / len(staged))
    missing = [row for row in runtimes() if not row.available]
    wall = landlock_version()
    notes = [f"{row.name} is not attacked: {row.reason}. {row.remedy}" for row in missing]
    if left_out := staged[len(reports) :]:
        notes.append(f"No time was left for {len(left_out)} of the attacks, from {left_out[0][0]!r} on {left_out[0][1]} onwards.")
    notes.append(f"Under the runtimes: Landlock {wall}." if wall else "This system has no Landlock: Wasmer is granted no folder here.")
    return Findings(
        {_GOAL.figure: Share(sum(report.held for report in reports), len(reports))},
        {"What stopped each attack": AttackTable(reports)},
        tuple(map(version, rows)),
        tuple(notes),
        {row.name: f"{row.reason}. {row.remedy}" for row in missing},
    )


BENCH = Bench("hostile", "What stops a hostile guest, on every runtime.", (_GOAL,), _run)
