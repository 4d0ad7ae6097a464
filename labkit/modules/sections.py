"""The frame of a core module: which sections it has, in which order, and where each begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labkit.modules.reader import Reader

__all__ = ["CUSTOM", "SECTION_NAMES", "Section", "expect_end", "read_section", "read_sections"]

CUSTOM = 0
SECTION_NAMES = {
    CUSTOM: "custom",
    1: "type",
    2: "import",
    3: "function",
    4: "table",
    5: "memory",
    6: "global",
    7: "export",
    8: "start",
    9: "element",
    10: "code",
    11: "data",
    12: "data count",
    13: "tag",
}
_WITHOUT_COUNT = frozenset({"start", "data count", "core module", "component"})
# Sections stand in the order in which each can be checked with what came before it; the late additions 12 and 13 stand between.
_PLACE = {number: place for place, number in enumerate((1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11))}


@dataclass(frozen=True)
class Section:
    """Where a section is.

    Attributes
    ----------
    id : int
        The number that begins it.
    name : str
        What the specification calls it.
    offset : int
        Where it begins, with its number and length.
    size_bytes : int
        Its size with its number and length, so that all sections and the header add up to the module.
    contents_offset : int
        Where its contents begin.
    custom_name : str
        The name a custom section gives itself.
    item_count : int or None
        How many items it announces, where it begins with a number of them.
    """

    id: int
    name: str
    offset: int
    size_bytes: int
    contents_offset: int
    custom_name: str = ""
    item_count: int | None = None

    @property
    def label(self) -> str:
        """The section's name; a custom section's own name in quotation marks."""
        return f'{self.name} "{self.custom_name}"' if self.custom_name else self.name


def read_sections(reader: Reader) -> Iterator[tuple[Section, Reader]]:
    """Step through the sections of a core module behind its header.

    Parameters
    ----------
    reader : Reader
        Stands behind the eight bytes of the header.

    Yields
    ------
    Section, Reader
        Each section, and a reader of its contents (of what follows the name, in a custom section).

    Raises
    ------
    MalformedModule
        If a section is unknown, too long, out of order or there twice.

    Examples
    --------
    >>> [section.name for section, _ in read_sections(Reader(b"\\x01\\x01\\x00\\x03\\x01\\x00"))]
    ['type', 'function']
    """
    previous: Section | None = None
    while not reader.at_end():
        section, contents = read_section(reader, SECTION_NAMES)
        if section.id != CUSTOM:
            if previous is not None and _PLACE[section.id] <= _PLACE[previous.id]:
                reader.fail(
                    f"there are two {section.name} sections."
                    if section.id == previous.id
                    else f"the {section.name} section stands behind the {previous.name} section: it is out of order, or there twice.",
                    offset=section.offset,
                )
            previous = section
        yield section, contents


def read_section(reader: Reader, names: Mapping[int, str]) -> tuple[Section, Reader]:
    """Read a section's number, length and, where it is custom, name.

    Parameters
    ----------
    reader : Reader
        Stands in front of the section; stands behind it afterwards.
    names : mapping of int to str
        The sections there may be, by number: a module's and a component's differ.

    Returns
    -------
    Section, Reader
        The section, and a reader of its contents (of what follows the name, in a custom section).

    Examples
    --------
    >>> read_section(Reader(b"\\x01\\x01\\x00"), SECTION_NAMES)[0].label
    'type'
    """
    offset = reader.offset
    number = reader.u8()
    if number not in names:
        reader.fail(f"there is no section with the number {number}.", offset=offset)
    name = names[number]
    reader.note("section {}: {}", number, name)
    size_bytes = reader.u32()
    reader.note("length of the section: {} byte{}", size_bytes, "" if size_bytes == 1 else "s")
    contents_offset = reader.offset
    contents = reader.sub(size_bytes)
    custom_name, item_count = "", None
    if number == CUSTOM:
        custom_name = contents.name()
        contents.note('name of the custom section: "{}"', custom_name)
    elif size_bytes and name not in _WITHOUT_COUNT:
        item_count = Reader(reader.data, contents_offset, contents.end).u32()
    return Section(number, name, offset, reader.offset - offset, contents_offset, custom_name, item_count), contents


def expect_end(contents: Reader, section: Section) -> None:
    """Refuse a section that is longer than its contents."""
    if not contents.at_end():
        contents.fail(f"the {section.label} section announces {contents.end - contents.offset} bytes more than its contents take.")
