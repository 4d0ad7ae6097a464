"""What was recorded is never drawn as live, whatever the caller says or leaves out."""

from __future__ import annotations

from collections.abc import Iterable

from labkit.bench.source import Source

__all__ = ["recorded_words", "title_words"]


def recorded_words(sources: Iterable[Source], where: str) -> str:
    """Where data was recorded, if it was.

    Examples
    --------
    >>> recorded_words([Source.LIVE], "elsewhere"), recorded_words([Source.RECORDED], "")
    ('', 'on another machine')
    """
    return (where or "on another machine") if Source.RECORDED in sources else ""


def title_words(words: str, recorded: str) -> str:
    """The first sentence of a description.

    Examples
    --------
    >>> title_words("Phases of a run", ""), title_words("Phases of a run", "on an EPYC")
    ('Phases of a run.', 'Phases of a run, recorded: on an EPYC.')
    """
    return f"{words}, recorded: {recorded}." if recorded else f"{words}."
