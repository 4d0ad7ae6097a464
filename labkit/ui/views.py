"""What each kind of result looks like: the plots of a panel, while it measures and at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from typing import Any

from labkit.bench.call_comparison import CallComparison, samples_word
from labkit.bench.comparison import Comparison
from labkit.bench.experiment import SamplesSoFar
from labkit.bench.ladder import Ladder
from labkit.bench.phases import Phases
from labkit.bench.phases_experiment import PhasesSoFar
from labkit.display import format_bytes
from labkit.ui.drawn import Drawn
from labkit.ui.plots import Plot, plot_distribution, plot_ladder, plot_phases, plot_ratios
from labkit.ui.plots.easel import Easel
from labkit.ui.plots.phases import plot_phase_timings
from labkit.ui.plots.plot import STYLE, folded

__all__ = ["doubts", "glimpse", "notes", "see", "view"]

#: So many warnings are read.
_FEW = 3


def see(found: Any, *, result: Any = None) -> Drawn:
    """Draw what was found as a panel shows it.

    Examples
    --------
    >>> so_far = SamplesSoFar(("a", "b"), [(1.0, 2.0, 1.0)] * 10)
    >>> see(so_far.comparison).pictures.count("<img")
    2
    """
    plots = view(found)
    words = _paragraphs(notes(found)) + _warnings(doubts(found))
    details = folded("".join(plot.table for plot in plots))
    return Drawn(_pictures(plots), words + details, result)


def glimpse(so_far: Any, easel: Easel) -> Drawn:
    """Draw what there is so far, to be replaced by the next picture.

    Examples
    --------
    >>> glimpse(SamplesSoFar(("a", "b"), [(1.0, 2.0, 1.0)] * 10), Easel()).pictures.count("<img")
    2
    """
    with easel.at_work():
        return Drawn(_pictures(view(so_far)), "")


def _pictures(plots: Iterable[Plot]) -> str:
    return f'{STYLE}<div class="labkit-plot">{"".join(f"<div>{plot.img}</div>" for plot in plots)}</div>'


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f'<p style="opacity:0.8">{escape(sentence)}</p>' for sentence in sentences)


def _warnings(sentences: Sequence[str]) -> str:
    """Few stand there to be read; many are folded away behind their number."""
    lines = _paragraphs(f"⚠ {sentence}" for sentence in sentences)
    return lines if len(sentences) <= _FEW else f"<details><summary>⚠ {len(sentences)} warnings</summary>{lines}</details>"


@singledispatch
def notes(found: Any) -> tuple[str, ...]:
    """What a reader should know of what was found: versions, and what is missing."""
    return ()


@notes.register
def _(found: Comparison) -> tuple[str, ...]:
    return (found.verdict,)


@notes.register
def _(found: CallComparison) -> tuple[str, ...]:
    return found.notes


@notes.register
def _(found: Phases) -> tuple[str, ...]:
    memory = ", ".join(f"{held.runtime} {format_bytes(round(held.pss_bytes))}" for held in found.memory)
    measured = f"Measured: {', '.join(found.versions)}."
    return (*found.contents, measured, *map(str, found.missing), *([f"Memory that one more instance takes (PSS): {memory}."] if memory else []))


@singledispatch
def doubts(found: Any) -> tuple[str, ...]:
    """What makes it doubtful."""
    return ()


@doubts.register(Comparison)
@doubts.register(Ladder)
def _(found: Comparison | Ladder) -> tuple[str, ...]:
    return found.warnings


@doubts.register
def _(found: CallComparison) -> tuple[str, ...]:
    return found.comparison.warnings


@doubts.register
def _(found: Phases) -> tuple[str, ...]:
    return tuple(f"{phase.value}: {warning}" for phase, each in found.comparisons.items() for warning in each.warnings)


@singledispatch
def view(found: Any) -> tuple[Plot, ...]:
    """Draw what was found, or what there is so far."""
    raise NotImplementedError(type(found).__name__)


@view.register
def _(found: Comparison) -> tuple[Plot, ...]:
    return plot_distribution(found), plot_ratios(found)


@view.register
def _(found: SamplesSoFar) -> tuple[Plot, ...]:
    comparison = found.comparison
    return plot_distribution(comparison, of=found.samples_word), plot_ratios(comparison)


@view.register
def _(found: CallComparison) -> tuple[Plot, ...]:
    return plot_distribution(found.comparison, of=samples_word(found.phase)), plot_ratios(found.comparison)


@view.register
def _(found: Ladder) -> tuple[Plot, ...]:
    return (plot_ladder(found),)


@view.register
def _(found: PhasesSoFar) -> tuple[Plot, ...]:
    return (plot_phase_timings(found.timings),)


@view.register
def _(found: Phases) -> tuple[Plot, ...]:
    return (plot_phases(found),)
