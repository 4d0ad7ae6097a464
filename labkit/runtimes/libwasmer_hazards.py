"""What the current Wasmer's Singlepass ends the process on, or computes wrongly, found before it can.

Found by trial on 7.4.2, over some two hundred signatures: compiling an imported function with several results ends the process; an
imported function that is reached through a table gets wrong floats; and a function of another guest gets wrong arguments where an
integer follows a float, or where there are more than eight floats.
"""

from __future__ import annotations

from labkit.errors import CompileError, Unsupported
from labkit.modules.contents import Contents, read_contents
from labkit.modules.interface import read_interface
from labkit.modules.types import FuncType

__all__ = ["refuse_garbled", "refuse_hazards"]

_REMEDY = 'Use "libwasmer" or "wasmtime".'


def refuse_hazards(wasm: bytes, label: str) -> None:
    """Refuse a module that ends the process, or whose calls through tables would go wrong.

    Raises
    ------
    CompileError
    """
    imported = [(f"the import {item.module}.{item.name}", item.type) for item in read_interface(wasm).imports if isinstance(item.type, FuncType)]
    handed_on = _handed_on(read_contents(wasm)) if any(_takes_float(type) for _, type in imported) else frozenset()
    for i, (name, type) in enumerate(imported):
        if len(type.results) > 1:
            raise CompileError(f"{label} cannot compile the module: {name} returns several values.", remedy=f"Return one. {_REMEDY}")
        if i in handed_on and _takes_float(type):
            raise CompileError(f"{label} cannot be given the module: it garbles the floats of {name} in a call through a table.", remedy=_REMEDY)


def refuse_garbled(type: FuncType, name: str, label: str) -> None:
    """Refuse an import of another guest's function that would get wrong arguments.

    Raises
    ------
    Unsupported
    """
    letters = "".join(kind[0] for kind in type.params)
    if "fi" in letters or letters.count("f") > 8:
        raise Unsupported(f"The import {name} has the type {type}, and {label} garbles the arguments of such a call.", remedy=_REMEDY)


def _takes_float(type: FuncType) -> bool:
    return any(kind in ("f32", "f64") for kind in type.params)


def _handed_on(found: Contents) -> frozenset[int]:
    """The functions of which a module makes references, for tables and whoever else."""
    listed = [index for segment in found.elements for index in segment.functions or ()]
    expressions = [expression for segment in found.elements for expression in segment.expressions]
    expressions += [*found.global_values.values(), *found.table_values.values()]
    written = [instruction for expression in expressions for instruction in expression]
    # Code may make a reference of what is exported, too.
    exported = {export.index for export in found.declarations.exports if export.kind == "func"}
    if any(index < found.imported_functions for index in exported):
        written += [instruction for body in found.bodies for instruction in found.instructions(body)]
    return frozenset([*listed, *(instruction.immediates[0] for instruction in written if instruction.name == "ref.func")])  # type: ignore[list-item]
