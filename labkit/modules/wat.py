"""Prints a binary module back as WebAssembly text, so that a reader can see what any compiler made and edit it.

Assembling the text gives the same bytes again, section by section, except for custom sections and for longer ways a compiler
may write the same thing (padded integers, an empty section, a recursion group of one type or none).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labkit.errors import LimitExceeded
from labkit.modules.body_text import write_body
from labkit.modules.contents import Body, Contents, DataSegment, ElementSegment, read_contents
from labkit.modules.encoding import TypeEntry
from labkit.modules.instructions import Instruction
from labkit.modules.load import Source, to_wasm
from labkit.modules.sections import CUSTOM
from labkit.modules.types import ExternType, FuncType, GlobalType, MemoryType, StructType, TableType

__all__ = ["to_wat"]

LARGEST_TEXT_BYTES = 2**28
_DATA_BYTES_A_LINE = 64


def to_wat(source: Source, *, largest_bytes: int = LARGEST_TEXT_BYTES) -> str:
    """Print a core module as WebAssembly text.

    Parameters
    ----------
    source : bytes, str or path
        WebAssembly bytes, WAT text, or the path of a file with either.
    largest_bytes : int, optional
        Stop when the text grows beyond this; a small hostile module can describe a large text.

    Returns
    -------
    str
        One line for each instruction, blocks indented; names come from the module's name section where it has one.

    Raises
    ------
    MalformedModule
        If the bytes are damaged.
    Unsupported
        If they are a component.
    LimitExceeded
        If the text grows too large.

    Examples
    --------
    >>> print(to_wat('(module (func $add (export "add") (param $a i32) (param $b i32) (result i32) (i32.add (local.get $a) (local.get $b))))'))
    (module
      (type (;0;) (func (param i32 i32) (result i32)))
      (export "add" (func $add))
      (func $add (;0;) (type 0) (param $a i32) (param $b i32) (result i32)
        local.get $a
        local.get $b
        i32.add
      )
    )
    """
    lines, size_bytes = [], 0
    for line in _Printer(read_contents(to_wasm(source))).lines():
        size_bytes += len(line) + 1
        if size_bytes > largest_bytes:
            raise LimitExceeded(
                f"The text of this module is larger than {largest_bytes} bytes.", remedy="Raise to_wat(largest_bytes=…), or print a smaller module."
            )
        lines.append(line)
    return "\n".join(lines)


class _Printer:
    """Prints one module, section by section."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.declarations = contents.declarations
        self.names = contents.names

    def lines(self) -> Iterator[str]:
        name = self.names.module
        yield f"(module ${name}" if name else "(module"
        for field in self._fields():
            yield f"  {field}"
        for section in self.contents.sections:
            if section.id == CUSTOM and section.custom_name != "name":
                yield f"  ;; custom section {_quote(section.custom_name[:200].encode())}, {section.size_bytes} bytes"
        yield ")"

    def _fields(self) -> Iterator[str]:
        declarations, contents = self.declarations, self.contents
        yield from self._types()
        yield from self._imports()
        for index in range(_imported(self, "table"), len(declarations.tables)):
            yield self._definition("table", index, _table(declarations.tables[index]), contents.table_values.get(index, ()))
        for index in range(_imported(self, "memory"), len(declarations.memories)):
            yield self._definition("memory", index, _memory(declarations.memories[index]))
        for index in range(_imported(self, "tag"), len(declarations.tags)):
            yield self._definition("tag", index, self._tag(index))
        for index in range(_imported(self, "global"), len(declarations.globals)):
            yield self._definition("global", index, _global(declarations.globals[index]), contents.global_values[index])
        for export in declarations.exports:
            yield f"(export {_quote(export.name.encode())} ({export.kind} {self.index(export.kind, export.index)}))"
        if declarations.start is not None:
            yield f"(start {self.index('func', declarations.start)})"
        for index, element in enumerate(contents.elements):
            yield self._definition("elem", index, self._element(element))
        for index, body in enumerate(contents.bodies, start=contents.imported_functions):
            yield from self._function(index, body)
        for index, segment in enumerate(contents.data):
            yield self._definition("data", index, self._data(segment))

    def index(self, space: str, index: int) -> str:
        """What refers to something: its identifier where it has one, else its number."""
        name = self.names.find(space, index)
        return f"${name}" if name else str(index)

    def _label(self, space: str, index: int) -> str:
        """What introduces something: its identifier and, as a comment, its number."""
        name = self.names.find(space, index)
        return f"${name} (;{index};)" if name else f"(;{index};)"

    def _definition(self, space: str, index: int, text: str, value: Iterable[Instruction] = ()) -> str:
        return f"({' '.join([space, self._label(space, index), text, *self._expression(value)])})"

    def _expression(self, instructions: Iterable[Instruction]) -> list[str]:
        return [instruction.text(self.index) for instruction in instructions]

    def _types(self) -> Iterator[str]:
        for index, entry in enumerate(self.declarations.types):
            is_grouped = entry.group_size > 1
            if is_grouped and index == entry.group:
                yield "(rec"
            yield f"{'  ' * is_grouped}{self._definition('type', index, _type(entry))}"
            if is_grouped and index == entry.group + entry.group_size - 1:
                yield ")"

    def _imports(self) -> Iterator[str]:
        counts = dict.fromkeys(("func", "table", "memory", "global", "tag"), 0)
        for needed in self.declarations.imports:
            index = counts[needed.kind]
            counts[needed.kind] += 1
            described = self._definition(needed.kind, index, self._extern(needed.type, index))
            yield f"(import {_quote(needed.module.encode())} {_quote(needed.name.encode())} {described})"

    def _extern(self, imported: ExternType, index: int) -> str:
        if isinstance(imported, FuncType):
            return f"(type {self.index('type', self.declarations.functions[index])})"
        if isinstance(imported, TableType):
            return _table(imported)
        if isinstance(imported, MemoryType):
            return _memory(imported)
        return _global(imported) if isinstance(imported, GlobalType) else self._tag(index)

    def _tag(self, index: int) -> str:
        return f"(type {self.index('type', self.declarations.tag_types[index])})"

    def _element(self, element: ElementSegment) -> str:
        words = ["declare"] if element.is_declared else []
        if element.table is not None:
            words.append(f"(table {self.index('table', element.table)})")
        if element.offset is not None:
            words.append(f"(offset {' '.join(self._expression(element.offset))})")
        if element.functions is None:
            words.append(element.type)
            words += [f"(item {' '.join(self._expression(item))})" for item in element.expressions]
        else:
            words += ["func", *(self.index("func", function) for function in element.functions)]
        return " ".join(words)

    def _data(self, segment: DataSegment) -> str:
        words = [f"(memory {self.index('memory', segment.memory)})"] if segment.memory else []
        if segment.offset is not None:
            words.append(f"(offset {' '.join(self._expression(segment.offset))})")
        chunks = range(0, max(1, len(segment.contents)), _DATA_BYTES_A_LINE)
        strings = [_quote(segment.contents[start : start + _DATA_BYTES_A_LINE], is_text=False) for start in chunks]
        return " ".join(words + [("\n    " if len(strings) > 1 else "") + string for string in strings])

    def _function(self, index: int, body: Body) -> Iterator[str]:
        type_index = self.declarations.functions[index]
        function_type = self.declarations.types[type_index].type
        assert isinstance(function_type, FuncType)  # the declarations were read so
        params = [f" {self._local('param', index, number, kind)}" for number, kind in enumerate(function_type.params)]
        results = f" (result {' '.join(function_type.results)})" if function_type.results else ""
        yield f"(func {self._label('func', index)} (type {self.index('type', type_index)}){''.join(params)}{results}"
        number = len(params)
        for count, kind in body.locals:
            for local in range(number, number + count):
                yield f"  {self._local('local', index, local, kind)}"
            number += count
        # The function's own `end` is the parenthesis; lines are printed one behind, so that it is left out.
        previous = None
        for line in write_body(self.contents.instructions(body), self.names, index):
            if previous is not None:
                yield f"  {previous}"
            previous = line
        yield ")"

    def _local(self, word: str, function: int, index: int, kind: str) -> str:
        name = self.names.find_local(function, index)
        return f"({word} ${name} {kind})" if name else f"({word} {kind})"


