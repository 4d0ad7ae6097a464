"""The self-test's load is real and leaves nothing behind; its verdicts are what its trials were; a method that is wrong is caught."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from labkit.bench import find_bench, methods, self_test
from labkit.bench.goals import judge
from labkit.bench.load import LoadWatch
from labkit.bench.methods import METHODS, Trial
from labkit.bench.neighbours import Neighbours
from labkit.cli.output import to_jsonable


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_neighbours_keep_processors_busy_and_are_gone_afterwards():
    with Neighbours(1, count=2) as neighbours:
        pids = [process.pid for process in neighbours._processes]
        watch = LoadWatch()
        time.sleep(2.0)
        load = watch.read()
    if load.others_cpus is None:
        pytest.skip("this system does not tell what its processors do: /proc/stat is missing")
    assert load.others_cpus > 0.2
    assert not any(map(exists, pids))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc is missing, which tells whether a process is gone")
def test_neighbours_end_by_themselves_when_the_bench_is_killed():
    code = (
        "import time\nfrom labkit.bench.neighbours import Neighbours\n"
        "with Neighbours(1, count=2) as n:\n    print(*[p.pid for p in n._processes], flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        pids = [int(word) for word in bench.stdout.readline().split()]
        assert len(pids) == 2
        bench.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(running(pid) for pid in pids)


def running(pid: int) -> bool:
    """Whether it is there and no zombie, which nobody may ever wait for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_short_run_takes_the_same_trials_by_every_method_and_says_that_it_is_short():
    shares: list[float] = []
    report = judge(self_test.BENCH, self_test.BENCH.run(0.5, shares.append))
    (trials,) = report.findings.comparisons.values()
    assert set(trials.methods) == set(METHODS)
    counts = {len(rows) for rows in trials.methods.values()}
    assert len(counts) == 1
    assert shares[-1] == counts.pop() / 200
    assert "too few to tell" in str(report)
    assert "of this test's own came and went" in str(report)
    summary = json.loads(json.dumps(to_jsonable(report.summary()), allow_nan=False))
    assert summary["comparisons"]["A thing compared with itself"][0]["share"]["total"] == len(trials.methods["pyperf's method"])
    assert {found.contender for found in trials.measured()} == {f"{method}: {what}" for method in METHODS for what in ("ratio", "covers 1")}


@pytest.mark.parametrize(("misses", "met"), [(0, True), (14, True), (15, False), (200, False)])
def test_fewer_than_93_percent_miss_the_goal(misses, met, monkeypatch):
    answers = {method: iter([Trial(1.0, number >= misses, number < misses) for number in range(200)]) for method in METHODS}
    for method, trials in answers.items():
        monkeypatch.setitem(METHODS, method, lambda seconds, generator, trials=trials: next(trials))
    report = judge(self_test.BENCH, self_test.BENCH.run(self_test.BENCH.seconds, lambda share: None))
    assert report.met is met
    assert f"{200 - misses} of 200" in str(report)
    assert f"{misses} times" in str(report)
    assert "too few" not in str(report)


@pytest.mark.parametrize(("misses", "met"), [(0, True), (2, True), (9, False)])
def test_few_trials_miss_the_goal_only_where_they_exclude_it(misses, met, monkeypatch):
    monkeypatch.setattr(self_test, "_SECONDS", 1.0)
    ended = iter([0.0] * 20 + [1e9])  # the beginning, then once after each trial
    monkeypatch.setattr(self_test, "time", SimpleNamespace(monotonic=lambda: next(ended)))
    answers = {method: iter([Trial(1.0, number >= misses, number < misses) for number in range(20)]) for method in METHODS}
    for method, trials in answers.items():
        monkeypatch.setitem(METHODS, method, lambda seconds, generator, trials=trials: next(trials))
    findings = self_test._run(0.5, lambda share: None)
    monkeypatch.undo()
    report = judge(self_test.BENCH, findings)
    assert report.met is met
    assert f"{20 - misses} of 20; few, so " in str(report)


@pytest.mark.parametrize(("shift", "covers"), [(0.0, True), (0.5, False)])
def test_the_t_test_of_pyperfs_method_tells_what_differs_from_what_does_not(shift, covers, monkeypatch):
    calls, draws = 0, np.random.default_rng(4)

    def values(loops):
        nonlocal calls
        calls += 1
        return (draws.normal(1.0, 0.05, 3) + (shift if calls > 20 else 0.0)).tolist()

    monkeypatch.setattr(methods, "_values", values)
    trial = methods.pyperf_method(0.05, draws)
    assert calls == 40
    assert trial.covers_one is covers
    assert trial.named_winner is not covers
    assert trial.ratio == pytest.approx(1 + shift, rel=0.05)


@pytest.mark.parametrize(("factor", "covers"), [(1.0, True), (1.5, False)])
def test_one_after_the_other_sees_whatever_changed_in_between(factor, covers, monkeypatch):
    halves, draws = iter([1.0, factor]), np.random.default_rng(4)
    monkeypatch.setattr(methods, "_samples", lambda sampler, seconds: (next(halves) * draws.normal(1.0, 0.05, 60)).tolist())
    trial = methods.one_after_the_other(0.05, draws)
    assert trial.covers_one is covers
    assert trial.ratio == pytest.approx(factor, rel=0.05)


def test_labkits_own_method_never_counts_an_interval_without_bounds(monkeypatch):
    """Where the machine is so slow that few blocks fit, it takes more time instead."""
    asked: list[float] = []
    real = methods.compare

    def slow(contenders, *, seconds: float, seed: int):
        asked.append(seconds)
        return real(contenders, seconds=seconds / 20, seed=seed)

    monkeypatch.setattr(methods, "compare", slow)
    methods.interleaved(0.1, np.random.default_rng(1))
    assert len(asked) > 1


def test_it_is_found_by_its_name_and_no_longer_than_a_quick_bench_may_be():
    bench = find_bench("self-test")
    assert bench.quick_seconds is not None
    assert bench.quick_seconds < 29
    assert bench.goals[0].bound == 0.93
