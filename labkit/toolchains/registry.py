"""Which languages can be compiled on this machine, with what, and what to do about those that cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError
from labkit.toolchains.assemblyscript import AssemblyScript
from labkit.toolchains.c import C, Cpp
from labkit.toolchains.component import find_adapter
from labkit.toolchains.go import Go
from labkit.toolchains.javascript import JavaScript
from labkit.toolchains.language import WASIP1, WASIP2, Found, Language, Missing
from labkit.toolchains.python import Python
from labkit.toolchains.rust import Rust
from labkit.toolchains.wasm_opt import find_wasm_opt
from labkit.toolchains.wat import Wat
from labkit.toolchains.zig import Zig

__all__ = ["LANGUAGES", "LANGUAGE_NAMES", "ToolchainStatus", "ToolchainTable", "language_named", "language_of_file", "toolchains"]

#: Every language labkit knows, by name.
LANGUAGES: dict[str, Language] = {
    language.name: language for language in (Wat(), C(), Cpp(), Zig(), Rust(), Go(), AssemblyScript(), JavaScript(), Python())
}
LANGUAGE_NAMES = tuple(LANGUAGES)
_ALIASES = {"c++": "cpp", "cxx": "cpp", "rs": "rust", "golang": "go", "ts": "assemblyscript", "js": "javascript", "py": "python", "wast": "wat"}


@dataclass(frozen=True)
class ToolchainStatus:
    """One row of the registry.

    Attributes
    ----------
    name : str
        The language, or what a tool does after the compilers.
    makes : str
        ``"module"`` or ``"component"``.
    toolchain, version : str
    origin : str
        Where it was found: "PyPI", "npm", "rustup", "Debian", "PATH".
    available : bool
    reason : str
        Why it is not available; empty where it is.
    remedy : str
        What to do about that, in one line.
    remedies : dict of str
        One line for each installer that has it.
    """

    name: str
    makes: str
    toolchain: str
    version: str
    origin: str
    available: bool
    reason: str = ""
    remedy: str = ""
    remedies: dict[str, str] = field(default_factory=dict)


class ToolchainTable(tuple[ToolchainStatus, ...]):
    """The rows of the registry, shown as a table; rows of toolchains that are not available are greyed."""

    _HEADER = ("language", "makes", "toolchain", "from", "here", "what to do")

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                row.name,
                row.makes,
                f"{row.toolchain} {row.version}".strip(),
                row.origin,
                "yes" if row.available else f"no: {row.reason}",
                "; or ".join(row.remedies.values()),
            )
            for row in self
        ]

    def __repr__(self) -> str:
        return text_table(self._HEADER, self._rows())

    def _repr_html_(self) -> str:
        return html_table(self._HEADER, self._rows(), grey=[i for i, row in enumerate(self) if not row.available])


def _compiler(language: Language, target: str) -> Callable[[], Found | Missing]:
    return lambda: language.find(target)


def _ways() -> list[tuple[str, str, Callable[[], Found | Missing]]]:
    ways = [(language.name, "module", _compiler(language, WASIP1)) for language in LANGUAGES.values()]
    ways += [(name, "component", _compiler(LANGUAGES[name], WASIP2)) for name in ("rust", "javascript", "python")]
    return [*ways, ("any, for WASI 0.2", "component", find_adapter), ("any, optimized", "module", find_wasm_opt)]


def toolchains() -> ToolchainTable:
    """List every toolchain, with the reason and the remedies for each that is not here.

    Returns
    -------
    ToolchainTable
        A tuple of `ToolchainStatus` that shows itself as a table.

    Examples
    --------
    >>> [row.name for row in toolchains() if row.makes == "module"][:5]
    ['wat', 'c', 'cpp', 'zig', 'rust']
    """
    return ToolchainTable(_status(name, makes, find()) for name, makes, find in _ways())


def _status(name: str, makes: str, found: Found | Missing) -> ToolchainStatus:
    if isinstance(found, Found):
        return ToolchainStatus(name, makes, found.name, found.version, found.origin, True)
    return ToolchainStatus(name, makes, found.name, "", "", False, found.reason, found.remedy, dict(found.remedies))


def language_named(name: str) -> Language:
    """The language of that name, or of one of its usual short names.

    Examples
    --------
    >>> language_named("C++").name
    'cpp'
    """
    key = name.lower() if isinstance(name, str) else ""
    key = _ALIASES.get(key, key)
    if key not in LANGUAGES:
        raise ArgumentError(f"There is no language {name!r}.", remedy=f"Choose one of {', '.join(LANGUAGE_NAMES)}.")
    return LANGUAGES[key]


def language_of_file(suffix: str) -> Language | None:
    """The language that a file name's suffix tells.

    Examples
    --------
    >>> language_of_file(".rs").title, language_of_file(".txt")
    ('Rust', None)
    """
    return next((language for language in LANGUAGES.values() if suffix.lower() in language.suffixes), None)
