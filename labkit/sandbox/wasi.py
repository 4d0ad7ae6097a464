"""What is the same for WASI preview 1 on every runtime: its name, how programs exit, and functions labkit puts in place of a runtime's own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.errors import OutOfBounds
from labkit.runtimes.memory import Memory
from labkit.sandbox.grants import Grants

__all__ = ["Exited", "Replacements"]

_SUCCESS, _BAD_DESCRIPTOR, _FAULT, _NAME_TOO_LONG = 0, 8, 21, 37
_CHUNK_BYTES = 65536


class Exited(Exception):
    """The program has called ``proc_exit``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Replacements:
    """The functions of WASI that are labkit's own.

    ``proc_exit`` always is, since each runtime loses some codes or reports them as an error of its own; clock and random source
    where they are to be fixed; the names of the granted folders where the runtime gets them wrong.

    Attributes
    ----------
    grants : Grants
    folder_names : tuple of str or None
        Names of the folders at descriptors 3, 4 and so on; None where the runtime gives them right itself.
    """

    grants: Grants
    folder_names: tuple[str, ...] | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of the functions that are replaced."""
        return frozenset(self.functions(lambda: None))

    def functions(self, memory: Callable[[], Memory | None]) -> dict[str, Callable[..., Any]]:
        """Make the functions, over a memory that exists once the program is instantiated."""
        made: dict[str, Callable[..., Any]] = {"proc_exit": _exit}
        if self.grants.clock_seconds is not None:
            made["clock_time_get"] = _fixed_clock(memory, self.grants.clock_seconds)
        if self.grants.seed is not None:
            made["random_get"] = _seeded_random(memory, self.grants.seed)
        if self.folder_names is not None:
            made["fd_prestat_get"], made["fd_prestat_dir_name"] = _folder_names(memory, [name.encode() for name in self.folder_names])
        return made


def _exit(code: int) -> None:
    raise Exited(code & 0xFFFF_FFFF)


def _write(memory: Callable[[], Memory | None], address: int, data: bytes) -> int:
    target = memory()
    if target is None:
        return _FAULT
    try:
        target.write(address & 0xFFFF_FFFF, data)
    except OutOfBounds:
        return _FAULT
    return _SUCCESS


def _fixed_clock(memory: Callable[[], Memory | None], seconds: float) -> Callable[..., int]:
    nanoseconds = round(seconds * 1e9).to_bytes(8, "little")

    def clock_time_get(_clock: int, _precision: int, address: int) -> int:
        return _write(memory, address, nanoseconds)

    return clock_time_get


def _seeded_random(memory: Callable[[], Memory | None], seed: int) -> Callable[..., int]:
    source = random.Random(seed)

    def random_get(address: int, size_bytes: int) -> int:
        address, end = address & 0xFFFF_FFFF, (address & 0xFFFF_FFFF) + (size_bytes & 0xFFFF_FFFF)
        target = memory()
        if target is None or end > target.size_bytes:
            return _FAULT
        for start in range(address, end, _CHUNK_BYTES):
            target.write(start, source.randbytes(min(_CHUNK_BYTES, end - start)))
        return _SUCCESS

    return random_get


def _folder_names(memory: Callable[[], Memory | None], names: Sequence[bytes]) -> tuple[Callable[..., int], Callable[..., int]]:
    def known(descriptor: int) -> bool:
        return 3 <= descriptor < 3 + len(names)

    def fd_prestat_get(descriptor: int, address: int) -> int:
        if not known(descriptor):
            return _BAD_DESCRIPTOR
        return _write(memory, address, bytes(4) + len(names[descriptor - 3]).to_bytes(4, "little"))

    def fd_prestat_dir_name(descriptor: int, address: int, size_bytes: int) -> int:
        if not known(descriptor):
            return _BAD_DESCRIPTOR
        name = names[descriptor - 3]
        return _write(memory, address, name) if len(name) <= size_bytes & 0xFFFF_FFFF else _NAME_TOO_LONG

    return fd_prestat_get, fd_prestat_dir_name
