"""What this version of Wasmer takes and then ends the process on, or computes wrongly, found before it can.

Found by trial, on 1.1.0: a module that has tables of its own beside imported ones reaches into the wrong memory (even by
`call_indirect`); and in Singlepass, `table.grow` of an imported table does. And an instance whose initialisation traps is
freed, though a table it was given may hold its functions already; `wasmer_initialisation` is the cure for that. Singlepass
garbles the arguments of some imported functions of another guest's, and the result of some host functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import CompileError, Unsupported
from labkit.modules.contents import read_contents
from labkit.modules.declarations import Declarations
from labkit.modules.reader import Reader
from labkit.modules.sections import read_sections
from labkit.modules.types import FuncType, GlobalType, TableType

if TYPE_CHECKING:
    from labkit.runtimes.interface import Runtime

__all__ = ["Hazards", "find_hazards", "refuse_garbled", "refuse_hazards"]

_HEADER_BYTES = 8


@dataclass(frozen=True)
class Hazards:
    """What there is to beware of in a module.

    Attributes
    ----------
    imports_table : bool
    mixes_tables : bool
        It has tables of its own beside imported ones.
    can_leave_functions : bool
        It is initialised by segments or a start function, and imports something that function references can be left in.
    """

    imports_table: bool
    mixes_tables: bool
    can_leave_functions: bool


def find_hazards(wasm: bytes) -> Hazards:
    """Look through a module's imports.

    Examples
    --------
    >>> from labkit.modules.load import to_wasm
    >>> find_hazards(to_wasm('(module (import "m" "t" (table 1 funcref)) (func $f) (start $f))'))
    Hazards(imports_table=True, mixes_tables=False, can_leave_functions=True)
    """
    declarations = Declarations()
    has_table = is_initialised = False
    for section, contents in read_sections(Reader(wasm, _HEADER_BYTES)):
        if section.name in ("type", "import"):
            declarations.read(section, contents)
        has_table = has_table or (section.name == "table" and bool(section.item_count))
        is_initialised = is_initialised or section.name in ("start", "element", "data")
    types = [needed.type for needed in declarations.imports]
    imports_table = any(isinstance(type, TableType) for type in types)
    takes_functions = imports_table or any(
        (isinstance(type, GlobalType) and type.content == "funcref") or (isinstance(type, FuncType) and "funcref" in type.params) for type in types
    )
    return Hazards(imports_table, imports_table and has_table, takes_functions and is_initialised)


def refuse_hazards(wasm: bytes, hazards: Hazards, name: str, version: str) -> None:
    """Refuse a module that would end the process.

    Raises
    ------
    CompileError
    """
    if hazards.mixes_tables:
        raise CompileError(
            f"The module has a table of its own beside one that it imports, and {name} {version} mixes them up and ends the process.",
            remedy='Import both tables or none, or use "wasmtime".',
        )
    if hazards.imports_table and name == "wasmer-singlepass":
        found = read_contents(wasm)
        if any(instruction.name == "table.grow" for body in found.bodies for instruction in found.instructions(body)):
            raise CompileError(
                f"The module grows a table that it imports, and {name} {version} ends the process on that.", remedy='Use "wasmer" or "wasmtime".'
            )


def refuse_garbled(type: FuncType, is_host: bool, label: str, runtime: Runtime) -> None:
    """Refuse an import that Singlepass calls wrongly.

    Found by trying every signature of up to three parameters and some hundreds of longer ones: a guest's function gets
    wrong arguments if an integer follows a float, or if there are more than eight floats; a float that a Python function
    of eight parameters or more returns is lost.

    Raises
    ------
    Unsupported
    """
    letters = "".join(kind[0] for kind in type.params)
    garbles_arguments = not is_host and ("fi" in letters or letters.count("f") > 8)
    loses_result = len(letters) >= 8 and any(kind.startswith("f") for kind in type.results)
    if garbles_arguments or loses_result:
        raise Unsupported(
            f"The import {label} has the type {type}, and {runtime.name} {runtime.version} garbles the values of such a call.",
            remedy='Use "wasmer" or "wasmtime".',
        )
