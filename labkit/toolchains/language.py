"""What every language has in common: how its compiler is found, what it can make, how a build is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from labkit.toolchains.job import Job

__all__ = ["FEATURES", "FREESTANDING", "WASIP1", "WASIP2", "Found", "Language", "Missing", "Request"]

#: A module that needs nothing from its host.
FREESTANDING = "freestanding"
#: A module that imports WASI preview 1.
WASIP1 = "wasip1"
#: A component for WASI 0.2.
WASIP2 = "wasip2"

#: Proposals a build may use beyond those that every runtime of the course takes, under the names the proposals have.
FEATURES = ("simd", "relaxed-simd", "threads", "tail-call", "exceptions", "extended-const", "multi-memory")


@dataclass(frozen=True)
class Found:
    """A compiler that is on this machine.

    Attributes
    ----------
    name, version : str
    command : tuple of str
        What starts it.
    origin : str
        Where it comes from: "PyPI", "rustup", "PATH"…
    roots : tuple of Path
        Folders that are the compiler's own; its messages show them shortened.
    parts : dict of Path
        What else belongs to it, by a name the language knows.
    """

    name: str
    version: str
    command: tuple[str, ...]
    origin: str
    roots: tuple[Path, ...] = ()
    parts: Mapping[str, Path] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Missing:
    """Why a compiler is not on this machine, and how it gets there.

    Attributes
    ----------
    name : str
    reason : str
        A phrase that can follow a colon.
    remedies : dict of str
        One line for each installer that has it: "labkit", "pip", "npm", "conda", "rustup", "Debian".
    """

    name: str
    reason: str
    remedies: Mapping[str, str]

    @property
    def remedy(self) -> str:
        """The first remedy, as a sentence."""
        return f"Run: {next(iter(self.remedies.values()))}"


@dataclass(frozen=True)
class Request:
    """A build, asked for.

    Attributes
    ----------
    kind : str
        ``"command"`` or ``"library"``.
    target : str
        `FREESTANDING`, `WASIP1` or `WASIP2`.
    optimize : str or None
        ``"none"``, ``"size"``, ``"speed"``; None is the compiler at its size level and no optimizer after it.
    features : tuple of str
        Names of `FEATURES`.
    """

    kind: str
    target: str
    optimize: str | None = None
    features: tuple[str, ...] = ()

    def level(self, *, none: str, size: str, speed: str) -> str:
        """The compiler's own word for the level of optimisation."""
        return {"none": none, "speed": speed}.get(self.optimize or "size", size)


class Language(ABC):
    """A language, its compiler, and how a build with it goes."""

    name: ClassVar[str]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    #: Targets of each kind, the default one first; WASIP2 is added where an adapter makes components of the others.
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {"command": (WASIP1,), "library": (FREESTANDING, WASIP1)}
    #: The compiler's flags for each of `FEATURES` that it knows.
    features: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: How a source names a file beside it, and what is added to the name; group 1 is the name.
    includes: ClassVar[Sequence[tuple[str, str]]] = ()
    #: How a source says that a library exports a function.
    export: ClassVar[str]
    #: What the compiler writes where the source has no main function; empty where it writes nothing, or none is needed.
    without_main: ClassVar[str] = ""

    @abstractmethod
    def find(self, target: str) -> Found | Missing:
        """Look for the compiler, anew each time: it may just have been installed."""

    @abstractmethod
    def flags(self, request: Request) -> tuple[str, ...]:
        """The compiler's flags that a request comes down to."""

    @abstractmethod
    def compile(self, job: Job) -> None:
        """Make ``job.output`` of the source."""

    def shares(self, request: Request) -> bool:
        """Whether every source gives the same module, which is then kept once."""
        return False

    def arguments(self, request: Request, source: bytes) -> tuple[str, ...]:
        """What has to be passed to the module before the reader's own arguments."""
        return ()

    def words(self, output: str) -> str:
        """What of a compiler's output is about the source."""
        return output

    def makes_component(self, kind: str) -> bool:
        """Whether the compiler makes components itself; else an adapter makes them of modules."""
        return WASIP2 in self.targets[kind]

    def feature_flags(self, request: Request) -> tuple[str, ...]:
        """The flags that open the features asked for."""
        return tuple(flag for feature in request.features for flag in self.features[feature])
