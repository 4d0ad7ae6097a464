"""Where the notebooks are, and the tools that build them: both are needed only by whoever writes notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from labkit.errors import CourseError

__all__ = ["Pair", "binder_url", "pairs", "repository_root", "tool"]


@dataclass(frozen=True)
class Pair:
    """The two notebooks that one source makes.

    Attributes
    ----------
    source, learner, solved : Path
    """

    source: Path
    learner: Path
    solved: Path

    @property
    def name(self) -> str:
        """Such as ``00_start_here``."""
        return self.source.stem

    def path(self, *, solved: bool) -> Path:
        """Where one of the two lies."""
        return self.solved if solved else self.learner


def tool(name: str) -> Any:
    """Import a package of the test dependencies.

    Raises
    ------
    CourseError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise CourseError(f"Building notebooks needs {name}.", remedy="Install the lab for development: make test does.") from None


def repository_root() -> Path:
    """The folder that holds ``notebooks/sources``: that of this package's repository.

    Raises
    ------
    CourseError
        If labkit was installed without its repository.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "notebooks" / "sources").is_dir():
        raise CourseError(
            "The notebooks' sources are not here.", remedy="Run this from a checkout of the lab in which labkit is installed as editable."
        )
    return root


def pairs(numbers: tuple[str, ...] = (), *, root: Path | None = None) -> list[Pair]:
    """The notebooks of the course, or those whose numbers or names are given.

    Raises
    ------
    CourseError
        If a number fits no source.

    Examples
    --------
    >>> [pair.name for pair in pairs(("00",))]
    ['00_start_here']
    """
    folder = (root or repository_root()) / "notebooks"
    every = [
        Pair(path, folder / f"{path.stem}.ipynb", folder / "solutions" / f"{path.stem}.ipynb")
        for path in sorted((folder / "sources").glob("[0-9][0-9]_*.py"))
    ]
    for number in numbers:
        if not any(number in (pair.name, pair.name[:2]) for pair in every):
            raise CourseError(f"There is no notebook {number!r}.", remedy=f"Choose from {', '.join(pair.name for pair in every) or 'none'}.")
    return [pair for pair in every if not numbers or pair.name in numbers or pair.name[:2] in numbers]


def binder_url(notebook: str, *, root: Path | None = None) -> str | None:
    """Address that opens a notebook on Binder; None while pyproject.toml names no public repository.

    Parameters
    ----------
    notebook : str
        Path within the repository.
    root : Path, optional
        The repository.

    Raises
    ------
    CourseError
        If the address there is not one that Binder can build from.
    """
    try:
        tomllib = import_module("tomllib")
    except ImportError:
        tomllib = tool("tomli")
    project = tomllib.loads(((root or repository_root()) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project.get("urls", {}).get("Repository")
    if repository is None:
        return None
    host, owner_and_name = "https://github.com/", repository.removeprefix("https://github.com/").strip("/")
    if not repository.startswith(host) or owner_and_name.count("/") != 1:
        raise CourseError(f"Binder cannot build from {repository!r}.", remedy="Write [project.urls] Repository as https://github.com/OWNER/NAME.")
    return f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD?urlpath=lab/tree/{notebook}"
