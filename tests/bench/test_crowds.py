"""Crowds of idle guests: as many as were asked for, measured, and every process ended whatever happens."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.bench import crowds, idle_instances, idle_processes
from labkit.bench.figures import Unavailable
from labkit.bench.goals import judge
from labkit.bench.idle_instances import hold_instances
from labkit.bench.idle_processes import hold_processes, most_processes
from labkit.bench.native_process import native_program
from labkit.errors import BenchError, LabkitError, ToolchainUnavailable, Unsupported

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PSS is Linux's: /proc/PID/smaps_rollup is missing here")


@pytest.fixture
def idle(tmp_path) -> Path:
    """A native program that waits, for this test alone, so that others' processes are not counted."""
    program = native_program("idle")
    assert not isinstance(program, LabkitError), program
    return Path(shutil.copy2(program, tmp_path))


def _running(program: Path) -> int:
    """How many processes run a program."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*/exe"):
        try:
            found += entry.readlink() == program
        except OSError:
            continue
    return found


@pytest.mark.any_python
def test_instances_take_memory_and_more_take_more(runtime_name):
    held = hold_instances(runtime_name, [50, 1500])
    assert held.host_bytes > 2**20
    assert [count for count, _ in held.points] == [50, 1500]
    assert held.points[1][1] > 1500 * 512
    assert held.points[1][1] > held.points[0][1]


def test_instances_of_a_pool_and_of_a_module_of_ones_own():
    assert len(hold_instances("wasmtime", [20], pooled=True).points) == 1
    wat = '(module (memory (export "m") 16) (func (export "touch") (param i32) (i32.store8 (local.get 0) (i32.const 1))))'
    touched = hold_instances("wasmtime", [500], wasm=wat.encode(), export="touch", arguments=[0])
    assert touched.points[0][1] > 500 * 4096


def test_what_cannot_be_held_is_an_error_with_its_reason(monkeypatch):
    with pytest.raises(BenchError, match="no export 'absent'"):
        hold_instances("wasmtime", [5], export="absent")
    with pytest.raises(BenchError, match="addresses of a pool"):
        hold_instances("wasmtime", [2**31 - 2], pooled=True)
    monkeypatch.setattr(idle_instances, "_TIMEOUT_SECONDS", 0.01)
    with pytest.raises(BenchError, match="were not made in"):
        hold_instances("wasmtime", [5])


def test_a_system_that_does_not_tell_is_named(monkeypatch, idle):
    monkeypatch.setattr(sys, "platform", "darwin")
    for hold in (lambda: hold_instances("wasmtime", [5]), lambda: hold_processes(idle, [5])):
        with pytest.raises(Unsupported, match="Only Linux"):
            hold()


def test_processes_are_measured_and_ended(idle):
    points = hold_processes(idle, [10, 40])
    assert [count for count, _ in points] == [10, 40]
    assert points[1][1] > points[0][1] > 0
    assert _running(idle) == 0


def test_processes_are_ended_when_measuring_fails(idle, monkeypatch):
    def fail(pids):
        assert _running(idle) == 10
        raise KeyboardInterrupt

    monkeypatch.setattr(idle_processes, "pss_bytes", fail)
    with pytest.raises(KeyboardInterrupt):
        hold_processes(idle, [10])
    assert _running(idle) == 0


def test_processes_end_with_the_one_that_holds_them_even_where_it_is_killed(idle):
    program = (
        "import time; from pathlib import Path; from labkit.bench import idle_processes as holding; holding.pss_bytes = lambda pids: "
        f"[print('held', flush=True), time.sleep(60)]; holding.hold_processes(Path({str(idle)!r}), [10])"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert _running(idle) == 10
        holder.kill()
    deadline = time.monotonic() + 20
    while _running(idle) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _running(idle) == 0


def test_a_program_that_cannot_be_started_is_said(tmp_path):
    with pytest.raises(BenchError, match="absent cannot be started: No such file"):
        hold_processes(tmp_path / "absent", [1])


@pytest.mark.any_python
def test_the_bench_pairs_instances_with_processes(monkeypatch):
    monkeypatch.setattr(crowds, "_COUNTS", (20, 60))
    found = crowds.measure_crowds(seconds=1.0, counts=(20, 60), many=100, progress=lambda share: None, seed=1)
    assert len(found.blocks[crowds.INSTANCES]) == len(found.blocks[crowds.PROCESSES]) == len(found.blocks[f"{crowds.PROCESSES}, again"]) >= 1
    assert [count for count, _ in found.series[crowds.PROCESSES]] == [20, 60, min(100, most_processes())]
    assert 0 < found.ratio(1).value < 10
    assert any("is not counted" in note for note in found.notes)


def test_without_a_native_program_the_goal_is_unavailable_and_the_rest_is_shown(monkeypatch):
    absent = ToolchainUnavailable("There is no Zig.", remedy="Install it.")
    monkeypatch.setattr(crowds, "native_program", lambda name, static=True: absent)
    monkeypatch.setattr(crowds, "_COUNTS", (20,))
    monkeypatch.setattr(crowds.measure_crowds, "__kwdefaults__", {**crowds.measure_crowds.__kwdefaults__, "counts": (20,)})
    report = judge(crowds.BENCH, crowds.BENCH.run(0.5, lambda share: None))
    assert isinstance(report.judgements[0].figure, Unavailable)
    assert not report.met
    assert "unavailable: There is no Zig. Install it." in str(report)
    assert crowds.POOLED in report.findings.comparisons["Memory of idle guests"].series


def test_memory_that_does_not_grow_is_no_ratio():
    found = crowds.Crowds({name: [-68_608] for name in (crowds.INSTANCES, crowds.PROCESSES, f"{crowds.PROCESSES}, again")})
    assert "gave back as much memory as they took. Hold more" in found.ratio(1).reason
