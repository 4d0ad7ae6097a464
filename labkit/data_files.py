"""Finds the lab's data folder: the guests' sources and whatever else the course reads that is not code of labkit."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.errors import UnreadableFile

__all__ = ["data_folder"]


def data_folder() -> Path:
    """Find the lab's ``data`` folder.

    It is where ``LABKIT_DATA`` says; otherwise in the current folder or the nearest one above it that has one, as for a notebook;
    otherwise beside the package, in the checkout that it was installed from.

    Returns
    -------
    Path

    Raises
    ------
    UnreadableFile
        If there is none: labkit can be installed without the lab.

    Examples
    --------
    >>> (data_folder() / "sources" / "hostile" / "loop.wat").is_file()
    True
    """
    named = os.environ.get("LABKIT_DATA")
    if named:
        candidates = [Path(named)]
    else:
        here = Path.cwd()
        candidates = [folder / "data" for folder in (here, *here.parents, Path(__file__).parents[1])]
    for candidate in candidates:
        if _is_the_labs(candidate):
            return candidate
    where = f"LABKIT_DATA is {named!r}, which is not it" if named else "it is neither in the current folder nor above it"
    raise UnreadableFile(
        f"The lab's data folder is not found: {where}.", remedy="Run this in a clone of the lab, or set LABKIT_DATA to the clone's `data` folder."
    )


def _is_the_labs(folder: Path) -> bool:
    # Many projects have a folder of that name.
    return (folder / "sources" / "hostile").is_dir()
