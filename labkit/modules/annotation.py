"""Every group of bytes of a small module, and what it means: the binary format, read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from labkit.display import format_bytes, html_table, shorten, text_table
from labkit.errors import ArgumentRangeError
from labkit.modules.component import read_layers
from labkit.modules.contents import read_contents
from labkit.modules.reader import Reader, header

__all__ = ["Annotation", "Group", "annotate"]

LARGEST_GROUP_COUNT = 500
_BYTES_SHOWN = 12
_CHARACTERS_SHOWN = 120
_TITLES = ("offset", "bytes", "meaning")


@dataclass(frozen=True)
class Group:
    """Bytes that belong together.

    Attributes
    ----------
    offset : int
        Of the first, from the front of the module.
    contents : bytes
        The bytes.
    meaning : str
        What they say.
    """

    offset: int
    contents: bytes
    meaning: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """The group as a row of a table; many bytes and long meanings are cut."""
        more = f" … {format_bytes(len(self.contents))}" if len(self.contents) > _BYTES_SHOWN else ""
        return f"0x{self.offset:04x}", self.contents[:_BYTES_SHOWN].hex(" ") + more, shorten(self.meaning, _CHARACTERS_SHOWN)


@dataclass(frozen=True)
class Annotation:
    """A module's bytes with their meaning, from the front.

    Attributes
    ----------
    groups : tuple of Group
        Without gaps: each begins where the one before it ends.
    size_bytes : int
        Size of the whole module.
    """

    groups: tuple[Group, ...]
    size_bytes: int

    @property
    def annotated_bytes(self) -> int:
        """How many bytes the groups cover; all of them, unless the module has too many groups."""
        return sum(len(group.contents) for group in self.groups)

    @property
    def headline(self) -> str:
        """How much of the module is shown."""
        rest = self.size_bytes - self.annotated_bytes
        return f"{self.size_bytes} bytes in {len(self.groups)} groups" + (f"; {rest} more bytes are not shown" if rest else "")

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    def __str__(self) -> str:
        return f"{self.headline}\n{text_table(_TITLES, [group.cells for group in self.groups])}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(_TITLES, [group.cells for group in self.groups], caption=self.headline)
        return f'<div style="font-family:var(--jp-code-font-family,monospace)">{table}</div>'


class _Enough(Exception):
    """Leaves the reading when there are groups enough."""


@dataclass
class _Groups:
    """Collects what the reader tells."""

    wasm: bytes
    limit: int
    found: list[Group] = field(default_factory=list)
    end: int = 0

    def record(self, end: int, meaning: str) -> None:
        if end == self.end:
            return
        if len(self.found) == self.limit:
            raise _Enough
        self.found.append(Group(self.end, self.wasm[self.end : end], meaning))
        self.end = end


def annotate(wasm: bytes, *, limit: int = LARGEST_GROUP_COUNT) -> Annotation:
    """Say what each group of a module's bytes means.

    Parameters
    ----------
    wasm : bytes
        A core module; or a component, whose layers are named but not taken apart.
    limit : int, optional
        How many groups to show at most.

    Returns
    -------
    Annotation

    Raises
    ------
    MalformedModule
        If the bytes are damaged, as far as they are shown.
    ArgumentRangeError
        If the limit is no whole number, or negative.

    Examples
    --------
    >>> print(annotate(b"\\0asm\\x01\\0\\0\\0\\x01\\x04\\x01\\x60\\0\\0"))
    14 bytes in 8 groups
    offset  bytes        meaning
    0x0000  00 61 73 6d  magic: "\\0asm" says that this is WebAssembly
    0x0004  01 00 00 00  version 1 of the core format
    0x0008  01           section 1: type
    0x0009  04           length of the section: 4 bytes
    0x000a  01           1 type
    0x000b  60           type 0 is a function
    0x000c  00           parameters: none
    0x000d  00           results: none
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ArgumentRangeError(f"limit={limit!r} is no number of groups.", remedy="Give a whole number, 0 or more.")
    groups = _Groups(wasm, limit)
    try:
        if header(wasm) == "module":
            read_contents(wasm, recorder=groups)
        else:
            read_layers(Reader(wasm, recorder=groups))
    except _Enough:
        pass
    return Annotation(tuple(groups.found), len(wasm))
