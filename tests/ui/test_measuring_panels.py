"""Panels that measure, without a browser: what they find and say, cancelling, bad input, and that no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from labkit.bench.phase import Phase
from labkit.errors import ArgumentError, Closed, ExportNotFound, LabkitError, RuntimeUnavailable, UnreadableFile
from labkit.ui import ColdStartLadder, PhaseExplorer, RuntimeComparison
from labkit.ui.drawn import Drawn
from tests.conftest import COMMAND_NAMES, WASMER_NAMES, require

pytestmark = pytest.mark.any_python  # the process that measures is tested on every Python in tests/bench

VIEW = "application/vnd.jupyter.widget-view+json"
FIB = """(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
    (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))
  (func (export "forever") (loop (br 0)))
  (func (export "trap") (param i32) unreachable)
  (func (export "pair") (result i32 i32) (i32.const 1) (i32.const 2)))"""
#: One of each binding; how it compiles makes no difference to what a panel does.
BINDINGS = ["wasmtime", "libwasmer", *WASMER_NAMES[:1]]
#: As long as anything here may take on a machine that is kept busy; what is waited for ends the waiting.
SECONDS = 300


def children(parent: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def role(pid: int) -> str:
    """Whether a process draws or measures."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return next((name for name in ("labkit.bench.measurer", "labkit.ui.painter") if name.encode() in words), "")


def measuring(pids: list[int]) -> list[int]:
    """Those that measure or draw."""
    return [pid for pid in pids if role(pid)]


def both(parent: int) -> bool:
    """Whether the process that draws and the one that measures are there; between fork and exec one looks like the other."""
    return len({role(pid) for pid in measuring(children(parent))}) == 2


