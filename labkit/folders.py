"""Where things are kept: what can be made again, what was installed, and what the reader did and measured."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "tools_folder", "user_data_folder"]


def cache_folder() -> Path:
    """The folder that LABKIT_CACHE names, else one in the reader's own cache folder; it may be removed at any time."""
    return _folder("LABKIT_CACHE", "XDG_CACHE_HOME", ".cache")


def tools_folder() -> Path:
    """The folder that LABKIT_TOOLS names, else one in the reader's own data folder: toolchains that were installed without root."""
    return _folder("LABKIT_TOOLS", "XDG_DATA_HOME", ".local/share")


def user_data_folder() -> Path:
    """Give labkit's folder among the user's data; it may not exist yet.

    Returns
    -------
    Path

    Raises
    ------
    RuntimeError
        If the user has no home folder.

    Examples
    --------
    >>> user_data_folder().name
    'labkit'
    """
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return folder / "labkit"


def _folder(own: str, base: str, default: str) -> Path:
    if os.environ.get(own):
        return Path(os.environ[own]).absolute()
    home = os.environ.get(base) or Path("~").expanduser() / default
    return Path(home, "labkit").absolute()
