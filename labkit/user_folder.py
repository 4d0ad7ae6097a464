"""Where what a learner does and measures is kept: the folder that this system has for a user's data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["user_data_folder"]


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