def wait_for(condition, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it has not come about"
        time.sleep(0.02)


@pytest.fixture
def make():
    made = []

    def make(*args, **options) -> RuntimeComparison:
        panel = RuntimeComparison(*args, **{"runtimes": ["wasmtime", "wasmtime-winch"], "seconds": 1.0, **options})
        made.append(panel)
        return panel

    yield make
    for panel in made:
        panel.close()


def test_a_panel_measures_and_says_what_it_found(make):
    panel = make(FIB, export="fib", args=[10], bounds=[(0, 20)])
    assert "fib(n: i32) → i32" in panel._repr_mimebundle_()["text/html"]
    panel.run()
    assert panel.status == "Measuring fib(10) on wasmtime, wasmtime-winch…"
    panel.wait(SECONDS)
    assert panel.result.value == 55
    assert panel.status.startswith("fib(10) gave 55 everywhere.")
    assert [timing.name for timing in panel.result.comparison.timings] == ["wasmtime", "wasmtime-winch"]
    bundle = panel._repr_mimebundle_()
    assert VIEW in bundle
    assert bundle["text/html"].count("<img") == 2
    assert "<details>" in bundle["text/html"]
    assert "wasmtime-winch" in bundle["text/plain"]


def test_the_plot_and_the_progress_grow_meanwhile(make):
    panel = make(FIB, export="fib", args=[10], seconds=60)
    frames: list[tuple[float, Drawn]] = []
    show = panel._show
    panel._show = lambda share, drawn: (show(share, drawn), frames.append((panel._progress.value, drawn)))
    panel.run()
    wait_for(lambda: len(frames) >= 3)
    shares, drawn = zip(*frames)
    assert list(shares) == sorted(set(shares))
    assert len({each.pictures for each in drawn}) == len(drawn)


def test_measure_leaves_the_table_and_the_plot_where_no_kernel_is():
    source = "import labkit.ui\npanel = labkit.ui.RuntimeComparison(export='fib', args=[5], runtimes=['wasmtime'], seconds=0.5)\npanel.measure()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=SECONDS, store_widget_state=False).execute()
    (output,) = notebook.cells[0].outputs
    assert VIEW in output.data
    assert output.data["text/html"].startswith("<p>fib(5) gave 5 everywhere.")
    assert output.data["text/html"].count("<img") == 2
    assert "wasmtime" in output.data["text/plain"]


@pytest.mark.parametrize("name", BINDINGS)
def test_cancel_ends_a_guest_that_never_would_and_the_next_run_works(make, name: str):
    panel = make(FIB, export="forever", runtimes=[require(name)])
    panel.run()
    wait_for(lambda: both(os.getpid()))
    panel.run()  # does nothing while one is on its way
    panel.cancel()
    panel.wait(SECONDS)
    assert not panel.is_running
    assert panel.status.startswith("Cancelled")
    assert panel.result is None
    wait_for(lambda: not measuring(children(os.getpid())))
    panel._controls._picker.value = "pair"
    panel.run()
    panel.wait(SECONDS)
    assert panel.result is not None or "CompileError" in panel.status


def test_cancelling_keeps_what_an_earlier_run_has_found(make):
    panel = make(FIB, export="fib", args=[5])
    panel.run()
    panel.wait(SECONDS)
    found, pictures = panel.result, panel._pictures.value
    panel._controls._picker.value = "forever"
    panel.run()
    panel.cancel()
    panel.wait(SECONDS)
    assert panel.result is found
    assert panel._pictures.value == pictures


def test_a_second_panel_takes_over_so_that_no_two_measure_each_other(make):
    first, second = make(FIB, export="forever"), make(FIB, export="fib", args=[5])
    first.run()
    second.run()
    first.wait(SECONDS)
    second.wait(SECONDS)
    assert first.status.startswith("Cancelled")
    assert second.result.value == 5


def test_a_trap_stands_in_the_panel(make):
    panel = make(FIB, export="trap", args=[1])
    panel.run()
    panel.wait(SECONDS)
    assert panel.status.startswith("GuestTrap: The guest trapped on wasmtime: unreachable.")
    assert panel.result is None


@pytest.mark.parametrize("name", BINDINGS)
def test_a_guest_that_fills_its_memory_does_not_fill_the_machine(make, name: str):
    module = """(module (memory 1)
      (func (export "fill") (result i32)
        (loop $next (br_if $next (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))
        (memory.size)))"""
    panel = make(module, export="fill", runtimes=[require(name)], seconds=0.5)
    panel.measure()
    assert 2**29 < panel.result.value * 2**16 <= 2**30


def test_a_memory_that_begins_too_large_stands_in_the_panel(make):
    panel = make('(module (memory 20000) (func (export "nothing")))')
    panel.measure()
    assert panel.status.startswith("LimitExceeded: ")
    assert panel.status.endswith("Pick a module that begins with less.")


def test_a_module_that_needs_imports_is_told_in_the_panel(make):
    panel = make('(module (import "a" "b" (func)) (func (export "f")))', export="f")
    panel.run()
    assert not panel.is_running
    assert panel.status == "The module imports a.b, and a panel gives it nothing: pick one without imports."


def test_arguments_that_do_not_fit_stand_in_the_panel_and_nothing_starts(make):
    panel = make('(module (func (export "same") (param i64) (result i64) (local.get 0)))')
    panel._controls._arguments.children[0].value = "nine"
    panel.run()
    assert not panel.is_running
    assert "ArgumentError" in panel.status
    for box in panel._checkboxes.values():
        box.value = False
    panel._controls._arguments.children[0].value = "9"
    panel.run()
    assert panel.status == "There is nothing to measure: tick a runtime."


def test_modules_are_picked_by_name_and_keep_their_arguments_where_they_can(make):
    other = '(module (func (export "fib") (param i32) (result i32) (i32.const 7)) (func (export "other")))'
    panel = make({"fib": FIB, "seven": other}, export="fib", args=[9], bounds=[(0, 20)])
    (box,) = panel._controls._arguments.children
    assert box.description == "n: i32"
    box.value = 12
    panel._controls._module_picker.value = "seven"
    assert panel._controls.arguments == (12,)
    assert panel._controls._arguments.children[0].description == "argument 1: i32"
    panel.run()
    panel.wait(SECONDS)
    assert panel.result.value == 7
    panel._controls._picker.value = "other"
    panel._controls._module_picker.value = "fib"
    assert panel._controls.function.name == "fib"


@pytest.mark.parametrize("kind", [RuntimeComparison, PhaseExplorer])
@pytest.mark.parametrize(
    ("error", "options"),
    [
        (ExportNotFound, {"export": "nothing"}),
        (ArgumentError, {"export": "fib", "args": [1, 2]}),
        (ArgumentError, {"export": "fib", "args": ["ten"]}),
        (ArgumentError, {"export": "fib", "args": 10}),
        (ArgumentError, {"export": "fib", "bounds": [(9, 1)]}),
        (ArgumentError, {"export": "fib", "bounds": (0, 20)}),
        (ArgumentError, {"export": "fib", "bounds": 20}),
        (ArgumentError, {"seconds": 0}),
        (ArgumentError, {"seconds": 1e9}),
        (ArgumentError, {"seconds": "5"}),
        (RuntimeUnavailable, {"runtimes": ["jvm"]}),
        (ArgumentError, {"runtimes": "wasmtime"}),
        (ArgumentError, {"runtimes": 2}),
    ],
)
def test_bad_parameters_are_refused(kind, error, options):
    with pytest.raises(error):
        kind(FIB, **options)


def test_bounds_for_another_number_of_parameters_are_refused_with_those_it_has():
    with pytest.raises(ArgumentError, match=r"bounds=\(0, 20\) has 2 entries, and fib has 1 parameter\. .*bounds=\[\(0, 30\)\]"):
        RuntimeComparison(FIB, export="fib", bounds=(0, 20))


def test_bad_modules_are_refused(tmp_path: Path):
    (tmp_path / "words.wasm").write_text("these are no bytes of a module")
    for bad, error in [
        ({}, ArgumentError),
        (tmp_path / "absent.wasm", UnreadableFile),
        (tmp_path / "words.wasm", LabkitError),
        ("(module (func (export", LabkitError),
        ("(module)", ExportNotFound),
        (7, ArgumentError),
        ({"seven": 7}, ArgumentError),
    ]:
        with pytest.raises(error):
            RuntimeComparison(bad)


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_a_command_is_ticked_for_whole_runs_alone(make, name: str):
    require(name)
    panel = make(FIB, export="fib", args=[5], runtimes=["wasmtime"])
    box = panel._checkboxes[name]
    assert box.disabled
    assert f"{name} is a command, which starts anew for each call: measure whole runs to compare it." in panel._reasons.value
    panel._phase.value = Phase.RUN
    assert not box.disabled
    assert "is a command" not in panel._reasons.value
    box.value = True
    panel.run()
    assert panel.status == f"Measuring a whole run of fib(5) on wasmtime, {name}…"
    panel.wait(SECONDS)
    assert panel.status.startswith("fib(5) gave 5 everywhere, in whole runs.")
    assert f"on {name}, the start of the command, compiling and the call, each time anew." in panel._details.value
    assert "Distribution of the whole runs. wasmtime: " in panel._pictures.value
    panel._phase.value = Phase.STEADY_CALL
    panel.run()
    assert panel.status == "Measuring fib(5) on wasmtime…"
    with pytest.raises(ArgumentError, match="whole_runs=True"):
        make(FIB, export="fib", runtimes=[name])
    assert make(FIB, export="fib", runtimes=[name], whole_runs=True)._ticked() == (name,)


def test_a_closed_panel_measures_no_more_and_keeps_its_table(make):
    panel = make(FIB, export="forever")
    panel.run()
    panel.close()
    panel.close()
    assert not panel.is_running
    wait_for(lambda: not measuring(children(os.getpid())))
    assert VIEW not in panel._repr_mimebundle_()
    with pytest.raises(Closed):
        panel.run()


@pytest.mark.parametrize("killed", ["labkit.bench.measurer", "labkit.ui.painter"])
def test_a_process_that_is_killed_is_an_error_in_the_panel(make, killed: str):
    panel = make(FIB, export="forever")
    panel.run()
    wait_for(lambda: both(os.getpid()))
    pids = measuring(children(os.getpid()))
    (pid,) = [pid for pid in pids if role(pid) == killed]
    os.kill(pid, signal.SIGKILL)
    panel.wait(SECONDS)
    assert panel.status.startswith("BenchError: The process that ")
    assert "exit code -9" in panel.status
    wait_for(lambda: not measuring(pids))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_kernel_is_killed(number: int):
    program = f"from labkit.ui import RuntimeComparison; p = RuntimeComparison({FIB!r}, export='forever'); p.run(); print('on', flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "on\n"
        wait_for(lambda: both(kernel.pid))
        pids = measuring(children(kernel.pid))
        kernel.send_signal(number)
        kernel.wait(SECONDS)
    wait_for(lambda: not measuring(pids))


@pytest.fixture
def ladder():
    panel = ColdStartLadder(["wasm instance", "docker"], seconds=120)
    yield panel
    panel.close()


def test_the_ladder_grows_and_a_cancelled_one_cleans_up(ladder):
    drawn: list[Drawn] = []
    show = ladder._show
    ladder._show = lambda share, each: (show(share, each), drawn.append(each))
    before = set(children(os.getpid()))
    ladder.run()
    assert ladder.status == "Measuring cold starts of 3 rungs, which are prepared first…"
    wait_for(lambda: len(drawn) >= 3)
    pids = set(children(os.getpid())) - before
    assert pids
    ladder.cancel()
    ladder.wait(SECONDS)
    assert ladder.status.startswith("Cancelled")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_the_ladder_says_what_did_not_run(ladder):
    assert [row[0] for row in ladder._unrun()[1]] == ["native process", "wasm instance", "docker"]
    ladder._seconds.value = 2
    ladder.run()
    ladder.wait(SECONDS)
    assert [rung.name for rung in ladder.result.rungs] == ["native process", "wasm instance", "docker"]
    assert "From start to hello: native process" in ladder.status
    html = ladder._repr_mimebundle_()["text/html"]
    assert html.count("<img") == 1
    assert "what isolates it" in html
    with pytest.raises(ArgumentError):
        ColdStartLadder(["jail"])
    with pytest.raises(ArgumentError):
        ColdStartLadder(seconds=0)


@pytest.fixture
def explorer():
    panel = PhaseExplorer(FIB, export="fib", args=[9], bounds=[(0, 20)], runtimes=["wasmtime"], seconds=1)
    yield panel
    panel.close()


def test_phases_appear_as_they_are_measured(explorer):
    pictures = set()
    show = explorer._show
    explorer._show = lambda share, each: (show(share, each), pictures.add(each.pictures))
    explorer._seconds.value = 60
    explorer.run()
    wait_for(lambda: len(pictures) >= 2)
    explorer.cancel()


def test_phases_are_measured_and_each_can_be_looked_at(explorer):
    assert explorer._look_at.disabled
    explorer.run()
    explorer.wait(SECONDS)
    assert explorer.status.startswith("Measured 8 phases. On ")
    assert explorer._look_at.options == ("all phases", *(phase.value for phase in explorer.result.comparisons))
    whole = explorer._pictures.value
    explorer._look_at.value = "compile"
    assert explorer._pictures.value != whole
    assert explorer._pictures.value.count("<img") == 2
    assert "wasmtime / itself (control)" in explorer._details.value
    explorer._look_at.value = "all phases"
    assert explorer._pictures.value == whole


def test_cancelled_phases_leave_no_process(explorer):
    explorer._controls._picker.value = "forever"
    explorer.run()
    wait_for(lambda: both(os.getpid()))
    pids = children(os.getpid())
    explorer.cancel()
    explorer.wait(SECONDS)
    assert explorer.status.startswith("Cancelled")
    assert explorer._look_at.disabled
    wait_for(lambda: not measuring(pids))
