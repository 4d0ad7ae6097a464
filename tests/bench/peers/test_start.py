"""A process on its way to hello: what counts as one, and that nothing outlives its time."""

import sys
import time
from pathlib import Path

import pytest

from labkit.bench.peers import start as start_module
from labkit.bench.peers.start import Start, first_words
from labkit.errors import BenchError


def open_descriptors() -> int:
    """How many this process has, where the system tells."""
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def run(code: str):
    with Start([sys.executable, "-c", code], remedy="Mend it.") as start:
        start.wait_for_hello()
        return start.wait_until_gone()


def test_hello_comes_before_the_end() -> None:
    run_ = run("import time; print('hello', flush=True); time.sleep(0.3)")
    assert run_.gone_seconds - run_.hello_seconds > 0.25


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('good day')", "printed 'good day"),
        ("", "no hello came"),
        ("import sys; sys.exit('sandbox: no rights')", "sandbox: no rights"),
        ("print('hello', flush=True); import sys; sys.exit(3)", "printed hello and failed"),
        ("print('hello, world')", "printed 'hello, world"),
    ],
)
def test_anything_else_is_an_error_with_its_remedy(code: str, words: str) -> None:
    with pytest.raises(BenchError, match=words) as failure:
        run(code)
    assert failure.value.remedy == "Mend it."


def test_a_command_that_is_not_there_is_an_error_and_leaves_no_descriptor() -> None:
    before = open_descriptors()
    with pytest.raises(BenchError, match="cannot be started: No such file"), Start(["/no/such/command"], remedy="Install it."):
        pass
    assert open_descriptors() == before


@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "import time; print('hello', flush=True); time.sleep(60)"])
def test_what_does_not_end_is_ended(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_module, "TIMEOUT_SECONDS", 1.0)
    begin = time.monotonic()
    with pytest.raises(BenchError, match="in 1 s"):
        run(code)
    assert time.monotonic() - begin < 30


def test_a_program_that_waits_goes_on_until_its_input_ends() -> None:
    with Start([sys.executable, "-c", "import sys; print('hello', flush=True); sys.stdin.read()"], remedy="") as start:
        start.wait_for_hello()
        time.sleep(0.2)
        run_ = start.wait_until_gone()
    assert run_.gone_seconds - run_.hello_seconds > 0.2


def test_of_a_traceback_the_last_line_is_told() -> None:
    with pytest.raises(BenchError, match="does not work here: ValueError: bad"):
        run("raise ValueError('bad')")


def test_warnings_do_not_hide_the_error() -> None:
    assert first_words("WARN: old kernel\n\nbwrap: No permissions.\n") == "bwrap: No permissions"
    assert first_words("only a warning\n") == "only a warning"
    assert first_words("") == ""
