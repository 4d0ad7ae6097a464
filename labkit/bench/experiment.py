"""Something to measure while a reader watches: it is sent to a process of its own, and tells what it has so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from labkit.bench.comparison import Comparison, Timing
from labkit.bench.conclusion import conclude
from labkit.bench.load import Load

__all__ = ["Experiment", "ExperimentOnCall", "SamplesSoFar", "Tell"]

#: Is told which share of the time is over, and what there is so far: something that can be pickled.
Tell = Callable[[float, Any], object]


class Experiment(ABC):
    """A measurement with its parameters; it can be pickled, and so can what it gives.

    Attributes
    ----------
    cleans_up : bool
        Whether it leaves something behind where it is killed at once; it then gets a moment, and `SystemExit` is raised in it.
    """

    cleans_up: ClassVar[bool] = False

    @abstractmethod
    def measure(self, tell: Tell) -> Any:
        """Measure, tell as it goes on, and give the result."""


@dataclass(frozen=True)
class ExperimentOnCall(Experiment):
    """An experiment on a call of a module's function, on several runtimes."""

    wasm: bytes = field(repr=False)
    export: str
    arguments: tuple[Any, ...]
    runtimes: tuple[str, ...]
    seconds: float

    @property
    def call(self) -> str:
        """The function and its arguments."""
        return f"{self.export}({', '.join(map(str, self.arguments))})"


@dataclass
class SamplesSoFar:
    """The blocks that a comparison has taken so far.

    Attributes
    ----------
    names : tuple of str
        The contenders.
    blocks : list of sequences of float
        As `labkit.bench.compare` tells them.
    samples_word : str
        What the samples are called.

    Examples
    --------
    >>> so_far = SamplesSoFar(("a", "b"))
    >>> so_far.blocks += [(1.0, 2.0, 1.0)] * 10
    >>> so_far.comparison.ratio("b", "a").median
    2.0
    """

    names: tuple[str, ...]
    blocks: list[Sequence[float]] = field(default_factory=list)
    samples_word: str = "samples"

    @property
    def comparison(self) -> Comparison:
        """What would follow if these were all."""
        *columns, control = zip(*self.blocks)
        timings = [Timing(name, 1, column) for name, column in zip(self.names, columns)]
        return conclude(timings, control, load=Load(None, None, None), overhead_seconds=0.0, wall_seconds=0.0, seed=0)
