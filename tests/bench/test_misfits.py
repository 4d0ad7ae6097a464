"""What a module pays beside its own code, and what it cannot do: every trial is made, and says what happened."""

from __future__ import annotations

import json

import pytest

from labkit.bench import large_start, system_calls
from labkit.bench.boundary import LARGEST_BYTES, compare_copies, compare_crossings
from labkit.bench.large_start import compare_large_starts
from labkit.bench.misfits import FOUR_GIB, MORE, ONE_PAGE_MORE, THREADS, count_in_threads, try_misfits
from labkit.bench.published import PUBLISHED
from labkit.bench.system_calls import OPERATIONS, compare_system_calls
from labkit.cli.output import to_jsonable
from labkit.errors import ArgumentError, BenchError
from labkit.runtimes.registry import runtimes

HERE = {row.name for row in runtimes() if row.available and row.in_process}


def test_every_trial_is_made_on_every_runtime():
    trials = try_misfits()
    for what in (THREADS, FOUR_GIB, ONE_PAGE_MORE, MORE):
        assert set(trials.of(what)) >= HERE
    assert not any(trials.of(ONE_PAGE_MORE).values())
    assert not any(works for name, works in trials.of(THREADS).items() if name.startswith("wasmer"))
    assert trials.of(THREADS)["wasmtime, shared memories switched on"]
    assert all(trial.found for trial in trials.trials)
    assert "threads on one memory" in trials._repr_html_()
    json.dumps(to_jsonable(trials.summary()))
    assert {found.samples[0] for found in trials.measured()} == {0.0, 1.0}


def test_no_addition_of_any_thread_is_lost():
    assert count_in_threads(4, 50_000) == 200_000


def test_copies_have_a_row_for_each_engine_and_direction():
    comparison = compare_copies(4096, seconds=0.1)
    names = [timing.name for timing in comparison.timings]
    assert names[:3] == ["within Python", "into wasmtime", "out of wasmtime"]
    assert ("into wasmer" in names) == ("wasmer" in HERE)


@pytest.mark.parametrize("size", [0, -1, LARGEST_BYTES + 1, 1.5])
def test_what_cannot_be_copied_is_refused(size):
    with pytest.raises(ArgumentError, match="cannot be copied"):
        compare_copies(size)


def test_a_call_of_the_host_costs_more_than_one_within_the_guest():
    assert compare_crossings(seconds=0.3).ratio("from wasmtime to Python", "within a guest").median > 1


@pytest.mark.any_python
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_program_makes_its_calls_native_and_on_every_engine(operation):
    comparison = compare_system_calls(operation, seconds=0.1)
    assert [timing.name for timing in comparison.timings][:2] == ["native", "wasmtime"]
    assert all(timing.minimum_seconds > 0 for timing in comparison.timings)


def test_a_runtime_that_does_not_run_the_program_is_left_out_and_named(monkeypatch):
    def refuse(*_):
        raise BenchError("It does not run.", remedy="Mend it.")

    monkeypatch.setattr(system_calls, "_guest", refuse)
    comparison = compare_system_calls("clock", seconds=0.1)
    assert [timing.name for timing in comparison.timings] == ["native"]
    assert "wasmtime is left out. It does not run. Mend it." in comparison.warnings


def test_a_program_that_does_not_make_its_calls_is_not_timed():
    with pytest.raises(BenchError, match="did not tell how long it took on wasmtime"):
        system_calls._seconds("wasmtime", "read", b"")
    with pytest.raises(ArgumentError, match="Choose one of read, write, clock"):
        compare_system_calls("fly")


def test_an_interpreter_that_prints_something_else_is_not_timed(monkeypatch):
    monkeypatch.setattr(large_start, "_process", lambda command: b"Traceback")
    with pytest.raises(BenchError, match="printed b'Traceback'"):
        compare_large_starts(seconds=0.1)


def test_interpreters_as_modules_stand_beside_a_native_one():
    names = [timing.name for timing in compare_large_starts(seconds=0.2).timings]
    assert names[0] == "Python, native"
    assert "QuickJS, on wasmtime" in names


def test_published_figures_say_whose_they_are_and_are_kept_out_of_the_store():
    for shown in (str(PUBLISHED), PUBLISHED._repr_html_()):
        for word in ("published, not measured here", "Jangda", "Frank Denis", "2019", "https://"):
            assert word in shown
    assert list(PUBLISHED.measured()) == []
