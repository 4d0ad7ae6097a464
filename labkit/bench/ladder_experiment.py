"""The ladder of cold starts as an experiment that a reader watches: each rung appears when it is prepared, and then its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labkit.bench.climb import measure_ladder
from labkit.bench.experiment import Experiment, Tell
from labkit.bench.ladder import Ladder

__all__ = ["LadderExperiment"]


@dataclass(frozen=True)
class LadderExperiment(Experiment):
    """Measures cold starts.

    Attributes
    ----------
    names : tuple of str
        The rungs, of `labkit.bench.climb.RUNG_NAMES`.
    seconds : float
        How long to take; preparing is in it.

    Examples
    --------
    >>> told = []
    >>> ladder = LadderExperiment(("wasm instance",), 1.0).measure(lambda share, so_far: told.append(so_far.rungs))
    >>> [rung.measured_here for rung in ladder.rungs], len(told) > 2
    ([True, True], True)
    """

    # What containers leave behind does not go with the process that started them.
    cleans_up: ClassVar[bool] = True

    names: tuple[str, ...]
    seconds: float

    def measure(self, tell: Tell) -> Ladder:
        """Measure.

        Raises
        ------
        LabkitError
            If not even the first rung runs.
        """
        done = 0.0

        def progress(share: float) -> None:
            nonlocal done
            done = share

        return measure_ladder(seconds=self.seconds, names=self.names, progress=progress, on_change=lambda ladder: tell(done, ladder))
