"""Surveys the languages: what each builds here, where that runs, how large it is, when it starts, how fast it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from labkit.bench.arguments import checked_names, checked_seconds
from labkit.bench.comparison import Comparison
from labkit.bench.contenders import status_of, version
from labkit.bench.figures import Ratio
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress
from labkit.bench.language_measures import (
    GUEST_LIMITS,
    MEASURED_ON,
    build_library,
    build_program,
    compare_measures,
    kernel_seconds,
    start_seconds,
)
from labkit.display import format_bytes, format_seconds, html_table, shorten, text_table
from labkit.errors import BenchError, LabkitError, ToolchainUnavailable
from labkit.runtimes.registry import RUNTIME_NAMES, runtimes
from labkit.sandbox.run import Result, run
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.registry import LANGUAGE_NAMES, language_named

__all__ = ["BENCH", "SURVEYED", "LanguageRow", "LanguageSurvey", "survey_languages"]

#: C first: the others' times are told in its own.
SURVEYED = ("c", "cpp", "rust", "zig", "assemblyscript", "go", "javascript", "python")
# How much of the time goes to the kernel; the starts take the rest.
_KERNEL_SHARE = 0.8
_LONGEST_WORDS = 80
_GOAL = Goal("fib: Rust / C", 1.5, Direction.AT_MOST)


_HEADER = ("language", "toolchain", "builds here", "runs on", "program", "function", "compiled in", "starts in", "fib / C's (95 %)")
_RIGHT = (4, 5, 6, 7, 8)


@dataclass(frozen=True)
class LanguageRow:
    """What was found of one language.

    Attributes
    ----------
    name, title : str
    hello, library : Artifact or None
        The course's program and its function; None where it can be neither built nor taken prebuilt.
    reason : str
        Why, with what to do about it.
    runs_on : mapping of str to str
        By runtime: empty where the program does what it should, else why not.
    start_seconds : float or None
        How long the program takes to do nothing, at best.
    kernel : Ratio or None
        Time of a call of the function over the first language's.
    kernel_reason : str
        Why there is none.
    """

    name: str
    title: str
    hello: Artifact | None
    library: Artifact | None
    reason: str
    runs_on: Mapping[str, str]
    start_seconds: float | None
    kernel: Ratio | None
    kernel_reason: str

    def _cells(self) -> list[str]:
        if self.hello is None or self.library is None:
            return [self.title, "–", f"no: {self.reason}", *["–"] * 6]
        runs = "; ".join(f"{name}: no ({why})" if why else name for name, why in self.runs_on.items())
        built = "no: taken prebuilt" if self.hello.prebuilt else "yes"
        # An interpreter is what every program and every function of the language is.
        function = "the same" if self.library.path == self.hello.path else format_bytes(self.library.size_bytes)
        compiled = "–" if self.hello.prebuilt or self.hello.arguments else format_seconds(self.hello.wall_seconds)
        start = "–" if self.start_seconds is None else format_seconds(self.start_seconds)
        kernel = self.kernel.figures if self.kernel else "not measured"
        return [self.title, self.hello.toolchain, built, runs, format_bytes(self.hello.size_bytes), function, compiled, start, kernel]


@dataclass(frozen=True)
class LanguageSurvey:
    """What was found of all languages.

    Attributes
    ----------
    rows : tuple of LanguageRow
    kernel, starts : Comparison
        The interleaved measurements behind the figures.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing from the tables, and why."""
        unmeasured = [f"{row.title}: fib is not measured. {row.kernel_reason}" for row in self.rows if row.kernel_reason]
        return (*unmeasured, *(f"{row.title}: {row.hello.note}" for row in self.rows if row.hello and row.hello.note), *self.kernel.warnings)

    rows: tuple[LanguageRow, ...]
    kernel: Comparison
    starts: Comparison

    def __str__(self) -> str:
        table = text_table(_HEADER, [row._cells() for row in self.rows], right=_RIGHT)
        return "\n\n".join([table, "\n".join(self.notes)]).rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        caption = "Sizes are of the program that prints its arguments, environment and input, and of the function fib alone."
        absent = [number for number, row in enumerate(self.rows) if row.hello is None]
        table = html_table(_HEADER, [row._cells() for row in self.rows], caption=caption, right=_RIGHT, grey=absent)
        return table + "".join(f"<p>{escape(note)}</p>" for note in self.notes)


def survey_languages(
    languages: Sequence[str] = SURVEYED,
    *,
    runtime_names: Sequence[str] = ("wasmtime", "wasmer", "wasmedge", "v8"),
    seconds: float = 5.0,
    progress: Progress | None = None,
) -> LanguageSurvey:
    """Build, run and measure the same two programs in every language; `try_features` then tries what each can do.

    Parameters
    ----------
    languages : sequence of str, optional
        The first is what the others' times are told in.
    runtime_names : sequence of str, optional
        Where the program is run; those that are not here are left out.
    seconds : float, optional
        How long to measure; at least six rounds are made. What is to be built first comes on top.
    progress : callable, optional
        Told which share is over.

    Returns
    -------
    LanguageSurvey

    Raises
    ------
    BenchError
        If not even the first language can be measured.

    Examples
    --------
    >>> survey = survey_languages(["c"], runtime_names=["wasmtime"], seconds=0.1)
    >>> survey.rows[0].runs_on
    {'wasmtime': ''}
    """
    seconds = checked_seconds(seconds)
    names = [language_named(name).name for name in checked_names(languages, LANGUAGE_NAMES, what="language", found_later=True)]
    runtime_names = checked_names(runtime_names, RUNTIME_NAMES, what="runtime")
    here = {row.name for row in runtimes() if row.available}
    told = progress or (lambda share: None)
    programs: dict[str, tuple[Artifact, Artifact]] = {}
    reasons: dict[str, str] = {}
    for number, name in enumerate(names):
        try:
            programs[name] = (build_program(name), build_library(name))
        except ToolchainUnavailable as error:
            reasons[name] = str(error)
        told(0.3 * (number + 1) / len(names))
    runs_on = {name: {runtime: _why_not(pair[0], runtime) for runtime in runtime_names if runtime in here} for name, pair in programs.items()}
    kernel_reasons, kernels = _that_work({name: partial(kernel_seconds, pair[1]) for name, pair in programs.items()})
    _, starts = _that_work({name: partial(start_seconds, pair[0]) for name, pair in programs.items()})
    if names[0] not in kernels or names[0] not in starts:
        raise BenchError(
            f"{names[0]} cannot be measured: {kernel_reasons.get(names[0]) or reasons.get(names[0])}", remedy="Begin with a language that can."
        )
    versions = {name: f"{pair[0].toolchain}, {version(status_of(MEASURED_ON))}" for name, pair in programs.items()}
    kernel = compare_measures(kernels, seconds * _KERNEL_SHARE, lambda share: told(0.4 + 0.4 * share), versions=versions)
    start = compare_measures(starts, seconds * (1 - _KERNEL_SHARE), lambda share: told(0.8 + 0.1 * share), versions=versions)
    rows = tuple(_row(name, programs.get(name), reasons, runs_on, kernel, kernel_reasons, start) for name in names)
    told(1.0)
    return LanguageSurvey(rows, kernel, start)


def _row(
    name: str,
    pair: tuple[Artifact, Artifact] | None,
    reasons: Mapping[str, str],
    runs_on: Mapping[str, Mapping[str, str]],
    kernel: Comparison,
    kernel_reasons: Mapping[str, str],
    start: Comparison,
) -> LanguageRow:
    hello, library = pair or (None, None)
    starts = {timing.name: timing.minimum_seconds for timing in start.timings}
    first = kernel.timings[0].name
    measured = {timing.name for timing in kernel.timings}
    ratio = None if name not in measured else kernel.control if name == first else kernel.ratio(name, first)
    title = language_named(name).title
    why = reasons.get(name, "")
    return LanguageRow(name, title, hello, library, why, runs_on.get(name, {}), starts.get(name), ratio, kernel_reasons.get(name, ""))


def _why_not(hello: Artifact, runtime: str) -> str:
    """Run the program on a runtime; empty where it prints what it should."""
    try:
        result = run(hello, args=[*hello.arguments, "a"], runtime=runtime, limits=GUEST_LIMITS)
    except LabkitError as error:
        return str(error)
    return "" if result.stdout == b"argument 1: a\n" else _failure(result)


def _failure(result: Result) -> str:
    """In one line, how a run ended that did not print what it should: the runtime's words, and the program's own."""
    said = " ".join(result.stderr.decode("utf-8", "replace").split())
    ended = result.message or (f"exit code {result.exit_code}" if result.exit_code else f"it printed {result.stdout[:40]!r}")
    return f"{ended.rstrip('.')}: {shorten(said, _LONGEST_WORDS)}" if said else ended


def _that_work(measures: Mapping[str, Callable[[], float]]) -> tuple[dict[str, str], dict[str, Callable[[], float]]]:
    """Try each once; why some cannot be measured, and the others."""
    reasons: dict[str, str] = {}
    for name, measure in measures.items():
        try:
            measure()
        except LabkitError as error:
            reasons[name] = str(error)
    return reasons, {name: measure for name, measure in measures.items() if name not in reasons}


def _run(seconds: float, progress: Progress) -> Findings:
    survey = survey_languages(seconds=seconds, progress=progress)
    figures = {f"fib: {row.title} / C": row.kernel for row in survey.rows[1:] if row.kernel is not None}
    unavailable = {row.title: row.reason or row.kernel_reason for row in survey.rows if row.kernel is None}
    versions = [f"{row.title}: {row.hello.toolchain}{' (prebuilt)' if row.hello.prebuilt else ''}" for row in survey.rows if row.hello]
    return Findings(
        figures,
        {"A call of fib": survey.kernel, "A program that does nothing": survey.starts},
        (version(status_of(MEASURED_ON)), *versions),
        tuple(f"{name} is not measured: {why}" for name, why in unavailable.items()),
        unavailable,
    )


BENCH = Bench("languages", "What a language costs: the same function and the same program in each.", (_GOAL,), _run)
