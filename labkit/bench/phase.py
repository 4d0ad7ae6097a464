"""What a run's phases are called, and what is found about each: the words in which the measurement and its table speak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["BY_HAND", "InstanceMemory", "Missing", "Phase"]

#: What a row of Wasmtime's C functions, bound by hand with ctypes, has in the place of a runtime's name.
BY_HAND = "wasmtime, bound by hand"


class Phase(Enum):
    """A part of what a run does, in the order in which a program meets them."""

    COMPILE = "compile"
    DESERIALIZE = "deserialize"
    INSTANTIATE = "instantiate"
    FIRST_CALL = "first call"
    STEADY_CALL = "steady call"
    HOST_CALL = "host call"
    RUN_IN_PROCESS = "whole run in process"
    RUN = "whole run"


@dataclass(frozen=True)
class InstanceMemory:
    """What an instance that has answered one call adds to its process.

    Attributes
    ----------
    runtime : str
    count : int
        How many instances were held at once.
    pss_bytes : float
        For one instance: proportional set size, in which memory that processes share counts for each in part.
    """

    runtime: str
    count: int
    pss_bytes: float


@dataclass(frozen=True)
class Missing:
    """What could not be measured.

    Attributes
    ----------
    runtime : str
    reason, remedy : str
    """

    runtime: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.runtime} is not measured: {self.reason} {self.remedy}".rstrip()
