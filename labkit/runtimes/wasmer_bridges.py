"""Small modules written for one purpose: to do inside Wasmer what its Python binding cannot do from outside.

They are ordinary guests, linked by ordinary imports, and so as sound as any.
"""

from __future__ import annotations

from collections.abc import Sequence

from labkit.modules.types import FuncType, GlobalType

__all__ = ["function_cell", "global_bits", "grower", "new_table", "slot_reader", "slot_writer", "without_f32"]


def without_f32(type: FuncType) -> str:
    """Write a module that offers the function in the imported cell with i32 in place of every f32, bit for bit.

    It calls through a table, because Singlepass hands imported functions some arguments wrongly.

    Examples
    --------
    >>> print(without_f32(FuncType(("f32",), ("f64",))))
    (module (type $inner (func (param f32) (result f64))) (import "" "cell" (table 1 funcref))
      (func (export "function") (param i32) (result f64) (local f64)
        (f32.reinterpret_i32 (local.get 0)) (call_indirect (type $inner) (i32.const 0)) (local.set 1) (local.get 1)))
    """
    held = [_as_integer(kind) for kind in type.results]
    first = len(type.params)
    arguments = [f"(f32.reinterpret_i32 (local.get {i}))" if kind == "f32" else f"(local.get {i})" for i, kind in enumerate(type.params)]
    last_first = [("(i32.reinterpret_f32) " if kind == "f32" else "") + f"(local.set {first + i})" for i, kind in enumerate(type.results)][::-1]
    results = [f"(local.get {first + i})" for i in range(len(held))]
    outer = _signature([_as_integer(kind) for kind in type.params], held)
    body = " ".join([*arguments, "(call_indirect (type $inner) (i32.const 0))", *last_first, *results])
    return (
        f'(module (type $inner (func{_signature(type.params, type.results)})) (import "" "cell" (table 1 funcref))\n'
        f'  (func (export "function"){outer}{_clause("local", held)}\n    {body}))'
    )


def global_bits(type: GlobalType) -> str:
    """Write a module that reads the bits of the imported global, an f32."""
    content = f"(mut {type.content})" if type.mutable else type.content
    return f'(module (import "" "global" (global $inner {content})) (func (export "bits") (result i32) (i32.reinterpret_f32 (global.get $inner))))'


def new_table(minimum: int, maximum: int | None, element: str) -> str:
    """Write a module that has a table to give away."""
    return f'(module (table (export "table") {minimum} {"" if maximum is None else maximum} {element}))'


def slot_reader(element: str) -> str:
    """Write a module that takes a slot of one imported table into the cell, another, and tells whether it is null.

    No bridge has both an imported table and one of its own: this version of Wasmer confuses them, and ends the process.
    """
    return (
        f'(module (import "" "table" (table $table 0 {element})) (import "" "cell" (table $cell 1 {element}))'
        ' (func (export "take") (param i32) (result i32)'
        " (table.set $cell (i32.const 0) (table.get $table (local.get 0))) (ref.is_null (table.get $cell (i32.const 0)))))"
    )


def slot_writer(element: str) -> str:
    """Write a module that puts what a cell holds into a slot of the imported table."""
    return (
        f'(module (import "" "table" (table $table 0 {element})) (import "" "cell" (table $cell 1 {element}))'
        ' (func (export "set") (param i32) (table.set $table (local.get 0) (table.get $cell (i32.const 0)))))'
    )


def grower(element: str) -> str:
    """Write a module that grows the imported table by what a cell holds."""
    return (
        f'(module (import "" "table" (table $table 0 {element})) (import "" "cell" (table $cell 1 {element}))'
        ' (func (export "grow") (param i32) (result i32) (table.grow $table (table.get $cell (i32.const 0)) (local.get 0))))'
    )


def function_cell(type: FuncType) -> str:
    """Write a module that puts the imported function into a cell."""
    return (
        f'(module (import "" "function" (func $function{_signature(type.params, type.results)}))'
        ' (table (export "cell") 1 funcref) (elem (i32.const 0) $function))'
    )


def _as_integer(kind: str) -> str:
    return "i32" if kind == "f32" else kind


def _clause(word: str, kinds: Sequence[str]) -> str:
    return f" ({word} {' '.join(kinds)})" if kinds else ""


def _signature(params: Sequence[str], results: Sequence[str]) -> str:
    return _clause("param", params) + _clause("result", results)
