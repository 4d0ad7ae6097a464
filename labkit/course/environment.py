"""What this machine has for the course, and what is missing with its remedy."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, version

from labkit.display import format_bytes, html_table, text_table
from labkit.machine import this_machine
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
        # What is missing for the same reason is said once.
        names: dict[tuple[str, str], list[str]] = {}
        for name, reason, remedy in here.missing:
            names.setdefault((reason, remedy), []).append(name)
        missing = [f"Missing: {', '.join(names[why])}, because {why[0]}. {why[1]}" for why in names]
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
    machine = this_machine()
    return Environment(
        python_version=platform.python_version(),
        labkit_version=_version("labkit") or "not installed",
        operating_system=_operating_system(),
        cpu=machine.cpu,
        cores=machine.usable_cores,
        memory_bytes=machine.usable_memory_bytes,
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
