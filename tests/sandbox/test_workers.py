"""Workers: one guest each, replaced whatever happens to them, and gone when the kernel is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import labkit
from labkit.sandbox import Outcome, run_async, warm
from labkit.sandbox.pool import the_pool
from tests.sandbox.guests import CAT, FOR_EVER, NOTHING

ROOT = Path(__file__).parents[2]
LONG = labkit.Limits(time=120.0)


def children(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    found = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    return found + [grandchild for child in found for grandchild in children(child)]


def wait_until(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_kernel(code: str) -> subprocess.Popen[str]:
    """Start a Python of its own, which prints a line when its guest runs, and wait for that line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


#: Runs a program that announces itself and then never ends.
KERNEL = """
import labkit, os
reader, writer = os.pipe()
os.write(writer, b"x")
program = {program!r}
def announce(stream, data):
    if stream == "stderr":
        print("running", flush=True)
try:
    labkit.run(program, stdin=os.fdopen(reader, "rb"), runtime={runtime!r}, limits=labkit.Limits(time=120.0), on_output=announce)
except KeyboardInterrupt:
    print("interrupted", labkit.run({nothing!r}, runtime={runtime!r}).exit_code, flush=True)
"""


def test_cancelling_from_another_thread(runtime_name: str):
    cancel = threading.Event()
    with ThreadPoolExecutor() as threads:
        running = threads.submit(labkit.run, FOR_EVER, runtime=runtime_name, limits=LONG, cancel=cancel)
        time.sleep(0.2)
        assert not running.done()
        cancel.set()
        result = running.result(timeout=30)
    assert (result.outcome, result.message, result.values) == (Outcome.CANCELLED, "It was cancelled.", ())
    assert result.wall_seconds != result.wall_seconds


def test_cancelled_before_it_began():
    cancel = threading.Event()
    cancel.set()
    assert labkit.run(FOR_EVER, cancel=cancel).outcome is Outcome.CANCELLED


def test_several_threads_at_once(runtime_name: str):
    inputs = [bytes([65 + i]) * 5000 for i in range(8)]
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda data: labkit.run(CAT, stdin=data, runtime=runtime_name), inputs))
    assert [(result.exit_code, result.stdout) for result in results] == [(0, data) for data in inputs]


def test_asyncio(runtime_name: str):
    async def several() -> list[labkit.Result]:
        return await asyncio.gather(*(run_async(CAT, stdin=str(i), runtime=runtime_name) for i in range(4)))

    assert [(result.exit_code, result.stdout) for result in asyncio.run(several())] == [(0, b"0"), (0, b"1"), (0, b"2"), (0, b"3")]


def test_cancelling_a_task_ends_the_run():
    async def cancelled() -> float:
        task = asyncio.create_task(run_async(FOR_EVER, limits=LONG))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic()

    asyncio.run(cancelled())  # which would wait for the run's thread


@pytest.mark.parametrize("name", ["wasmtime", "wasmer"])
def test_interrupting_the_kernel_ends_the_run(name: str):
    if name == "wasmer" and sys.version_info >= (3, 11):
        name = "wasmtime-winch"  # the wheels of Wasmer stop at Python 3.10
    kernel = start_kernel(KERNEL.format(program=CAT, nothing=NOTHING, runtime=name))
    kernel.send_signal(signal.SIGINT)
    out, err = kernel.communicate(timeout=30)
    assert out == "interrupted 0\n", err


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see other processes")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_no_process_survives_the_kernel(how: signal.Signals):
    kernel = start_kernel(KERNEL.format(program=CAT, nothing=NOTHING, runtime="wasmtime"))
    started = children(kernel.pid)
    assert len(started) >= 2
    kernel.send_signal(how)
    kernel.communicate(timeout=30)
    wait_until(lambda: not any(map(lives, started)))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see other processes")
def test_no_process_survives_a_kernel_that_ends_by_itself():
    code = f"import labkit, os\nlabkit.run({NOTHING!r})\nprint('running', flush=True)\ninput()"
    kernel = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == "running\n"
    started = children(kernel.pid)
    assert started
    _, err = kernel.communicate("\n", timeout=30)
    assert (kernel.returncode, err) == (0, "")
    wait_until(lambda: not any(map(lives, started)))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see other processes")
def test_spares_and_zygote_that_were_killed_are_replaced():
    labkit.run(NOTHING)
    the_pool().settle()
    the_pool().wait(("wasmtime", True))
    zygote, *spares = children(os.getpid())
    assert spares
    for spare in spares:
        with contextlib.suppress(ProcessLookupError):  # that of the run has just ended
            os.kill(spare, signal.SIGKILL)
    assert labkit.run(NOTHING).exit_code == 0
    os.kill(zygote, signal.SIGKILL)
    wait_until(lambda: not lives(zygote))
    assert labkit.run(NOTHING).exit_code == 0


def test_each_run_has_a_worker_of_its_own(tmp_path: Path):
    # What one guest leaves in its memory is nowhere to be found by the next.
    counter = """(module (memory (export "memory") 1)
        (func (export "count") (result i32)
          (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
          (i32.load (i32.const 0))))"""
    assert [labkit.run(counter, export="count").values for _ in range(3)] == [(1,)] * 3


#: Runs a program before it forks, and then on both sides.
FORKING_KERNEL = """
import labkit, os
program = {program!r}
labkit.run(program)
pid = os.fork()
output = labkit.run(program, stdin=b"parent" if pid else b"child").stdout
if pid == 0:
    labkit.sandbox.pool.the_pool().close()
    os._exit(0 if output == b"child" else 1)
print(output, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_a_forked_kernel_has_workers_of_its_own():
    code = FORKING_KERNEL.format(program=CAT)
    # Python warns that a kernel with threads forks; that it does is what this is about.
    quietly = ["-W", "ignore::DeprecationWarning"]
    done = subprocess.run([sys.executable, *quietly, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("b'parent' 0\n", "")


def test_nothing_is_left_open():
    for _ in range(3):
        labkit.run(CAT, stdin=b"x")
    the_pool().settle()
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(20):
        labkit.run(CAT, stdin=b"x")
        labkit.run(FOR_EVER, limits=labkit.Limits(time=0.01))
    the_pool().settle()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_warming_makes_spares():
    the_pool().close()
    warm("wasmtime")
    assert len(the_pool()._spares["wasmtime", True]) == 2
    assert labkit.run(NOTHING).exit_code == 0
