"""Compiles what a reader writes in a notebook's cell, whose lines are counted as the reader sees them."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.toolchains.artifact import Artifact
from labkit.toolchains.build import TIMEOUT_SECONDS, build
from labkit.toolchains.registry import language_named

__all__ = ["compile_cell"]


def compile_cell(
    language: str,
    text: str,
    *,
    kind: str = "command",
    optimize: str | None = None,
    features: Sequence[str] = (),
    target: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Artifact:
    """Compile the body of a cell whose first line is a magic.

    Parameters
    ----------
    language : str
        One of `LANGUAGE_NAMES`, or a usual short name of one.
    text : str
        The cell without its first line.
    kind, optimize, features, target, timeout_seconds
        As for `labkit.build`.

    Returns
    -------
    Artifact

    Raises
    ------
    BuildError
        If the compiler refuses the cell; ``line`` and the lines in its words count the magic's own line as the first.
    LabkitError
        As `labkit.build` raises.

    Examples
    --------
    >>> from labkit.errors import BuildError
    >>> try:
    ...     compile_cell("wat", "(module\\n  (func bogus))", kind="library")
    ... except BuildError as error:
    ...     error.line
    3
    """
    # An empty line stands where the magic was, and so no compiler has to be told about it.
    return build(
        f"\n{text}".encode("utf-8", "surrogatepass"),
        language=language,
        kind=kind,
        optimize=optimize,
        features=features,
        target=target,
        name=f"cell{language_named(language).suffixes[0]}",
        timeout_seconds=timeout_seconds,
    )
