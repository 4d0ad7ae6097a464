"""All of a core module but its code's instructions: what the printer and the stepper both start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from labkit.errors import MalformedModule, Unsupported
from labkit.modules.declarations import Declarations
from labkit.modules.decoder import read_instructions
from labkit.modules.encoding import read_global_type, read_table_type
from labkit.modules.instructions import Instruction
from labkit.modules.names import Names, read_names
from labkit.modules.reader import Reader, Recorder, read_header
from labkit.modules.sections import CUSTOM, Section, expect_end, read_sections
from labkit.modules.valuetypes import read_reference_type, read_value_type

__all__ = ["Body", "Contents", "DataSegment", "ElementSegment", "read_contents"]

# What engines take: a run of locals costs two bytes, whatever number of them it declares.
LARGEST_LOCAL_COUNT = 50_000


@dataclass(frozen=True)
class ElementSegment:
    """Entries for a table: `functions` by index, or one expression each.

    An active segment has an `offset`; it names its table unless the binary leaves that out. A declared segment is never copied.
    """

    type: str
    functions: tuple[int, ...] | None
    expressions: tuple[tuple[Instruction, ...], ...] = ()
    offset: tuple[Instruction, ...] | None = None
    table: int | None = None
    is_declared: bool = False


@dataclass(frozen=True)
class DataSegment:
    """Bytes for a memory; an active segment has an `offset`."""

    contents: bytes
    offset: tuple[Instruction, ...] | None = None
    memory: int = 0


@dataclass(frozen=True)
class Body:
    """The code of one function: its locals in runs of a number and a type, and where its bytes are.

    It begins at `start` with its own length; its instructions reach from `offset` to `end`.
    """

    locals: tuple[tuple[int, str], ...]
    start: int
    offset: int
    end: int


@dataclass
class Contents:
    """A core module taken apart; every list counts imports first, as the module's indices do."""

    wasm: bytes
    declarations: Declarations = field(default_factory=Declarations)
    table_values: dict[int, tuple[Instruction, ...]] = field(default_factory=dict)
    global_values: dict[int, tuple[Instruction, ...]] = field(default_factory=dict)
    elements: list[ElementSegment] = field(default_factory=list)
    data: list[DataSegment] = field(default_factory=list)
    data_count: int | None = None
    bodies: list[Body] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    sections: list[Section] = field(default_factory=list)

    @property
    def imported_functions(self) -> int:
        """How many functions come from outside: the index of the first of its own."""
        return len(self.declarations.functions) - len(self.bodies)

    def function_names(self) -> dict[int, str]:
        """What to call functions: the name in the module, else the one under which they are exported."""
        exported = {export.index: export.name for export in reversed(self.declarations.exports) if export.kind == "func"}
        return exported | self.names.functions

    def instructions(self, body: Body, reader: Reader | None = None) -> Iterator[Instruction]:
        """Read a function's instructions, the closing ``end`` included, with a reader that stands before them if one is given."""
        reader = reader or Reader(self.wasm, body.offset, body.end)
        yield from read_instructions(reader)
        if not reader.at_end():
            reader.fail(f"{reader.end - reader.offset} bytes stand behind the end of the function.")


def read_contents(wasm: bytes, *, recorder: Recorder | None = None) -> Contents:
    """Take a core module apart.

    Parameters
    ----------
    wasm : bytes
        The module.
    recorder : Recorder, optional
        Told what every group of bytes means; without one, the functions' instructions are passed over.

    Returns
    -------
    Contents

    Raises
    ------
    MalformedModule
        If the bytes are damaged.
    Unsupported
        If they are a component.

    Examples
    --------
    >>> read_contents(b"\\0asm\\x01\\0\\0\\0").bodies
    []
    """
    reader = Reader(wasm, recorder=recorder)
    if read_header(reader) == "component":
        raise Unsupported(
            "This is a component: modules and instances in layers, not one core module.",
            remedy="Take a core module out of it (`labkit.inspect` lists the layers), or use `wasm-tools print`.",
        )
    found = Contents(wasm)
    for section, contents in read_sections(reader):
        found.sections.append(section)
        if section.id == CUSTOM:
            if section.custom_name == "name":
                found.names = read_names(contents)
            reader.note("the rest of the section")
            continue
        if read := _EXPRESSIONS.get(section.name):
            read(found, Reader(wasm, contents.offset, contents.end))
        if Declarations.declares(section):
            found.declarations.read(section, contents)
        elif read_vector := _VECTORS.get(section.name):
            read_vector(found, contents)
            expect_end(contents, section)
    _check_counts(found, reader)
    return found


