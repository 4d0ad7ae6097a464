"""A laboratory for WebAssembly in the cloud: compile, run, sandbox, inspect and measure modules on several runtimes.

The names below are the whole public surface; the rest of the package is how they work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from labkit.errors import GuestTrap, LabkitError, TrapKind
from labkit.limits import Limits
from labkit.modules.anatomy import Anatomy, inspect
from labkit.modules.load import to_wasm
from labkit.modules.stepper import step
from labkit.modules.wat import to_wat
from labkit.runtimes.registry import runtime, runtimes
from labkit.sandbox.run import Result, run
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.build import build
from labkit.toolchains.registry import toolchains

if TYPE_CHECKING:
    from labkit import bench, course

__all__ = [
    "Anatomy",
    "Artifact",
    "GuestTrap",
    "LabkitError",
    "Limits",
    "Result",
    "TrapKind",
    "bench",
    "build",
    "course",
    "inspect",
    "run",
    "runtime",
    "runtimes",
    "step",
    "to_wasm",
    "to_wat",
    "toolchains",
]


def __getattr__(name: str) -> Any:
    """Load the heavy rooms at their first use: SciPy alone takes longer to import than everything else here."""
    if name in ("bench", "course"):
        return import_module(f"labkit.{name}")
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """Give IPython the ``%%wasm`` magic: ``%load_ext labkit``."""
    import_module("labkit.ui.magics").register(ipython)
