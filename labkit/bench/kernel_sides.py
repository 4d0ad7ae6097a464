"""The sides of a kernel: its C source built native in several ways, and its module on every runtime, each ready to be called."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from labkit.bench.arguments import expect
from labkit.bench.contenders import status_of, version
from labkit.bench.kernel_sources import KERNELS, Kernel
from labkit.errors import BenchError, LabkitError, ToolchainUnavailable
from labkit.limits import Limits
from labkit.runtimes.registry import runtime, runtimes
from labkit.toolchains.shared_library import NativeBuild, build_shared_library, native_builds

__all__ = ["EPOCHS", "FUEL", "SIMD", "Sides", "make_sides"]

#: What is added to a runtime's name where its module counts fuel, looks at epochs, or was built with vector instructions.
FUEL, EPOCHS, SIMD = ", fuel", ", epochs", ", simd"
#: More than any kernel burns.
_FUEL_UNITS = 10**15


@dataclass
class Sides:
    """Who computes a kernel.

    Attributes
    ----------
    kernel : Kernel
    calls : dict of str to callable
        By the side's name, the native ones first. Each computes the kernel once, and its result is right.
    result : int
        What all of them give, as an unsigned number.
    wrong : dict of str to int
        Sides that gave another result, which are not timed.
    missing : dict of str to str
        Sides that cannot compute it, each with why and what to do about it.
    versions : dict of str to str
        Of those who compute it, the compiler or the runtime.
    """

    kernel: Kernel
    calls: dict[str, Callable[[], int]] = field(default_factory=dict)
    result: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def native_names(self) -> tuple[str, ...]:
        """The native builds among the sides; the first is the reference."""
        return tuple(build.name for build in native_builds()[0] if build.name in self.calls)

    def add(self, name: str, call: Callable[[int], int], version: str) -> None:
        """Take a side up, if it computes what the first one did."""
        bound = partial(call, self.kernel.argument)
        result = bound() % 2**32
        if not self.calls:
            self.result = result
        if result == self.result:
            self.calls[name], self.versions[name] = bound, version
        else:
            self.wrong[name] = result


def _library(build: NativeBuild) -> ctypes.CDLL:
    """All kernels in one library: one run of the compiler, and each in a file of its own."""
    return _load(build_shared_library(sorted(kernel.source for kernel in KERNELS), build))


@cache
def _load(path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path))


def make_sides(kernel: Kernel, *, variants: bool = True) -> Sides:
    """Build, load and try every side of a kernel.

    Parameters
    ----------
    kernel : Kernel
    variants : bool, optional
        Whether to have Wasmtime also with fuel and with epochs.

    Returns
    -------
    Sides

    Raises
    ------
    ToolchainUnavailable
        If there is no native compiler to compare with.
    BenchError
        If native builds differ in their results.

    Examples
    --------
    >>> from labkit.bench.kernel_sources import find_kernel
    >>> sides = make_sides(find_kernel("sha256"), variants=False)
    >>> sides.calls["wasmtime"]() % 2**32 == sides.result, sides.wrong
    (True, {})
    """
    sides = Sides(expect(kernel, Kernel, by="make_sides", remedy="Write make_sides(find_kernel(…))."))
    builds, absent = native_builds()
    if not builds:
        why = "; ".join(f"{tool.name}: {tool.reason}" for tool in absent)
        raise ToolchainUnavailable(f"There is no native compiler to compare with: {why}.", remedy=absent[-1].remedy)
    for tool in absent:
        sides.missing[tool.name] = f"{tool.reason}. {tool.remedy}"
    for build in builds:
        function = _library(build)[kernel.name]
        function.argtypes, function.restype = [ctypes.c_uint32], ctypes.c_uint32
        sides.add(build.name, function, str(build.compiler))
    if sides.wrong:
        raise BenchError(
            f"The native builds of {kernel.name} differ: {sides.wrong} beside {sides.result}.", remedy="Report this, with the compilers."
        )
    _add_runtimes(sides, variants=variants)
    return sides


def _add_runtimes(sides: Sides, *, variants: bool) -> None:
    """The module on every runtime, and on some of them in other ways."""
    for row in runtimes():
        if not row.available:
            sides.missing[row.name] = f"{row.reason}. {row.remedy}"
            continue
        if not row.in_process:
            sides.missing[row.name] = "it runs in a process of its own, where a call cannot be timed as the others are. Time it with labkit.run."
            continue
        _try(sides, row.name, row.name)
        if sides.kernel.has_module("simd"):
            _try(sides, row.name + SIMD, row.name, features=("simd",))
    if variants:
        _try(sides, f"wasmtime{EPOCHS}", "wasmtime", interruptible=True)
        _try(sides, f"wasmtime{FUEL}", "wasmtime", limits=Limits(fuel=_FUEL_UNITS))


def _try(
    sides: Sides, name: str, runtime_name: str, *, features: tuple[str, ...] = (), interruptible: bool = False, limits: Limits | None = None
) -> None:
    try:
        module = runtime(runtime_name, interruptible=interruptible).compile(sides.kernel.module(*features))
        instance = module.instantiate(limits=limits)
        if "_initialize" in instance.exports:
            instance.func("_initialize")()
        sides.add(name, instance.func(sides.kernel.name), version(status_of(runtime_name)))
    except LabkitError as error:
        sides.missing[name] = str(error)
