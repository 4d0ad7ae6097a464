"""Where things are kept: what can be made again in the cache folder, what was installed in the tools folder."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "tools_folder"]


def cache_folder() -> Path:
    """The folder that LABKIT_CACHE names, else one in the reader's own cache folder; it may be removed at any time."""
    return _folder("LABKIT_CACHE", "XDG_CACHE_HOME", ".cache")


def tools_folder() -> Path:
    """The folder that LABKIT_TOOLS names, else one in the reader's own data folder: toolchains that were installed without root."""
    return _folder("LABKIT_TOOLS", "XDG_DATA_HOME", ".local/share")


def _folder(own: str, base: str, default: str) -> Path:
    if os.environ.get(own):
        return Path(os.environ[own]).absolute()
    home = os.environ.get(base) or Path("~").expanduser() / default
    return Path(home, "labkit").absolute()
