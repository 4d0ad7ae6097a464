"""A minimal Debian for containers to start in: debootstrap makes its root file system, which is what most images are laid upon."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from labkit.errors import ToolchainUnavailable
from labkit.folders import tools_folder
from labkit.toolchains.debian import find_mirror
from labkit.toolchains.pins import DEBIAN_SUITE

__all__ = ["debian_root", "debootstrap_command", "root_folder"]

# Whatever ends debootstrap, its processes and what it has mounted in the new root end with these namespaces.
_WALLS = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]


def root_folder() -> Path:
    """Where the root file system is, or would be."""
    return tools_folder() / "debian-root"


def debian_root() -> Path:
    """Find the root file system.

    Returns
    -------
    Path
        Its root folder.

    Raises
    ------
    ToolchainUnavailable
        If it was not installed.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, LABKIT_TOOLS="/nowhere"):
    ...     debian_root()
    Traceback (most recent call last):
    ...
    labkit.errors.ToolchainUnavailable: There is no root file system of Debian's here. Make one: python -m labkit install debian-root
    """
    if not root_folder().is_dir():
        raise ToolchainUnavailable("There is no root file system of Debian's here.", remedy="Make one: python -m labkit install debian-root")
    return root_folder()


def debootstrap_command(folder: Path) -> list[str]:
    """Give the command that makes the root file system in an empty folder, from the mirror that this machine's apt uses where it has one.

    Raises
    ------
    ToolchainUnavailable
        If debootstrap is not installed, or this is not root.
    """
    found = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/local/sbin:/usr/sbin:/sbin")
    if found is None:
        raise ToolchainUnavailable("debootstrap is not installed.", remedy="On Debian or Ubuntu: apt install debootstrap.")
    if os.geteuid() != 0:
        again = shlex.join(["sudo", "env", f"LABKIT_TOOLS={tools_folder()}", sys.executable, "-m", "labkit", "install", "debian-root"])
        raise ToolchainUnavailable("debootstrap makes a root file system only for root.", remedy=f"Run: {again}")
    mirror = find_mirror()
    mirrors = [mirror] if mirror.startswith("http") else []
    return [*_WALLS, found, "--variant=minbase", "--force-check-gpg", DEBIAN_SUITE, str(folder), *mirrors]
