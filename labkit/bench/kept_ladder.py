"""The ladder out of the store, as it was measured here or recorded elsewhere; what isolates a rung is the peer's own to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labkit.bench.comparison import Comparison
from labkit.bench.ladder import PARTS, Ladder, Rung
from labkit.bench.peers import PEERS, Peer
from labkit.bench.results.row import Row, Rows
from labkit.errors import ArgumentError

__all__ = ["kept_ladder"]


def kept_ladder(rows: Rows, title: str = "The ladder") -> Ladder:
    """Make a ladder again out of the store, or of a recorded run.

    Parameters
    ----------
    rows : Rows
        Where several runs have the title, the newest counts.
    title : str, optional
        What it was recorded as; that of ``python -m labkit bench spawn`` where left out.

    Returns
    -------
    Ladder
        Of those rungs that this labkit knows. Its ``source`` says whether it was measured here.

    Raises
    ------
    ArgumentError
        If the rows have no ladder of that title.

    Examples
    --------
    >>> kept_ladder(Rows())
    Traceback (most recent call last):
    ...
    labkit.errors.ArgumentError: No ladder 'The ladder' is among these rows. ...
    """
    names = [f"{title}: {part}" for part in PARTS]
    runs = [run for run in rows.runs() if any(row.comparison in names and row.samples for row in run)]
    if not runs:
        raise ArgumentError(f"No ladder {title!r} is among these rows.", remedy="Measure one: `python -m labkit bench spawn`.")
    comparisons = tuple(runs[-1].comparison(name) for name in names if any(row.comparison == name for row in runs[-1]))
    own = {row.contender: row for row in runs[-1] if row.comparison == title}
    rungs = tuple(rung for peer in PEERS if (rung := _kept_rung(peer, own, comparisons)) is not None)
    return Ladder(rungs, comparisons, sum(comparison.wall_seconds for comparison in comparisons), comparisons[0].source)


def _kept_rung(peer: type[Peer], own: Mapping[str, Row], comparisons: Iterable[Comparison]) -> Rung | None:
    """A rung out of the store; None where it was not asked for."""
    timings = [timing for comparison in comparisons for timing in comparison.timings if timing.name == peer.name]
    samples = tuple(sample for timing in timings for sample in timing.samples_seconds)
    error = own[peer.name].error if peer.name in own else ""
    if not samples and not error:
        return None
    image, memory, ending = (own[name].samples if (name := f"{peer.name}: {what}") in own else () for what in ("image", "memory", "ending"))
    return Rung(
        peer.name,
        peer.isolates,
        samples,
        error=error,
        image_bytes=round(image[0]) if image else None,
        memory_bytes=round(memory[0]) if memory else None,
        kind=peer.kind,
        ending_seconds=ending,
        note=timings[0].note if timings else "",
        version=timings[0].version if timings else "",
    )
