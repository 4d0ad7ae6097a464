"""The kernels: small programs in C, each of which strains one thing that a processor, a compiler or a runtime must be good at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.data_files import data_folder
from labkit.errors import ArgumentError, UnreadableFile
from labkit.toolchains.prebuilt import Prebuilt, prebuilt_path, read_manifest

__all__ = ["KERNELS", "Kernel", "find_kernel", "kernel_names"]


@dataclass(frozen=True)
class Kernel:
    """A function from one number to another, in C and as a module.

    Attributes
    ----------
    name : str
        Of the source, and of the function in it.
    strains : str
        What its time is spent on.
    argument : int
        What it is called with: so large that a call takes a good part of a millisecond.
    """

    name: str
    strains: str
    argument: int

    @property
    def source(self) -> Path:
        """The C file."""
        return data_folder() / "sources" / "kernels" / f"{self.name}.c"

    def module(self, *features: str) -> Path:
        """The prebuilt module, the same bytes on every machine: built for speed, with no feature but those named.

        Raises
        ------
        UnreadableFile
            If there is none with those features.
        """
        return prebuilt_path(self._entry(features))

    def has_module(self, *features: str) -> bool:
        """Whether there is a module with those features."""
        return any(self._is_of(entry, features) for entry in read_manifest())

    def _is_of(self, entry: Prebuilt, features: tuple[str, ...]) -> bool:
        return entry.source == f"kernels/{self.name}.c" and entry.features == features

    def _entry(self, features: tuple[str, ...]) -> Prebuilt:
        for entry in read_manifest():
            if self._is_of(entry, features):
                return entry
        wanted = f"with {', '.join(features)}" if features else "without features"
        raise UnreadableFile(f"There is no module of the kernel {self.name} {wanted}.", remedy="Get the course's files again: git checkout data.")


KERNELS = (
    Kernel("fibonacci", "calls", 25),
    Kernel("ackermann", "deep recursion", 200),
    Kernel("collatz", "loops and branches", 4_000),
    Kernel("chase", "memory latency", 65_536),
    Kernel("stream", "memory bandwidth", 1),
    Kernel("difference", "vector instructions", 30),
    Kernel("nbody", "floating point", 3_000),
    Kernel("mandelbrot", "floating point", 64),
    Kernel("allocation", "malloc and free", 20_000),
    Kernel("sha256", "hashing", 800),
    Kernel("sort", "sorting", 8_192),
)


def kernel_names() -> tuple[str, ...]:
    """Name every kernel.

    Examples
    --------
    >>> "sha256" in kernel_names()
    True
    """
    return tuple(kernel.name for kernel in KERNELS)


def find_kernel(name: str) -> Kernel:
    """Find a kernel by its name.

    Raises
    ------
    ArgumentError
        If there is none of that name.

    Examples
    --------
    >>> find_kernel("sort").strains
    'sorting'
    """
    for kernel in KERNELS:
        if kernel.name == name:
            return kernel
    raise ArgumentError(f"There is no kernel {name!r}.", remedy=f"Choose one of {', '.join(kernel_names())}.")
