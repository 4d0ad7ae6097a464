"""What this machine has for the course, and what is missing with its remedy."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from labkit.display import format_bytes, html_table, text_table
from labkit.runtimes.registry import RuntimeTable, runtimes

__all__ = ["Environment", "SetupReport", "environment", "setup"]

_JUPYTER_PACKAGES = ("jupyterlab", "ipykernel", "ipywidgets", "ipython", "matplotlib")


@dataclass(frozen=True)
class Environment:
    """What this machine has.

    Attributes
    ----------
    python_version, labkit_version, operating_system, cpu : str
    cores : int
        Those this process may use.
    memory_bytes : int or None
        Those this process may use; None where the system does not say.
    runtimes : RuntimeTable
    packages : dict of str to (str or None)
        Version of each Jupyter package; None where it is missing.
    """

    python_version: str
    labkit_version: str
    operating_system: str
    cpu: str
    cores: int
    memory_bytes: int | None
    runtimes: RuntimeTable
    packages: dict[str, str | None]

    @property
    def missing(self) -> tuple[tuple[str, str, str], ...]:
        """What is missing: its name, why, and what to do about it."""
        rows = [(row.name, row.reason, row.remedy) for row in self.runtimes if not row.available]
        remedy = "Run `make lab`, which installs the versions of the course."
        return tuple(rows + [(name, "it is not installed", remedy) for name, found in self.packages.items() if found is None])

    _HEADER = ("what", "here", "what to do")

    def _rows(self) -> list[tuple[str, str, str]]:
        memory = "unknown" if self.memory_bytes is None else format_bytes(self.memory_bytes)
        rows = [
            ("Python", self.python_version, ""),
            ("labkit", self.labkit_version, ""),
            ("operating system", self.operating_system, ""),
            ("processor", f"{self.cpu}, {self.cores} core{'s' * (self.cores != 1)}", ""),
            ("memory", memory, ""),
        ]
        for row in self.runtimes:
            here = f"{row.version} ({row.release_year or 'year unknown'})" if row.available else f"missing: {row.reason}"
            rows.append((row.name, here, row.remedy))
        remedies = {name: remedy for name, _, remedy in self.missing}
        rows += [(name, found or "missing: it is not installed", remedies.get(name, "")) for name, found in self.packages.items()]
        return rows

    def __str__(self) -> str:
        return text_table(self._HEADER, self._rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = self._rows()
        grey = [i for i, row in enumerate(rows) if row[1].startswith("missing: ")]
        return html_table(self._HEADER, rows, caption="What this machine has for the course", grey=grey)


@dataclass(frozen=True)
class SetupReport:
    """The short form of the environment, for a notebook's first cell.

    Attributes
    ----------
    environment : Environment
    magic : bool
        Whether ``%%wasm`` is there: it is in IPython.
    """

    environment: Environment
    magic: bool

    def _lines(self) -> list[str]:
        here = self.environment
        works = ", ".join(f"{row.name} {row.version} ({row.release_year or 'year unknown'})" for row in here.runtimes if row.available)
        magic = "The %%wasm magic is ready." if self.magic else "The %%wasm magic needs IPython."
        missing = [f"Missing: {name}, because {reason}. {remedy}" for name, reason, remedy in here.missing]
        return [f"labkit {here.labkit_version} on Python {here.python_version}. {magic}", f"Works here: {works}.", *missing]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(f"<div>{escape(line)}</div>" for line in self._lines())


def environment() -> Environment:
    """Report what this machine has for the course, and what is missing with its remedy.

    Returns
    -------
    Environment

    Examples
    --------
    >>> environment().cores >= 1
    True
    """
    return Environment(
        python_version=platform.python_version(),
        labkit_version=_version("labkit") or "not installed",
        operating_system=_operating_system(),
        cpu=_cpu(),
        cores=_cores(),
        memory_bytes=_memory_bytes(),
        runtimes=runtimes(),
        packages={name: _version(name) for name in _JUPYTER_PACKAGES},
    )


def setup() -> SetupReport:
    """Begin a notebook: load the ``%%wasm`` magic and say what this machine has.

    Returns
    -------
    SetupReport

    Examples
    --------
    >>> str(setup()).startswith("labkit ")
    True
    """
    shell = None
    if "IPython" in sys.modules:
        shell = sys.modules["IPython"].get_ipython()
        if shell is not None and "labkit" not in shell.extension_manager.loaded:
            shell.run_line_magic("load_ext", "labkit")
    return SetupReport(environment(), shell is not None)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _operating_system() -> str:
    if sys.platform == "linux":
        try:
            return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}"
        except (OSError, KeyError):
            pass
    return f"{platform.system()} {platform.release()}"


def _cpu() -> str:
    for line in _first_lines("/proc/cpuinfo"):
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return f"{value.strip()} ({platform.machine()})"
    return platform.processor() or platform.machine()


def _cores() -> int:
    """Cores this process may use: its affinity, and the quota of its control group as on Binder."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = "".join(_first_lines("/sys/fs/cgroup/cpu.max")).partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def _memory_bytes() -> int | None:
    sizes = [int(text) for text in _first_lines("/sys/fs/cgroup/memory.max") if text.strip().isdigit()]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(sizes, default=None)


def _first_lines(path: str) -> list[str]:
    """The first lines of one of the system's own files; none where there is no such file."""
    try:
        return Path(path).read_text(errors="replace").splitlines()[:20]
    except OSError:
        return []
