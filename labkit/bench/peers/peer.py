"""What every peer of the ladder is: a name, what it isolates, one checked hello, and what it takes."""

from __future__ import annotations

import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from labkit.bench.peers.processes import descendants, end_strays, pss_bytes
from labkit.bench.peers.start import Run, Start
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError
from labkit.toolchains.probe import version_number, version_of

__all__ = ["SETTLE_SECONDS", "CommandPeer", "Peer"]

#: A moment for a run that waits to come to rest before its memory is read.
SETTLE_SECONDS = 0.1
#: How long what a run leaves behind may go on by itself.
_PATIENCE_SECONDS = 3.0


class Peer(ABC):
    """One way to start the program.

    Attributes
    ----------
    name, kind, isolates : str
        As a `Rung` has them.
    in_process : bool
        Whether a hello is a call in this process, which ends with the call.
    cost : int
        Who is dear to prepare comes after those who are not: 0, 1 or 2.
    note : str
        How it was started, where that is not the plain way; set by `prepare`.
    version : str
        Of what starts it, with its name; empty where that is the system alone. Set by `prepare`.
    image_bytes : int or None
        Set by `prepare`.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    isolates: ClassVar[str]
    in_process: ClassVar[bool] = False
    cost: ClassVar[int] = 0

    def __init__(self) -> None:
        self.note = self.version = ""
        self.image_bytes: int | None = None

    @abstractmethod
    def prepare(self, workshop: Workshop) -> Run:
        """Make everything that is not part of a start, and see that it says hello.

        Returns
        -------
        Run
            How long that took: the first run pays for what later ones find ready.

        Raises
        ------
        LabkitError
            If it cannot run here; with what to do about it.
        """

    @abstractmethod
    def hello(self) -> Run:
        """Start the program once, see it say hello, and see it gone.

        Raises
        ------
        BenchError
            If it does anything else.
        """

    @abstractmethod
    def memory_bytes(self) -> int | None:
        """What one more that waits adds, in PSS; None where the system does not tell."""


class CommandPeer(Peer):
    """A peer that is a command.

    Attributes
    ----------
    executable, package : str
        The tool and the Debian package that has it; empty where the command is labkit's own.
    needs : str
        What to do where it is there and fails, as a whole sentence.
    leaves_strays : bool
        Whether a run has processes outside its own group.
    """

    executable: ClassVar[str] = ""
    package: ClassVar[str] = ""
    needs: ClassVar[str] = "Report this as a fault of labkit's."
    leaves_strays: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.tool = ""
        self._way = 0

    @abstractmethod
    def make(self, workshop: Workshop) -> None:
        """Make what the commands need, and set `image_bytes`."""

    @abstractmethod
    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """Ways to run the program with arguments, the plain one first: what to say about each, and the command."""

    def remove(self) -> None:
        """Remove what a run that was ended by force has left; nothing, where killing its processes is enough."""

    def processes(self, known: frozenset[int]) -> Iterable[int]:
        """The processes of the run that waits, given those that were there before."""
        return descendants(os.getpid()) - known

    def prepare(self, workshop: Workshop) -> Run:
        """Find the first way in which it says hello."""
        self.tool = self.find(self.executable) if self.executable else ""
        if self.tool:
            self.version = f"{self.executable} {version_number(version_of(self.tool, '--version'))}"
        self.make(workshop)
        failures = []
        for way, (note, _) in enumerate(self.commands()):
            self._way, self.note = way, note
            try:
                return self.hello()
            except BenchError as error:
                failures.append(error)
        raise failures[0]

    def find(self, name: str) -> str:
        """Find an executable on PATH, and where administrators' tools are.

        Raises
        ------
        BenchError
            If it is not installed.
        """
        found = shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")
        if found is None:
            raise BenchError(f"{name} is not installed.", remedy=f"On Debian or Ubuntu: apt-get install {self.package}.")
        return found

    def hello(self) -> Run:
        """Run the command to its end."""
        known = descendants(os.getpid()) if self.leaves_strays else frozenset()
        try:
            with self._start() as start:
                start.wait_for_hello()
                return start.wait_until_gone()
        except BaseException:
            self.remove()
            raise
        finally:
            if self.leaves_strays:
                end_strays(known, patience_seconds=_PATIENCE_SECONDS)

    def memory_bytes(self) -> int | None:
        """Read it while the program waits for its standard input to end."""
        known = descendants(os.getpid())
        try:
            with self._start("wait") as start:
                start.wait_for_hello()
                time.sleep(SETTLE_SECONDS)
                held = pss_bytes(self.processes(known))
                start.wait_until_gone()
                return held or None
        except BaseException:
            self.remove()
            raise
        finally:
            end_strays(known, patience_seconds=_PATIENCE_SECONDS)

    def _start(self, *arguments: str) -> Start:
        _, command = self.commands(*arguments)[self._way]
        return Start(command, remedy=self.needs)
