"""Interrupting the process stops a Wasmtime guest, whatever it is doing, and leaves everything usable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import labkit
from labkit.errors import GuestTrap, TrapKind, UnsupportedLimit
from labkit.limits import Limits

LOOP = '(module (func (export "loop") (loop (br 0))) (func (export "one") (result i32) i32.const 1))'
NAMES = ["wasmtime", "wasmtime-winch"]


def interrupt_after(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_stops_an_endless_loop_and_the_instance_still_works(name):
    with labkit.runtime(name).compile(LOOP).instantiate() as instance:
        for _ in range(3):
            interrupt_after(0.1)
            with pytest.raises(KeyboardInterrupt):
                instance.func("loop")()
            assert instance.func("one")() == 1


def test_an_interrupt_stops_an_endless_start_function():
    module = labkit.runtime("wasmtime").compile("(module (func $f (loop (br 0))) (start $f))")
    interrupt_after(0.1)
    with pytest.raises(KeyboardInterrupt):
        module.instantiate()


def test_an_interrupt_in_a_host_function_comes_out_of_the_guest():
    wat = '(module (import "host" "wait" (func $wait)) (func (export "loop") (loop (call $wait) (br 0))))'
    with labkit.runtime("wasmtime").compile(wat).instantiate({"host": {"wait": lambda: None}}) as instance:
        for _ in range(20):
            interrupt_after(0.02)
            with pytest.raises(KeyboardInterrupt):
                instance.func("loop")()
        assert instance.store.host_depth == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_time_limit_stops_each_call_and_only_that_call(name):
    with labkit.runtime(name).compile(LOOP).instantiate(limits=Limits(time=0.1)) as instance:
        for _ in range(2):
            with pytest.raises(GuestTrap) as caught:
                instance.func("loop")()
            assert caught.value.kind is TrapKind.DEADLINE
            assert caught.value.backtrace
            assert instance.func("one")() == 1


def test_without_epochs_a_time_limit_is_refused():
    module = labkit.runtime("wasmtime", interruptible=False).compile(LOOP)
    with pytest.raises(UnsupportedLimit):
        module.instantiate(limits=Limits(time=1.0))


def test_a_storm_of_interrupts_never_loses_one_nor_harms_the_process():
    # In a process of its own: an interrupt may arrive at any instruction, of the test's own too.
    program = textwrap.dedent(
        f"""
        import os, signal, threading, time
        import labkit
        instance = labkit.runtime("wasmtime").compile({LOOP!r}).instantiate()
        loop, one = instance.func("loop"), instance.func("one")
        caught = 0
        for turn in range(40):
            threading.Timer(0.03 + turn * 0.0007, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                loop()
            except KeyboardInterrupt:
                caught += 1
            assert one() == 1
        print(caught)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "40", "")


def test_the_ticker_survives_a_fork():
    program = textwrap.dedent(
        f"""
        import os, labkit
        from labkit.limits import Limits
        module = labkit.runtime("wasmtime").compile({LOOP!r})
        child = os.fork()
        if child == 0:
            try:
                module.instantiate(limits=Limits(time=0.1)).func("loop")()
            except labkit.GuestTrap:
                os._exit(42)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "42", done.stderr


def test_other_threads_run_while_a_guest_does():
    seen = []
    with labkit.runtime("wasmtime").compile(LOOP).instantiate(limits=Limits(time=0.3)) as instance:
        thread = threading.Thread(target=lambda: [seen.append(time.monotonic()) or time.sleep(0.01) for _ in range(5)])
        thread.start()
        with pytest.raises(GuestTrap):
            instance.func("loop")()
        thread.join()
    assert len(seen) == 5
