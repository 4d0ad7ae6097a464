"""What a module declares: the sections that say which types, functions, tables, memories, tags and globals it has.

Code and data are not needed for it, so a large module's interface is read at the speed of its declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.modules.constants import read_constant
from labkit.modules.encoding import TypeEntry, read_global_type, read_memory_type, read_table_type, read_types
from labkit.modules.reader import Reader
from labkit.modules.sections import Section, expect_end
from labkit.modules.types import Export, ExternType, FuncType, GlobalType, Import, MemoryType, TableType, TagType
from labkit.modules.valuetypes import check_index

__all__ = ["Declarations"]

KINDS = ("func", "table", "memory", "global", "tag")


@dataclass
class Declarations:
    """Filled section by section; every list counts imports first, as the module's indices do."""

    types: list[TypeEntry] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    tables: list[TableType] = field(default_factory=list)
    memories: list[MemoryType] = field(default_factory=list)
    tags: list[TagType] = field(default_factory=list)
    # Like `functions`: for each tag, the index of its type.
    tag_types: list[int] = field(default_factory=list)
    globals: list[GlobalType] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    start: int | None = None
    # Constant expressions as WAT, by index; imported ones have none.
    table_initialisers: dict[int, str] = field(default_factory=dict)
    global_initialisers: dict[int, str] = field(default_factory=dict)

    @staticmethod
    def declares(section: Section) -> bool:
        """Whether the section is one that `read` takes."""
        return section.id in _SECTIONS

    def read(self, section: Section, contents: Reader) -> None:
        """Read one section, whole."""
        _SECTIONS[section.id](self, contents)
        expect_end(contents, section)

    def counts(self) -> dict[str, int]:
        """How many there are so far in each index space."""
        return {
            "type": len(self.types),
            "func": len(self.functions),
            "table": len(self.tables),
            "memory": len(self.memories),
            "global": len(self.globals),
            "tag": len(self.tags),
        }

    def func_type(self, reader: Reader, type_index: int, offset: int) -> FuncType:
        """The function type at an index of the type section."""
        found = self.types[check_index(reader, type_index, len(self.types), "type", offset)].type
        if not isinstance(found, FuncType):
            reader.fail(f"type {type_index} is no function type.", offset=offset)
        return found


def _read_types(found: Declarations, reader: Reader) -> None:
    found.types.extend(read_types(reader))


def _read_imports(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("import")):
        module = reader.name()
        reader.note('from the module "{}"', module)
        start = reader.offset
        name = reader.name()
        # Imports that share their module are written in groups: an empty name and one of two marks that are no kind.
        if not name and not reader.at_end() and reader.peek() in (0x7F, 0x7E):
            _read_import_group(found, reader, module)
        else:
            reader.note('import "{}"', name)
            _add_import(found, module, name, _read_extern_type(found, reader))
        if reader.offset == start:
            reader.fail("this import takes no bytes.", offset=start)


def _read_import_group(found: Declarations, reader: Reader, module: str) -> None:
    """Read several imports from one module: each with its type, or all with one type."""
    each = reader.u8() == 0x7F
    reader.note("several imports from it, {}", "each with its type" if each else "all of one type")
    shared = None if each else _read_extern_type(found, reader)
    for _ in range(reader.items("import")):
        name = reader.name()
        reader.note('import "{}"', name)
        _add_import(found, module, name, _read_extern_type(found, reader) if shared is None else shared)


def _read_extern_type(found: Declarations, reader: Reader) -> tuple[ExternType, int]:
    """Read the kind of an import and its type; a function's and a tag's come with the index of that type, others with -1."""
    start = reader.offset
    kind = reader.u8()
    type_index = -1
    if kind == 0:
        at = reader.offset
        type_index = reader.u32()
        described: ExternType = found.func_type(reader, type_index, at)
    elif kind == 1:
        described = read_table_type(reader, len(found.types))
    elif kind == 2:
        described = read_memory_type(reader)
    elif kind == 3:
        described = read_global_type(reader, len(found.types))
    elif kind == 4:
        described, type_index = _read_tag_type(found, reader)
    else:
        reader.fail(f"0x{kind:02x} is no kind of import: 0 to 4 are.", offset=start)
    reader.note("a {}: {}", described.kind, described)
    return described, type_index


