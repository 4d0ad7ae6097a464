"""Fuel on the current Wasmer: a module that counts its instructions, and whose start function waits until it may be counted.

Wasmer counts in two globals that it adds to the module. They are set in an instance that is there, and a start function runs
before that, so it is exported instead, to be called at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import Unsupported
from labkit.modules.interface import read_interface
from labkit.modules.reader import Reader
from labkit.modules.sections import read_sections
from labkit.runtimes.libwasmer_code import Code

__all__ = ["START", "Metered", "defer_start"]

#: The export by which a deferred start function is called.
START = "labkit: start"
#: The names under which Wasmer exports its two globals.
_RESERVED = ("wasmer_metering_remaining_points", "wasmer_metering_points_exhausted")
_HEADER_BYTES = 8
_EXPORT = 7


@dataclass(frozen=True)
class Metered:
    """A module that counts its instructions.

    Attributes
    ----------
    code : Code
    has_start : bool
        Whether it exports, last of all, a start function that is to be called.
    moved_bytes : int
        How much further on its code is than the module's that was given.
    """

    code: Code
    has_start: bool
    moved_bytes: int

    @classmethod
    def compile(cls, compiler: str, wasm: bytes) -> Metered:
        """Compile a module that has been compiled without fuel already.

        Raises
        ------
        Unsupported
            If the module exports something under one of Wasmer's names.
        """
        for export in read_interface(wasm).exports:
            if export.name in _RESERVED:
                raise Unsupported(f"The export {export.name!r} has a name that counting fuel takes.", remedy="Give the export another name.")
        deferred = defer_start(wasm)
        return cls(Code.compile(compiler, deferred, metered=True), deferred != wasm, len(deferred) - len(wasm))


def defer_start(wasm: bytes) -> bytes:
    """Rewrite a module with a start function to export it as `START` instead, last of its exports.

    Parameters
    ----------
    wasm : bytes
        A valid module.

    Returns
    -------
    bytes
        The same bytes where there is no start function.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> [str(export) for export in read_interface(defer_start(to_wasm("(module (func $f) (start $f))"))).exports]
    ['labkit: start: func () -> ()']
    """
    found = {section.name: (section, contents) for section, contents in read_sections(Reader(wasm, _HEADER_BYTES))}
    if "start" not in found:
        return wasm
    name, start = START.encode(), found["start"][1].u32()
    count, others = 0, b""
    if "export" in found:
        reader = found["export"][1]
        count = reader.u32()
        others = reader.take(reader.end - reader.offset)
    contents = _unsigned(count + 1) + others + _unsigned(len(name)) + name + b"\0" + _unsigned(start)
    exports = bytes([_EXPORT]) + _unsigned(len(contents)) + contents
    # Exports stand right before the start function, so where there were none they take its place.
    place, gone = (found["export"][0], found["start"][0]) if "export" in found else (found["start"][0], None)
    rest = wasm[place.offset + place.size_bytes :]
    if gone is not None:
        rest = wasm[place.offset + place.size_bytes : gone.offset] + wasm[gone.offset + gone.size_bytes :]
    return wasm[: place.offset] + exports + rest


def _unsigned(number: int) -> bytes:
    """Write LEB128."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
