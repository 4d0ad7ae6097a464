"""Starts a command and waits for its hello: the one way in which every process of the ladder is timed, and ended."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.display import shorten
from labkit.errors import BenchError

__all__ = ["HELLO", "TIMEOUT_SECONDS", "Run", "Start", "first_words", "sentence"]

HELLO = b"hello\n"
#: How long anything may take; the slowest container takes a second or two.
TIMEOUT_SECONDS = 15.0
_LONGEST_WORDS = 300
_LOOK_SECONDS = 0.0005
_WARNING = re.compile(r"warn|level=(?:info|debug)", re.IGNORECASE)
_MESSAGE = re.compile(r'\bmsg="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Run:
    """How long one run took.

    Attributes
    ----------
    hello_seconds : float
        From the start until hello had arrived.
    gone_seconds : float
        From the start until the command was gone and waited for.
    """

    hello_seconds: float
    gone_seconds: float


class Start:
    """A command that was started, in a process group of its own; leaving the context ends whatever is left of it.

    Parameters
    ----------
    command : list of str
    remedy : str
        What to do where it fails.
    environment : mapping of str, optional
        Its whole environment; left out, this process's.

    Examples
    --------
    >>> with Start(["/bin/echo", "hello"], remedy="") as start:
    ...     start.wait_for_hello()
    ...     run = start.wait_until_gone()
    >>> 0 < run.hello_seconds <= run.gone_seconds
    True
    """

    def __init__(self, command: list[str], *, remedy: str, environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._remedy = remedy
        self._environment = os.environ if environment is None else environment
        self._pid = 0
        self._hello_seconds = 0.0

    def __enter__(self) -> Start:
        self._words = tempfile.TemporaryFile()
        self._stdout, stdout = os.pipe()
        stdin, self._stdin = os.pipe()
        ends = ((stdin, 0), (stdout, 1), (self._words.fileno(), 2))
        actions = [(os.POSIX_SPAWN_DUP2, end, number) for end, number in ends]
        self._begin = time.perf_counter()
        try:
            self._pid = os.posix_spawn(self._command[0], self._command, self._environment, file_actions=actions, setpgroup=0)
        except OSError as error:
            self._close()
            raise BenchError(f"{Path(self._command[0]).name} cannot be started: {error.strerror}.", remedy=self._remedy) from None
        finally:
            os.close(stdout)
            os.close(stdin)
        return self

    def wait_for_hello(self) -> None:
        """Wait until hello has arrived.

        Raises
        ------
        BenchError
            If something else arrives, or nothing in time.
        """
        arrived = b""
        while HELLO.startswith(arrived) and arrived != HELLO:
            chunk = os.read(self._stdout, 4096) if _is_ready(self._stdout, self._left_seconds()) else b""
            if not chunk:
                raise self._failure("no hello came")
            arrived += chunk
        self._hello_seconds = time.perf_counter() - self._begin
        if arrived != HELLO:
            raise self._failure(f"it printed {shorten(arrived.decode(errors='replace'), 60)!r} in place of hello")

    def wait_until_gone(self) -> Run:
        """Let it end, and wait for it.

        Raises
        ------
        BenchError
            If it prints more, fails, or does not end in time.
        """
        self.close_stdin()
        while not self._is_gone(block_seconds=self._left_seconds()):
            if self._left_seconds() <= 0:
                raise self._failure("it printed hello and did not end")
        gone_seconds = time.perf_counter() - self._begin
        if self._status != 0:
            raise self._failure("it printed hello and failed")
        return Run(self._hello_seconds, gone_seconds)

    def close_stdin(self) -> None:
        """End its standard input, which a guest that waits is waiting for."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def _left_seconds(self) -> float:
        return max(0.0, self._begin + TIMEOUT_SECONDS - time.perf_counter())

    def _is_gone(self, *, block_seconds: float) -> bool:
        """Whether it has ended; waits for that where the system can wait with a limit."""
        try:
            handle = os.pidfd_open(self._pid)
        except (AttributeError, OSError):
            time.sleep(_LOOK_SECONDS)
        else:
            _is_ready(handle, block_seconds)
            os.close(handle)
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid:
            self._pid, self._status = 0, os.waitstatus_to_exitcode(status)
        return pid != 0

    def _failure(self, what: str) -> BenchError:
        name = Path(self._command[0]).name
        # What it wants to say of its failure it may say just before it ends.
        if self._pid and self._left_seconds():
            self._is_gone(block_seconds=0.2)
        self._words.seek(0)
        words = first_words(self._words.read(65536).decode(errors="replace"))
        late = f" in {TIMEOUT_SECONDS:g} s" if not self._left_seconds() else ""
        return BenchError(f"{name} does not work here: {sentence(words or what + late)}", remedy=self._remedy)

    def __exit__(self, *_: object) -> None:
        self.close_stdin()
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
        self._close()

    def _close(self) -> None:
        self.close_stdin()
        os.close(self._stdout)
        self._words.close()


def _is_ready(descriptor: int, seconds: float) -> bool:
    """Wait until there is something to read; unlike `select`, for any number of descriptor."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def sentence(words: str) -> str:
    """Words with a full stop, unless they end with something of that kind.

    Examples
    --------
    >>> sentence("no such file"), sentence("Is the daemon running?")
    ('no such file.', 'Is the daemon running?')
    """
    return words if words.endswith((".", "?", "!")) else f"{words}."


def first_words(text: str) -> str:
    """The first line that is more than a warning; of one written for a log, its message.

    Examples
    --------
    >>> first_words('time="now" level=warning msg="old"\\ntime="now" level=error msg="no such file."\\n')
    'no such file'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not _WARNING.search(line)] or lines
    telling = [message[1].replace('\\"', '"') if (message := _MESSAGE.search(line)) else line for line in telling]
    # Python says last what others say first.
    told = "" if not telling else telling[-1] if telling[0].startswith("Traceback") else telling[0]
    return shorten(told.rstrip("."), _LONGEST_WORDS)