def _read_tag_type(found: Declarations, reader: Reader) -> tuple[TagType, int]:
    start = reader.offset
    if attribute := reader.u8():
        reader.fail(f"0x{attribute:02x} is no kind of tag: 0 says exception.", offset=start)
    start = reader.offset
    type_index = reader.u32()
    described = found.func_type(reader, type_index, start)
    if described.results:
        reader.fail("the type of a tag has results.", offset=start)
    return TagType(described.params), type_index


def _add_import(found: Declarations, module: str, name: str, extern: tuple[ExternType, int]) -> None:
    """Note an import, and give it its place in its index space."""
    described, type_index = extern
    found.imports.append(Import(module, name, described))
    if isinstance(described, FuncType):
        found.functions.append(type_index)
    elif isinstance(described, TableType):
        found.tables.append(described)
    elif isinstance(described, MemoryType):
        found.memories.append(described)
    elif isinstance(described, GlobalType):
        found.globals.append(described)
    else:
        found.tags.append(described)
        found.tag_types.append(type_index)


def _read_functions(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("function")):
        start = reader.offset
        index = reader.u32()
        described = found.func_type(reader, index, start)
        reader.note("function {} has type {}: {}", len(found.functions), index, described)
        found.functions.append(index)


def _read_tables(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("table")):
        index = len(found.tables)
        has_value = reader.peek() == 0x40
        if has_value:
            reader.skip(1)
            start = reader.offset
            if reader.u8():
                reader.fail("a reserved byte is not zero.", offset=start)
        described = read_table_type(reader, len(found.types))
        reader.note("table {}: {}", index, described)
        if has_value:
            found.table_initialisers[index] = read_constant(reader, found.counts())
            reader.note("its entries start as {}", found.table_initialisers[index])
        found.tables.append(described)


def _read_memories(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("memory", "memories")):
        found.memories.append(read_memory_type(reader))
        reader.note("memory {}: {}", len(found.memories) - 1, found.memories[-1])


def _read_tags(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("tag")):
        described, type_index = _read_tag_type(found, reader)
        found.tags.append(described)
        found.tag_types.append(type_index)
        reader.note("tag {}: {}", len(found.tags) - 1, found.tags[-1])


def _read_globals(found: Declarations, reader: Reader) -> None:
    for _ in range(reader.items("global")):
        index = len(found.globals)
        described = read_global_type(reader, len(found.types))
        reader.note("global {}: {}", index, described)
        found.global_initialisers[index] = read_constant(reader, found.counts())
        reader.note("starts as {}", found.global_initialisers[index])
        found.globals.append(described)


def _read_exports(found: Declarations, reader: Reader) -> None:
    names: set[str] = set()
    for _ in range(reader.items("export")):
        start = reader.offset
        name = reader.name()
        if name in names:
            reader.fail(f"there are two exports called {name!r}.", offset=start)
        names.add(name)
        start = reader.offset
        kind = reader.u8()
        if kind >= len(KINDS):
            reader.fail(f"0x{kind:02x} is no kind of export: 0 to 4 are.", offset=start)
        at = reader.offset
        index = check_index(reader, reader.u32(), found.counts()[KINDS[kind]], KINDS[kind], at)
        reader.note('export "{}": {} {}', name, KINDS[kind], index)
        found.exports.append(Export(name, _described(found, KINDS[kind], index), index))


def _described(found: Declarations, kind: str, index: int) -> ExternType:
    """The type of whatever stands at an index of an index space."""
    if kind == "func":
        described = found.types[found.functions[index]].type
        assert isinstance(described, FuncType)  # checked when the function was declared
        return described
    spaces = {"table": found.tables, "memory": found.memories, "global": found.globals, "tag": found.tags}
    return spaces[kind][index]  # type: ignore[no-any-return, index]


def _read_start(found: Declarations, reader: Reader) -> None:
    start = reader.offset
    found.start = check_index(reader, reader.u32(), len(found.functions), "function", start)
    reader.note("function {} runs at the start", found.start)


_SECTIONS: dict[int, Callable[[Declarations, Reader], None]] = {
    1: _read_types,
    2: _read_imports,
    3: _read_functions,
    4: _read_tables,
    5: _read_memories,
    13: _read_tags,
    6: _read_globals,
    7: _read_exports,
    8: _read_start,
}
