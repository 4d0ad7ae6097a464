"""What is inside a `.wasm`, taken apart by labkit's own reader: the whole of a core module, or the layers of a component."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from labkit.errors import ArgumentRangeError
from labkit.modules.anatomy_tables import to_html, to_text
from labkit.modules.annotation import LARGEST_GROUP_COUNT, Annotation, annotate
from labkit.modules.component import ComponentItem, Layer, read_layers
from labkit.modules.contents import Contents, DataSegment, ElementSegment, read_contents
from labkit.modules.custom import Producer, TargetFeature, read_producers, read_target_features
from labkit.modules.encoding import TypeEntry
from labkit.modules.load import Source, to_wasm
from labkit.modules.reader import Reader, header
from labkit.modules.sections import Section
from labkit.modules.types import Export, FuncType, GlobalType, Import, MemoryType, TableType, TagType

__all__ = ["Anatomy", "Function", "inspect"]

Found = TypeVar("Found")


@dataclass(frozen=True)
class Function:
    """A function that the module defines.

    Attributes
    ----------
    index : int
        Its number in the module, imports counted first.
    name : str
        From the name section, else from an export, else nothing.
    type : FuncType
    offset, size_bytes : int
        Where its code is in the module, with the length that begins it.
    """

    index: int
    name: str
    type: FuncType
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Anatomy:
    """What is inside a `.wasm`. Indices count imports first, as in the module.

    Attributes
    ----------
    wasm : bytes
        The whole of it.
    kind : str
        ``module`` or ``component``.
    sections : tuple of Section
        In the order of the file; with the header of 8 bytes they add up to its size.
    imports : tuple of Import or of ComponentItem
    exports : tuple of Export or of ComponentItem
    layers : tuple of Layer
        What is nested in a component, from front to back; `layer` takes one out.
    types, functions, tables, memories, globals, tags, elements, data : tuple
        A core module's; `functions` are those it defines, the others count imports too.
    start : int or None
        Index of the function that runs when the module is instantiated.
    name : str
        The name it gives itself, or nothing.
    producers, target_features : tuple
        What toolchains left in custom sections.
    """

    wasm: bytes = field(repr=False)
    kind: str
    sections: tuple[Section, ...]
    imports: tuple[Import, ...] | tuple[ComponentItem, ...] = ()
    exports: tuple[Export, ...] | tuple[ComponentItem, ...] = ()
    layers: tuple[Layer, ...] = ()
    types: tuple[TypeEntry, ...] = ()
    functions: tuple[Function, ...] = ()
    tables: tuple[TableType, ...] = ()
    memories: tuple[MemoryType, ...] = ()
    globals: tuple[GlobalType, ...] = ()
    tags: tuple[TagType, ...] = ()
    elements: tuple[ElementSegment, ...] = ()
    data: tuple[DataSegment, ...] = field(default=(), repr=False)
    start: int | None = None
    name: str = ""
    producers: tuple[Producer, ...] = ()
    target_features: tuple[TargetFeature, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Size of the whole."""
        return len(self.wasm)

    def contents(self, section: Section) -> bytes:
        """Take the bytes that a section holds, behind its number and length.

        Examples
        --------
        >>> module = inspect("(module (memory 1))")
        >>> module.contents(module.sections[0]).hex(" ")
        '01 00 01'
        """
        return self.wasm[section.contents_offset : section.offset + section.size_bytes]

    def layer(self, number: int) -> Anatomy:
        """Inspect a layer of a component by itself; offsets then count from the front of the layer.

        Parameters
        ----------
        number : int
            Its place in `layers`, counted from 0.

        Raises
        ------
        ArgumentRangeError
            If there is no such layer.

        Examples
        --------
        >>> inspect('(component (core module (func (export "f"))))').layer(0).exports[0].name
        'f'
        """
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self.layers):
            known = f"Layers are counted from 0 to {len(self.layers) - 1}." if self.layers else "A core module has none: inspect it as it is."
            raise ArgumentRangeError(f"There is no layer {number!r}.", remedy=known)
        found = self.layers[number]
        return inspect(self.wasm[found.offset : found.offset + found.size_bytes])

    def annotate(self, *, limit: int = LARGEST_GROUP_COUNT) -> Annotation:
        """Say what each group of bytes means, down to every instruction.

        Parameters
        ----------
        limit : int, optional
            How many groups to show at most.

        Returns
        -------
        Annotation

        Raises
        ------
        MalformedModule
            If the code of a function is damaged.

        Examples
        --------
        >>> print(inspect("(module)").annotate())
        8 bytes in 2 groups
        offset  bytes        meaning
        0x0000  00 61 73 6d  magic: "\\0asm" says that this is WebAssembly
        0x0004  01 00 00 00  version 1 of the core format
        """
        return annotate(self.wasm, limit=limit)

    def __str__(self) -> str:
        return to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return to_html(self)


