"""The phases of a run as an experiment that a reader watches: each phase appears as soon as it has samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.bench.comparison import Timing
from labkit.bench.experiment import ExperimentOnCall, Tell
from labkit.bench.phases import Phase, Phases, measure_phases

__all__ = ["PhasesExperiment", "PhasesSoFar"]


@dataclass
class PhasesSoFar:
    """The samples of phases that are still being measured.

    Attributes
    ----------
    samples : dict of Phase to dict of str to list of float
        Seconds for one operation, by contender.

    Examples
    --------
    >>> so_far = PhasesSoFar()
    >>> so_far.add(Phase.COMPILE, ("a", "b"), (1.0, 2.0, 1.1))
    >>> so_far.timings[Phase.COMPILE][1].median_seconds
    2.0
    """

    samples: dict[Phase, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, phase: Phase, names: tuple[str, ...], block: Sequence[float]) -> None:
        """Add a block; the control's sample, which stands last, is not shown."""
        columns = self.samples.setdefault(phase, {name: [] for name in names})
        for name, seconds in zip(names, block):
            columns[name].append(seconds)

    @property
    def timings(self) -> dict[Phase, tuple[Timing, ...]]:
        """The same, phase by phase."""
        return {phase: tuple(Timing(name, 1, tuple(column)) for name, column in columns.items()) for phase, columns in self.samples.items()}


@dataclass(frozen=True)
class PhasesExperiment(ExperimentOnCall):
    """Measures the phases of a call on several runtimes.

    Attributes
    ----------
    wasm : bytes
        A module that needs no imports.
    export : str
    arguments : tuple
    runtimes : tuple of str
        The first is what the others are held against.
    seconds : float
        How long to measure; getting ready comes on top.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> square = to_wasm('(module (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))')
    >>> found = PhasesExperiment(square, "square", (9,), ("wasmtime",), 0.5).measure(lambda share, so_far: None)
    >>> found.runtimes[0]
    'wasmtime'
    """

    def measure(self, tell: Tell) -> Phases:
        """Measure.

        Raises
        ------
        LabkitError
            As `labkit.bench.phases.measure_phases` does.
        """
        so_far = PhasesSoFar()
        return measure_phases(
            self.wasm,
            export=self.export,
            arguments=self.arguments,
            runtimes=self.runtimes,
            seconds=self.seconds,
            # Told after the block that has just been added.
            progress=lambda share: tell(share, so_far),
            on_block=so_far.add,
        )
