"""A module's interface: what it imports and exports, read without looking at its code."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import Unsupported
from labkit.modules.declarations import Declarations
from labkit.modules.reader import Reader, read_header
from labkit.modules.sections import read_sections
from labkit.modules.types import Export, Import

__all__ = ["Interface", "interface_bytes", "read_interface"]


@dataclass(frozen=True)
class Interface:
    """What a module needs and what it offers.

    Attributes
    ----------
    imports : tuple of Import
    exports : tuple of Export
        Both in the module's order.
    """

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]


def read_interface(wasm: bytes) -> Interface:
    """Read what a core module imports and exports.

    Parameters
    ----------
    wasm : bytes
        The module, or what `interface_bytes` kept of it.

    Returns
    -------
    Interface

    Raises
    ------
    MalformedModule
        If the declarations, or the frame of the sections, are damaged.
    Unsupported
        If it is a component.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> [str(export) for export in read_interface(to_wasm('(module (func (export "f") (param i32)))')).exports]
    ['f: func (i32) -> ()']
    """
    declarations = Declarations()
    for section, contents in read_sections(_behind_header(wasm)):
        if Declarations.declares(section):
            declarations.read(section, contents)
    return Interface(tuple(declarations.imports), tuple(declarations.exports))


def interface_bytes(wasm: bytes) -> bytes:
    """Keep a module's declarations and leave out its code, data and custom sections: `read_interface` reads both the same.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> wasm = to_wasm('(module (memory (export "m") 1) (data (i32.const 0) "many bytes"))')
    >>> len(interface_bytes(wasm)) < len(wasm), read_interface(interface_bytes(wasm)) == read_interface(wasm)
    (True, True)
    """
    kept = [wasm[:8]]
    for section, _ in read_sections(_behind_header(wasm)):
        if Declarations.declares(section):
            kept.append(wasm[section.offset : section.offset + section.size_bytes])
    return b"".join(kept)


def _behind_header(wasm: bytes) -> Reader:
    reader = Reader(wasm)
    if read_header(reader) == "component":
        raise Unsupported(
            "This is a component: modules and instances in layers, not one core module.",
            remedy="Give a core module; `labkit.inspect` lists the layers of a component.",
        )
    return reader