def inspect(source: Source) -> Anatomy:
    """Take a module or component apart.

    Everything is read but the functions' instructions, which a runtime validates when it compiles them.

    Parameters
    ----------
    source : bytes, str or path
        WebAssembly bytes, WAT text, or the path of a file with either.

    Returns
    -------
    Anatomy

    Raises
    ------
    MalformedModule
        If the bytes are damaged; its ``offset`` says where.
    WatError
        If the text is not WAT.
    UnreadableFile
        If there is no such file, or it may not be read.

    Examples
    --------
    >>> anatomy = inspect('(module (func $double (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1))))')
    >>> [section.name for section in anatomy.sections], anatomy.functions[0].size_bytes
    (['type', 'function', 'export', 'code', 'custom'], 8)
    """
    wasm = to_wasm(source)
    return _inspect_component(wasm) if header(wasm) == "component" else _inspect_module(wasm)


def _inspect_component(wasm: bytes) -> Anatomy:
    outermost, *layers = read_layers(Reader(wasm))
    return Anatomy(
        wasm,
        "component",
        outermost.sections,
        outermost.imports,
        outermost.exports,
        tuple(layers),
        name=outermost.name,
        producers=_read_custom(wasm, outermost.sections, "producers", read_producers),
    )


def _inspect_module(wasm: bytes) -> Anatomy:
    found = read_contents(wasm)
    declared, sections = found.declarations, tuple(found.sections)
    return Anatomy(
        wasm,
        "module",
        sections,
        tuple(declared.imports),
        tuple(declared.exports),
        types=tuple(declared.types),
        functions=_functions(found),
        tables=tuple(declared.tables),
        memories=tuple(declared.memories),
        globals=tuple(declared.globals),
        tags=tuple(declared.tags),
        elements=tuple(found.elements),
        data=tuple(found.data),
        start=declared.start,
        name=found.names.module or "",
        producers=_read_custom(wasm, sections, "producers", read_producers),
        target_features=_read_custom(wasm, sections, "target_features", read_target_features),
    )


def _functions(found: Contents) -> tuple[Function, ...]:
    declared = found.declarations
    names = found.function_names()
    functions = []
    for index, body in enumerate(found.bodies, start=found.imported_functions):
        kind = declared.types[declared.functions[index]].type
        assert isinstance(kind, FuncType)  # checked when the function was declared
        functions.append(Function(index, names.get(index, ""), kind, body.start, body.end - body.start))
    return tuple(functions)


def _read_custom(wasm: bytes, sections: tuple[Section, ...], name: str, read: Callable[[Reader], tuple[Found, ...]]) -> tuple[Found, ...]:
    """Read the custom sections of one name; there is seldom more than one."""
    found: list[Found] = []
    for section in sections:
        if section.custom_name == name:
            reader = Reader(wasm, section.contents_offset, section.offset + section.size_bytes)
            reader.name()
            found += read(reader)
    return tuple(found)
