"""The machine is described from the system's own files, limits of control groups of both versions among them."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from labkit import machine
from labkit.machine import Machine, this_machine

KERNEL = "Linux 6.1"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch):
    """Put contents in place of the system's files; what is not given is not there."""

    def give(files: dict[str, str]) -> Machine:
        monkeypatch.setattr(machine, "_read", lambda path: files.get(str(path), ""))
        monkeypatch.setattr(machine.sys, "platform", "linux")
        return this_machine()

    return give


def test_the_innermost_limit_of_version_2_counts(system) -> None:
    found = system(
        {
            "/proc/self/cgroup": "0::/lab/kernel\n",
            "/sys/fs/cgroup/lab/kernel/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/lab/cpu.max": "50000 100000\n",
            "/sys/fs/cgroup/lab/kernel/memory.max": "2147483648\n",
            "/sys/fs/cgroup/lab/memory.max": "max\n",
        }
    )
    assert (found.cgroup_cpus, found.cgroup_memory_bytes) == (0.5, 2 * 2**30)
    assert found.usable_cores == 1
    assert found.usable_memory_bytes is not None
    assert found.usable_memory_bytes <= 2 * 2**30
    assert "limited to 0.5 cores" in str(found)


def test_limits_of_version_1_count_too(system) -> None:
    found = system(
        {
            "/proc/self/cgroup": "4:memory:/jail\n1:cpu,cpuacct:/\n0::/\n",
            "/sys/fs/cgroup/memory/jail/memory.limit_in_bytes": "1000000000\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        }
    )
    assert (found.cgroup_cpus, found.cgroup_memory_bytes) == (1.5, 1_000_000_000)


def test_no_limit_is_none(system) -> None:
    found = system(
        {"/proc/self/cgroup": "1:cpu:/\n0::/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}
    )
    assert (found.cgroup_cpus, found.cgroup_memory_bytes) == (None, None)
    assert "limited" not in str(found)
    assert found.usable_cores == found.cores


def test_the_processor_has_its_model_where_the_system_says_it(system) -> None:
    assert system({"/proc/cpuinfo": "processor : 0\nmodel name : Some CPU @ 2 GHz\n"}).cpu == f"Some CPU @ 2 GHz ({platform.machine()})"
    assert system({}).cpu


def test_neither_host_name_nor_path_is_in_it() -> None:
    told = str(this_machine()) + repr(this_machine())
    assert platform.node() not in told
    assert str(Path.home()) not in told
