"""The name section: what a compiler calls the functions, locals, globals… that the module itself only numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from labkit.errors import MalformedModule
from labkit.modules.reader import Reader

__all__ = ["Names", "read_names"]

# Subsections that map an index to a name, by their number. 0 is the module's name; 2 (locals), 3 (labels) and 10 have two levels.
_SPACES = {1: "func", 4: "type", 5: "table", 6: "memory", 7: "global", 8: "elem", 9: "data", 11: "tag"}
_SUBSECTIONS = {0: "name of the module", 2: "names of locals", 3: "names of labels", 10: "names of fields"} | {
    number: f"names of {space}s" for number, space in _SPACES.items()
}
_IDENTIFIER = re.compile(r"[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]{1,200}")


@dataclass
class Names:
    """Names by index space and index; `locals` and `labels` by function and index (labels in the order of their blocks).

    Only what WAT can write as an identifier is kept, and of two that are the same within a space, the first.
    """

    module: str | None = None
    spaces: dict[str, dict[int, str]] = field(default_factory=lambda: {space: {} for space in _SPACES.values()})
    # Every function's name as the compiler wrote it, for showing.
    functions: dict[int, str] = field(default_factory=dict)
    locals: dict[int, dict[int, str]] = field(default_factory=dict)
    labels: dict[int, dict[int, str]] = field(default_factory=dict)

    def find(self, space: str, index: int) -> str | None:
        """The name at an index, or None.

        Examples
        --------
        >>> Names(spaces={"func": {0: "main"}}).find("func", 0)
        'main'
        """
        return self.spaces.get(space, {}).get(index)

    def find_local(self, function: int, index: int) -> str | None:
        """The name of a function's parameter or local, or None."""
        return self.locals.get(function, {}).get(index)

    def find_label(self, function: int, index: int) -> str | None:
        """The name of a function's block, or None."""
        return self.labels.get(function, {}).get(index)


def read_names(reader: Reader) -> Names:
    """Read the contents of a name section as far as they can be read.

    Parameters
    ----------
    reader : Reader
        Stands behind the section's own name.

    Returns
    -------
    Names
        A damaged custom section does not make a module invalid, so this never raises.

    Examples
    --------
    >>> read_names(Reader(b"\\x01\\x04\\x01\\x00\\x01f")).find("func", 0)
    'f'
    """
    names = Names()
    try:
        while not reader.at_end():
            number, size_bytes = reader.u8(), reader.u32()
            reader.note("subsection {} of {} bytes: {}", number, size_bytes, _SUBSECTIONS.get(number, "unknown"))
            contents = reader.sub(size_bytes)
            if number == 0:
                names.module = _identifier(contents.name())
                contents.note("name of the module: {}", names.module)
            elif number in (2, 3):
                for _ in range(contents.count("functions")):
                    function = contents.u32()
                    contents.note("in function {}:", function)
                    (names.locals if number == 2 else names.labels)[function] = _unique(_pairs(contents, "local" if number == 2 else "label"))
            elif number in _SPACES:
                pairs = dict(_pairs(contents, _SPACES[number]))
                names.spaces[_SPACES[number]] = _unique(pairs.items())
                if number == 1:
                    names.functions = pairs
    except MalformedModule:
        pass
    return names


def _unique(pairs: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Keep names that are identifiers, each once."""
    found: dict[str, int] = {}
    for index, name in pairs:
        if _identifier(name):
            found.setdefault(name, index)
    return {index: name for name, index in found.items()}


def _pairs(reader: Reader, space: str) -> Iterator[tuple[int, str]]:
    """Read a map from indices to names."""
    for _ in range(reader.count("names")):
        index, name = reader.u32(), reader.name()
        reader.note('{} {} is called "{}"', space, index, name)
        yield index, name


def _identifier(name: str) -> str | None:
    return name if _IDENTIFIER.fullmatch(name) else None
