"""Measures the phases of a run: makes each runtime ready, and lets all that can do a phase compete in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from labkit.bench.clock import Clock
from labkit.bench.comparison import Comparison
from labkit.bench.contenders import HOST_CALLS, HOST_SUM, status_of, version
from labkit.bench.idle_instances import hold_instances
from labkit.bench.interleave import Progress, compare
from labkit.bench.phase import BY_HAND, InstanceMemory, Missing, Phase
from labkit.bench.whole_run import only_whole, whole_run
from labkit.errors import BenchError, LabkitError
from labkit.runtimes.instance import Module
from labkit.runtimes.interface import Runtime
from labkit.runtimes.registry import runtime

__all__ = ["OnPhaseBlock", "PhaseMeasures"]

_HELD = 200
# Shares of the time; where the clock is stopped for what comes before, each of its seconds takes several.
_SHARES = {
    Phase.COMPILE: 0.2,
    Phase.DESERIALIZE: 0.1,
    Phase.INSTANTIATE: 0.15,
    Phase.FIRST_CALL: 0.04,
    Phase.STEADY_CALL: 0.15,
    Phase.HOST_CALL: 0.1,
    Phase.RUN_IN_PROCESS: 0.1,
    Phase.RUN: 0.05,
}

Contender = Callable[[], Any]
#: Is told the samples of a block, as `labkit.bench.compare` tells them, after their phase and its contenders.
OnPhaseBlock = Callable[[Phase, tuple[str, ...], Sequence[float]], object]


@dataclass(frozen=True)
class _Subject:
    """A runtime that has done the call once."""

    runtime: Runtime
    module: Module
    value: Any


class PhaseMeasures:
    """A module's call on several runtimes, ready to be measured.

    Parameters
    ----------
    wasm : bytes
    export : str
    arguments : tuple
    names : sequence of str
        Runtimes; one that cannot do it is among `missing`.

    Attributes
    ----------
    names : tuple of str
        The runtimes that can.
    missing : list of Missing

    Raises
    ------
    LabkitError
        The first runtime's, if none can do it.
    BenchError
        If they disagree.
    """

    def __init__(self, wasm: bytes, export: str, arguments: tuple[int | float, ...], names: Sequence[str]) -> None:
        self.missing: list[Missing] = []
        self._wasm, self._export, self._arguments = wasm, export, arguments
        self._subjects: dict[str, _Subject] = {}
        self._clock = Clock()
        values: dict[str, Any] = {}
        errors: list[LabkitError] = []
        for name in names:
            try:
                if runtime(name, interruptible=False).in_process:
                    self._subjects[name] = self._subject(name)
                    values[name] = self._subjects[name].value
                else:
                    values[name] = self._run(name)()
                    self.missing.append(Missing(f"each step on {name}", only_whole(name), ""))
            except LabkitError as error:
                errors.append(error)
                self.missing.append(Missing(name, error.message, error.remedy))
        if not values:
            raise errors[0]
        self.names = tuple(values)
        # By their texts: no NaN is equal to itself.
        if len({repr(value) for value in values.values()}) > 1:
            told = ", ".join(f"{name} gave {value!r}" for name, value in values.items())
            raise BenchError(f"The runtimes disagree on {export}: {told}.", remedy="Measure a function whose result depends on its arguments alone.")

    def _subject(self, name: str) -> _Subject:
        # Without epoch checks, which slow some guests: nothing needs to interrupt one here but the end of the process.
        chosen = runtime(name, interruptible=False)
        module = chosen.compile(self._wasm)
        with module.instantiate() as instance:
            return _Subject(chosen, module, instance.func(self._export)(*self._arguments))

    def compare_phases(self, seconds: float, progress: Progress, on_block: OnPhaseBlock | None = None) -> dict[Phase, Comparison]:
        """Let the runtimes compete in each phase."""
        makers: dict[Phase, Callable[[_Subject], Contender]] = {
            Phase.COMPILE: lambda subject: partial(subject.runtime.compile, self._wasm),
            Phase.DESERIALIZE: lambda subject: partial(subject.runtime.deserialize, subject.module.serialize()),
            Phase.INSTANTIATE: lambda subject: partial(_make, subject.module),
            Phase.FIRST_CALL: lambda subject: self._first_call(subject.module),
            Phase.STEADY_CALL: lambda subject: partial(subject.module.instantiate().func(self._export), *self._arguments),
            Phase.HOST_CALL: lambda subject: self._host_calls(subject.runtime),
            Phase.RUN_IN_PROCESS: lambda subject: self._run_in_process(subject),
        }
        comparisons, done = {}, 0.0
        for phase in _SHARES:
            makes = {name: partial(self._run, name) for name in self.names}
            if phase in makers:
                makes = {name: partial(makers[phase], subject) for name, subject in self._subjects.items()}
            contenders = self._contenders(phase, makes)
            if contenders:
                found = compare(
                    contenders,
                    seconds=seconds * _SHARES[phase],
                    operations=HOST_CALLS if phase is Phase.HOST_CALL else 1,
                    versions=dict(zip(contenders, map(_version, contenders))),
                    progress=partial(_tell, progress, done, _SHARES[phase]),
                    on_block=partial(on_block, phase, tuple(contenders)) if on_block else None,
                    timer=self._clock if phase in (Phase.FIRST_CALL, Phase.RUN) else time.perf_counter,
                )
                comparisons[phase] = found
            done += _SHARES[phase]
        return comparisons

    def _contenders(self, phase: Phase, makes: Mapping[str, Callable[[], Contender]]) -> dict[str, Contender]:
        contenders: dict[str, Contender] = {}
        for name, make in makes.items():
            try:
                contender = make()
                contender()
                contenders[name] = contender
            except LabkitError as error:
                self.missing.append(Missing(f"{name}, {phase.value}", error.message, error.remedy))
        if "wasmtime" in contenders and (by_hand := self._by_hand(phase)) is not None:
            by_hand()
            contenders[BY_HAND] = by_hand
        return contenders

    def _by_hand(self, phase: Phase) -> Contender | None:
        """The same by Wasmtime's C functions; where one of them does it all, through the stock binding, which calls just that."""
        import wasmtime

        from labkit.runtimes._wasmtime_by_hand import hand_bound, hand_bound_one, hand_made

        subject = self._subjects["wasmtime"]
        engine, native = subject.runtime.engine(fuel=False), subject.module.native  # type: ignore[attr-defined]
        if phase is Phase.COMPILE:
            return partial(wasmtime.Module, engine, self._wasm)
        if phase is Phase.DESERIALIZE:
            return partial(wasmtime.Module.deserialize, engine, bytes(native.serialize()))
        if phase is Phase.INSTANTIATE:
            return hand_made(engine, native)
        if phase is Phase.STEADY_CALL:
            function = subject.module.instantiate().func(self._export)
            binders: dict[str, Any] = {"(i32, i32) -> i32": hand_bound, "(i32) -> i32": hand_bound_one}
            bind = binders.get(str(function.type))
            return partial(bind(function.store, function.native), *self._arguments) if bind else None
        return None

    def _first_call(self, module: Module) -> Contender:
        clock, export, arguments = self._clock, self._export, self._arguments

        def call() -> None:
            clock.stop()
            instance = module.instantiate()
            clock.go()
            instance.func(export)(*arguments)
            clock.stop()
            instance.close()
            clock.go()

        return call

    def _host_calls(self, chosen: Runtime) -> Contender:
        return partial(chosen.compile(HOST_SUM).instantiate({"host": {"same": _same}}).func("sum"), HOST_CALLS)

    def _run_in_process(self, subject: _Subject) -> Contender:
        artifact, deserialize = subject.module.serialize(), subject.runtime.deserialize

        def run_once() -> Any:
            with deserialize(artifact).instantiate() as instance:
                return instance.func(self._export)(*self._arguments)

        return run_once

    def _run(self, name: str) -> Contender:
        return whole_run(self._wasm, self._export, self._arguments, name, self._clock)

    def hold_instances(self) -> tuple[InstanceMemory, ...]:
        """Hold instances of each runtime in a process of their own, each after its first call."""
        held = []
        for name in self._subjects:
            try:
                found = hold_instances(name, [_HELD], wasm=self._wasm, export=self._export, arguments=self._arguments)
                held.append(InstanceMemory(name, _HELD, found.points[0][1] / _HELD))
            except LabkitError as error:
                self.missing.append(Missing(f"{name}, memory", error.message, error.remedy))
        return tuple(held)


def _version(contender: str) -> str:
    return version(status_of("wasmtime" if contender == BY_HAND else contender))


def _tell(progress: Progress, done: float, part: float, share: float) -> None:
    progress((done + share * part) / sum(_SHARES.values()))


def _same(value: int) -> int:
    return value


def _make(module: Module) -> None:
    module.instantiate().close()
