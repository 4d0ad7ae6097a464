"""Finds compilers: in Python packages, in npm packages, on PATH; and asks each for its version, once for each file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from labkit.folders import tools_folder

__all__ = ["node_package", "on_path", "package_folder", "package_version", "version_number", "version_of"]


def package_folder(name: str) -> Path | None:
    """The folder of an installed Python package, which is not imported."""
    invalidate_caches()
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) if folders else None


def on_path(name: str) -> Path | None:
    """A command on PATH, or beside the Python that runs (an environment need not be activated)."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    return Path(found) if found else None


def node_package(package: str, command: str, *, own: str) -> Path | None:
    """The ``node_modules`` folder that has an npm package: the one labkit installed, else that of a command on PATH."""
    folder = tools_folder() / "npm" / own / "node_modules"
    if (folder / package / "package.json").is_file():
        return folder
    found = on_path(command)
    for parent in found.resolve().parents if found else ():
        if parent.name == "node_modules" and (parent / package / "package.json").is_file():
            return parent
    return None


def package_version(folder: Path) -> str:
    """The version of an npm package."""
    return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])


def version_of(*command: str) -> str:
    """What a command says when asked for its version; empty where it does not start."""
    try:
        return _version_of(Path(command[0]).stat().st_mtime_ns, command)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _version_of(_changed: int, command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def version_number(text: str) -> str:
    """The first thing in a text that looks like a version.

    Examples
    --------
    >>> version_number("go version go1.27.3 linux/amd64"), version_number("nothing")
    ('1.27.3', '')
    """
    found = re.search(r"\d+\.\d+(?:\.\d+)?(?:[-+.][\w.]+)?", text)
    return found[0] if found else ""
