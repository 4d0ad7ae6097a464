"""The machine at hand as a measurement must name it: processor, kernel, memory and the limits set by its control group; never its host name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labkit.display import format_bytes

__all__ = ["Machine", "this_machine"]

# Where version 1 of control groups sets no limit of memory it names the largest number of pages there is.
_UNLIMITED_BYTES = 2**60


@dataclass(frozen=True)
class Machine:
    """What figures depend on besides the software that is measured.

    Attributes
    ----------
    cpu : str
        Model and architecture of the processor.
    cores : int
        Those this process may run on.
    kernel : str
        The operating system's name and release.
    memory_bytes : int or None
        All there is; None where the system does not say, as below.
    cgroup_cpus : float or None
        Processors' worth of time that the control group allows; None where it sets no limit.
    cgroup_memory_bytes : int or None
        Memory that the control group allows; None where it sets no limit.
    """

    cpu: str
    cores: int
    kernel: str
    memory_bytes: int | None
    cgroup_cpus: float | None
    cgroup_memory_bytes: int | None

    @property
    def usable_cores(self) -> int:
        """Cores that may be kept busy all the time."""
        return self.cores if self.cgroup_cpus is None else min(self.cores, max(1, int(self.cgroup_cpus)))

    @property
    def usable_memory_bytes(self) -> int | None:
        """Memory that may be used."""
        return min((size for size in (self.memory_bytes, self.cgroup_memory_bytes) if size is not None), default=None)

    def __str__(self) -> str:
        parts = [self.cpu, f"{self.cores} core{'s' * (self.cores != 1)}", self.kernel]
        if self.cgroup_cpus is not None:
            parts.append(f"limited to {self.cgroup_cpus:g} cores")
        if self.cgroup_memory_bytes is not None:
            parts.append(f"limited to {format_bytes(self.cgroup_memory_bytes)}")
        return ", ".join(parts)


def this_machine() -> Machine:
    """Describe the machine this process runs on.

    Returns
    -------
    Machine

    Examples
    --------
    >>> this_machine().cores >= 1
    True
    """
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        memory_bytes=_memory_bytes(),
        cgroup_cpus=min(_cgroup_cpus(), default=None),
        cgroup_memory_bytes=min(_cgroup_memory_bytes(), default=None),
    )


def _cpu() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return f"{value.strip()} ({platform.machine()})"
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _cgroup_cpus() -> Iterable[float]:
    """What each group allows that this process is in, in version 2 of control groups and in version 1."""
    for folder in _cgroup_folders("cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.strip().isdigit() and period.strip().isdigit():
            yield int(quota) / int(period)


def _cgroup_memory_bytes() -> Iterable[int]:
    for folder in _cgroup_folders("memory"):
        limit = (_read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")).strip()
        if limit.isdigit() and int(limit) < _UNLIMITED_BYTES:
            yield int(limit)


def _cgroup_folders(controller: str) -> Iterable[Path]:
    """The folder of each group that this process is in, out to the root of what it can see of them."""
    if sys.platform != "linux":
        return
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = Path("/sys/fs/cgroup", controller if controllers else "")
        path = PurePosixPath(group)
        # A container's own root stands for the group it is in; what is above is neither named nor seen.
        for part in (path, *path.parents):
            yield root / str(part).lstrip("/")


def _read(path: str | Path) -> str:
    """One of the system's own files; nothing where there is none."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