def _check_counts(found: Contents, reader: Reader) -> None:
    """Refuse a module whose sections disagree about numbers."""
    imported = sum(needed.kind == "func" for needed in found.declarations.imports)
    if found.imported_functions != imported:
        declared = len(found.declarations.functions) - imported
        reader.fail(f"{declared} functions are declared, but {len(found.bodies)} have code.")
    if found.data_count not in (None, len(found.data)):
        reader.fail(f"{found.data_count} data segments are announced, but there are {len(found.data)}.")


def _read_expression(reader: Reader) -> tuple[Instruction, ...]:
    return tuple(read_instructions(reader))[:-1]


def _read_table_values(found: Contents, reader: Reader) -> None:
    """Keep the expressions that tables start with; the declarations follow for the rest."""
    for index in range(len(found.declarations.tables), len(found.declarations.tables) + reader.count("tables")):
        has_value = reader.peek() == 0x40
        if has_value:
            reader.skip(2)
        read_table_type(reader, len(found.declarations.types))
        if has_value:
            found.table_values[index] = _read_expression(reader)


def _read_global_values(found: Contents, reader: Reader) -> None:
    """Keep the expressions that globals start with; the declarations follow for the rest."""
    for index in range(len(found.declarations.globals), len(found.declarations.globals) + reader.count("globals")):
        read_global_type(reader, len(found.declarations.types))
        found.global_values[index] = _read_expression(reader)


def _read_elements(found: Contents, reader: Reader) -> None:
    for index in range(reader.items("element segment")):
        start = reader.offset
        flags = reader.u32()
        if flags > 7:
            reader.fail(f"0x{flags:x} are no flags of an element segment.", offset=start)
        is_passive, is_explicit, has_expressions = flags & 1, flags & 2, flags & 4
        table = reader.u32() if is_explicit and not is_passive else None
        offset = None if is_passive else _read_expression(reader)
        element_type = "funcref"
        if is_passive or is_explicit:
            if has_expressions:
                element_type = read_reference_type(reader, len(found.declarations.types))
            elif kind := reader.u8():
                reader.fail(f"0x{kind:02x} is no kind of elements: 0 says functions.", offset=reader.offset - 1)
        count = reader.count("elements")
        functions = None if has_expressions else tuple(reader.u32() for _ in range(count))
        expressions = tuple(_read_expression(reader) for _ in range(count)) if has_expressions else ()
        found.elements.append(ElementSegment(element_type, functions, expressions, offset, table, bool(is_passive and is_explicit)))
        reader.note("element segment {}: {} of type {}{}", index, count, element_type, _placed(offset))


def _read_data(found: Contents, reader: Reader) -> None:
    for index in range(reader.items("data segment")):
        start = reader.offset
        flags = reader.u32()
        if flags > 2:
            reader.fail(f"0x{flags:x} are no flags of a data segment.", offset=start)
        memory = reader.u32() if flags == 2 else 0
        offset = None if flags == 1 else _read_expression(reader)
        size_bytes = reader.u32()
        reader.note("data segment {}: {} bytes{}", index, size_bytes, _placed(offset))
        found.data.append(DataSegment(reader.take(size_bytes), offset, memory))
        reader.note("its bytes")


def _placed(offset: tuple[Instruction, ...] | None) -> str:
    return "" if offset is None else f", copied to {' '.join(map(str, offset))}"


def _read_data_count(found: Contents, reader: Reader) -> None:
    found.data_count = reader.u32()
    reader.note("{} data segments will follow the code", found.data_count)


def _read_code(found: Contents, reader: Reader) -> None:
    for index in range(reader.items("body", "bodies")):
        start = reader.offset
        size_bytes = reader.u32()
        reader.note("body {}: {} bytes", index, size_bytes)
        code = reader.sub(size_bytes)
        runs, total = [], 0
        for _ in range(code.count("runs of locals")):
            runs.append((code.u32(), read_value_type(code, len(found.declarations.types))))
            total += runs[-1][0]
            if total > LARGEST_LOCAL_COUNT:
                raise MalformedModule(f"more than {LARGEST_LOCAL_COUNT} locals in one function.", offset=code.offset)
        code.note("locals: {}", ", ".join(f"{count} × {kind}" for count, kind in runs) or "none")
        found.bodies.append(Body(tuple(runs), start, code.offset, code.end))
        if code.recorder is not None:
            for instruction in found.instructions(found.bodies[-1], code):
                code.note("{}", instruction)


_EXPRESSIONS: dict[str, Callable[[Contents, Reader], None]] = {"table": _read_table_values, "global": _read_global_values}
_VECTORS: dict[str, Callable[[Contents, Reader], None]] = {
    "element": _read_elements,
    "data": _read_data,
    "data count": _read_data_count,
    "code": _read_code,
}
