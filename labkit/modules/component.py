"""The layers of a component: which core modules and components are nested in it, where, and what each needs and offers.

The types, instances and canonical functions between them are passed over: their sections are listed, not taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labkit.errors import MalformedModule
from labkit.modules.reader import Reader, read_header
from labkit.modules.sections import CUSTOM, Section, expect_end, read_section, read_sections

__all__ = ["ComponentItem", "Layer", "read_layers"]

_SECTION_NAMES = {
    CUSTOM: "custom",
    1: "core module",
    2: "core instance",
    3: "core type",
    4: "component",
    5: "instance",
    6: "alias",
    7: "type",
    8: "canonical function",
    9: "start",
    10: "import",
    11: "export",
    12: "value",
}
_CORE_KINDS = {0: "func", 1: "table", 2: "memory", 3: "global", 4: "tag", 0x10: "type", 0x11: "module", 0x12: "instance"}
_KINDS = {1: "func", 2: "value", 3: "type", 4: "component", 5: "instance"}
_CORE = 0


@dataclass(frozen=True)
class ComponentItem:
    """Something a component imports or exports.

    Attributes
    ----------
    name : str
        Its full name: ``wasi:http/types@0.2.0``.
    kind : str
        ``func``, ``value``, ``type``, ``component``, ``instance``; of the core, ``core module``.

    Examples
    --------
    >>> print(ComponentItem("wasi:cli/run@0.2.0", "instance"))
    wasi:cli/run@0.2.0: instance
    """

    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}"


@dataclass(frozen=True)
class Layer:
    """A core module or component, with what is nested in it.

    Attributes
    ----------
    kind : str
        ``module`` or ``component``.
    depth : int
        How deep it is nested; 0 is the outermost component.
    offset, size_bytes : int
        Where its bytes are, its own header included, counted from the front of the outermost component.
    name : str
        The name it gives itself, or nothing.
    sections : tuple of Section
        Its sections.
    imports, exports : tuple of ComponentItem
        A component's; a core module's show when it is inspected by itself.
    """

    kind: str
    depth: int
    offset: int
    size_bytes: int
    name: str
    sections: tuple[Section, ...]
    imports: tuple[ComponentItem, ...] = ()
    exports: tuple[ComponentItem, ...] = ()


def read_layers(reader: Reader) -> list[Layer]:
    """Read a component, and all that is nested in it, from the outside in and from front to back.

    Parameters
    ----------
    reader : Reader
        Stands in front of the component's header. Its recorder hears of the outermost layer alone.

    Returns
    -------
    list of Layer
        The component itself first.

    Raises
    ------
    MalformedModule
        If a section, a header, or the name of an import or export is damaged.

    Examples
    --------
    >>> [layer.kind for layer in read_layers(Reader(b"\\0asm\\x0d\\0\\1\\0\\1\\x08\\0asm\\1\\0\\0\\0"))]
    ['component', 'module']
    """
    layers = []
    # Not a recursion: how deep components nest is the input's choice.
    waiting = [(0, reader)]
    while waiting:
        depth, contents = waiting.pop()
        layer, nested = _read_layer(contents, depth)
        layers.append(layer)
        waiting += [(depth + 1, inner) for inner in reversed(nested)]
    return layers


def _read_layer(reader: Reader, depth: int) -> tuple[Layer, list[Reader]]:
    """Read one layer; what is nested in it comes back unread."""
    start = reader.offset
    kind = read_header(reader)
    name = ""
    sections: list[Section] = []
    items: dict[str, list[ComponentItem]] = {"import": [], "export": []}
    nested: list[Reader] = []
    for section, contents in read_sections(reader) if kind == "module" else _component_sections(reader):
        sections.append(section)
        if section.custom_name in ("name", "component-name"):
            name = _own_name(contents)
        elif kind == "component" and section.name in ("core module", "component"):
            nested.append(Reader(contents.data, contents.offset, contents.end))
        elif kind == "component" and section.name in items:
            items[section.name] += _read_items(contents, section)
        reader.note("{}", f"the {section.name}" if section.id in (1, 4) else "the rest of the section")
    size_bytes = reader.end - start
    return Layer(kind, depth, start, size_bytes, name, tuple(sections), tuple(items["import"]), tuple(items["export"])), nested


def _component_sections(reader: Reader) -> Iterator[tuple[Section, Reader]]:
    """Step through a component's sections: any number of each kind, in any order."""
    while not reader.at_end():
        yield read_section(reader, _SECTION_NAMES)


def _own_name(contents: Reader) -> str:
    """What a module or component calls itself; a damaged name is no name."""
    try:
        if contents.at_end() or contents.u8() != 0:
            return ""
        return contents.sub(contents.u32()).name()
    except MalformedModule:
        return ""


def _read_items(contents: Reader, section: Section) -> Iterator[ComponentItem]:
    """Read a section of imports or of exports."""
    for _ in range(contents.items(section.name)):
        start = contents.offset
        form = contents.u8()
        if form > 1:
            contents.fail(f"0x{form:02x} begins no name of an import or export.", offset=start)
        name = contents.name()
        if section.name == "import":
            kind = _read_description(contents)
        else:
            kind = _read_kind(contents)
            contents.u32()
            if contents.u8():
                _read_description(contents)
        contents.note('{} "{}": {}', section.name, name, kind)
        yield ComponentItem(name, kind)
    expect_end(contents, section)


def _read_kind(reader: Reader) -> str:
    """Read what sort of thing follows."""
    start = reader.offset
    number = reader.u8()
    if number == _CORE and (core := _CORE_KINDS.get(reader.u8())):
        return f"core {core}"
    if number not in _KINDS:
        reader.fail("this is no kind of import or export.", offset=start)
    return _KINDS[number]


def _read_description(reader: Reader) -> str:
    """Read what an import must be, or what an export is said to be: its kind, and an index, a bound or a type."""
    kind = _read_kind(reader)
    if kind not in ("value", "type"):
        reader.u32()
        return kind
    start = reader.offset
    bound = reader.u8()
    if bound > 1:
        reader.fail(f"0x{bound:02x} is no bound of a {kind}.", offset=start)
    if kind == "value":
        reader.s33()
    elif bound == 0:
        reader.u32()
    return kind