def _imported(printer: _Printer, kind: str) -> int:
    """How many of a kind come from outside: the index of the first of the module's own."""
    return sum(needed.kind == kind for needed in printer.declarations.imports)


def _type(entry: TypeEntry) -> str:
    defined = entry.type
    if isinstance(defined, FuncType):
        words = [f" ({word} {' '.join(types)})" for word, types in (("param", defined.params), ("result", defined.results)) if types]
        text = f"(func{''.join(words)})"
    elif isinstance(defined, StructType):
        text = f"(struct{''.join(f' (field {field})' for field in defined.fields)})"
    else:
        text = f"(array {defined.element})"
    if entry.is_final and not entry.supertypes:
        return text
    return f"(sub {'final ' * entry.is_final}{''.join(f'{supertype} ' for supertype in entry.supertypes)}{text})"


def _range(minimum: int, maximum: int | None) -> str:
    return str(minimum) if maximum is None else f"{minimum} {maximum}"


def _table(table: TableType) -> str:
    return f"{'i64 ' * table.is_64}{_range(table.minimum, table.maximum)} {table.element}"


def _memory(memory: MemoryType) -> str:
    words = ["i64"] * memory.is_64 + [_range(memory.minimum_pages, memory.maximum_pages)] + ["shared"] * memory.shared
    return " ".join(words + ([f"(pagesize {memory.page_size_bytes})"] if memory.page_size_bytes != 65536 else []))


def _global(kind: GlobalType) -> str:
    return f"(mut {kind.content})" if kind.mutable else kind.content


def _quote(data: bytes, *, is_text: bool = True) -> str:
    """Write a string; what is not printable is escaped byte by byte, so nothing hides in the text."""
    characters = data.decode("utf-8") if is_text else data.decode("latin-1")
    encoding = "utf-8" if is_text else "latin-1"
    return (
        '"'
        + "".join(
            character
            if character.isprintable() and character not in '"\\' and (is_text or character < "\x7f")
            else "".join(f"\\{byte:02x}" for byte in character.encode(encoding))
            for character in characters
        )
        + '"'
    )
