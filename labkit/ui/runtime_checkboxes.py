"""A box to tick for each runtime, and why some cannot be ticked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import ipywidgets

from labkit.errors import ArgumentError, RuntimeUnavailable
from labkit.runtimes import registry

__all__ = ["pale_html", "reason", "runtime_checkboxes"]

_DEFAULT_RUNTIMES = ("wasmtime", "wasmer")


def runtime_checkboxes(ticked: Sequence[str] | None) -> dict[str, Any]:
    """A box for each runtime; those that do not work here cannot be ticked.

    Raises
    ------
    ArgumentError
        If ``ticked`` is no list of names.
    RuntimeUnavailable
        If one of them is none of labkit's.

    Examples
    --------
    >>> [name for name, box in runtime_checkboxes(["wasmtime-winch"]).items() if box.value]
    ['wasmtime-winch']
    """
    rows = registry.runtimes()
    if isinstance(ticked, str) or not isinstance(ticked, (Sequence, type(None))):
        raise ArgumentError(f"runtimes={ticked!r} is no list of runtimes.", remedy='Give their names in a list: runtimes=["wasmtime", "wasmer"].')
    for name in ticked or ():
        if name not in registry.RUNTIME_NAMES:
            raise RuntimeUnavailable(f"There is no runtime {name!r}.", remedy=f"Choose from {', '.join(registry.RUNTIME_NAMES)}.")
    return {
        row.name: ipywidgets.Checkbox(
            value=row.available and row.name in (_DEFAULT_RUNTIMES if ticked is None else ticked),
            description=row.name,
            disabled=not row.available,
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin="0 1.5em 0 0"),
        )
        for row in rows
    }


def reason(row: registry.RuntimeStatus) -> str:
    """Why a runtime's box cannot be ticked, and what to do about it.

    Examples
    --------
    >>> reason(registry.RuntimeStatus("v8", "?", None, False, "Node.js is not found", "Get Node.js."))
    'v8 is not available: Node.js is not found. Get Node.js.'
    """
    return f"{row.name} is not available: {row.reason}. {row.remedy}"


def pale_html(sentences: Iterable[str]) -> str:
    """Sentences that need not be read first, one below the other.

    Examples
    --------
    >>> pale_html(["1 < 2"])
    '<div style="opacity:0.7">1 &lt; 2</div>'
    """
    return "".join(f'<div style="opacity:0.7">{escape(sentence)}</div>' for sentence in sentences)
