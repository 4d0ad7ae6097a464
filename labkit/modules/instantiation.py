"""Sets the machine up for a module: imports found, memories and tables made and filled, as an engine's instantiation does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from labkit.errors import ArgumentError, GuestTrap, LinkError, Unsupported
from labkit.modules.arithmetic import Trapped
from labkit.modules.bulk import BULK
from labkit.modules.code import too_large
from labkit.modules.contents import Contents
from labkit.modules.execution import EXECUTE
from labkit.modules.instructions import Instruction
from labkit.modules.machine import LARGEST_PAGE_COUNT, LARGEST_TABLE_LENGTH, PAGE_BYTES, Machine, Memory
from labkit.modules.stack_values import Value, default_value, to_value
from labkit.modules.types import FuncType, GlobalType, Import, MemoryType, TableType

__all__ = ["Imports", "instantiate"]

Imports = Mapping[str, Mapping[str, object]]


def instantiate(contents: Contents, imports: Imports) -> Machine:
    """Make a machine for a validated module; imported memories and tables are made fresh, at their smallest size."""
    if not isinstance(imports, Mapping):
        raise LinkError(f"The imports must be a mapping, not {type(imports).__name__}.", remedy='Give {"module": {"name": …}}.')
    hosts: dict[int, Callable[[Sequence[Value]], list[Value]]] = {}
    machine = Machine(contents, EXECUTE.keys(), hosts)
    declarations = contents.declarations
    function = 0
    for needed in declarations.imports:
        if isinstance(needed.type, FuncType):
            hosts[function] = _host(needed, needed.type, _find(needed, imports))
            function += 1
        elif isinstance(needed.type, GlobalType):
            machine.globals.append(to_value(needed.type.content, _find(needed, imports), f"The import {needed.module}.{needed.name}"))
    for memory in declarations.memories:
        machine.memories.append(_memory(memory))
    for index in range(len(machine.globals), len(declarations.globals)):
        machine.globals.append(_evaluate(machine, contents.global_values[index]))
    for index, table in enumerate(declarations.tables):
        machine.tables.append(_table(machine, table, contents.table_values.get(index, ())))
        machine.table_maximums.append(LARGEST_TABLE_LENGTH if table.maximum is None else table.maximum)
    try:
        _fill(machine)
    except Trapped as trapped:
        raise GuestTrap(trapped.kind, runtime="the stepper", detail="while it was instantiated") from None
    return machine


def _find(needed: Import, imports: Imports) -> object:
    try:
        return imports[needed.module][needed.name]
    except (KeyError, TypeError):
        example = "a function" if needed.kind == "func" else "a number"
        raise LinkError(
            f"The module imports {needed}, which is not there.",
            remedy=f"Give {example}: step(…, imports={{{needed.module!r}: {{{needed.name!r}: …}}}}).",
        ) from None


def _host(needed: Import, kind: FuncType, function: object) -> Callable[[Sequence[Value]], list[Value]]:
    """Wrap a Python function: values in, checked values out."""
    name = f"{needed.module}.{needed.name}"
    if not callable(function):
        raise LinkError(f"The import {name} must be a function.", remedy="Give a Python function, or anything that can be called.")

    def call(arguments: Sequence[Value]) -> list[Value]:
        returned = function(*(value.number for value in arguments))
        if len(kind.results) == 1:
            returned = (returned,)
        elif not kind.results:
            if returned is not None:
                raise ArgumentError(f"The import {name} must return nothing.", remedy="Return None from it.")
            returned = ()
        if not isinstance(returned, (tuple, list)) or len(returned) != len(kind.results):
            raise ArgumentError(f"The import {name} must return {len(kind.results)} values.", remedy="Return a tuple of them.")
        return [to_value(wanted, number, f"A result of {name}") for wanted, number in zip(kind.results, returned)]

    return call


def _memory(kind: MemoryType) -> Memory:
    if kind.is_64 or kind.shared or kind.page_size_bytes != PAGE_BYTES:
        raise Unsupported(
            f"The stepper has no memory of the kind {kind}.", remedy="Use an ordinary memory (32 bits, not shared), or run the module on a runtime."
        )
    if kind.minimum_pages > LARGEST_PAGE_COUNT:
        raise too_large(f"The module asks for {kind.minimum_pages} pages of memory; the stepper gives at most {LARGEST_PAGE_COUNT}")
    return Memory(bytearray(kind.minimum_pages * PAGE_BYTES), LARGEST_PAGE_COUNT if kind.maximum_pages is None else kind.maximum_pages)


def _table(machine: Machine, kind: TableType, value: tuple[Instruction, ...]) -> list[Value]:
    if kind.is_64:
        raise Unsupported("The stepper has no 64-bit tables.", remedy="Use a 32-bit table, or run the module on a runtime.")
    if kind.minimum > LARGEST_TABLE_LENGTH:
        raise too_large(f"The module asks for a table of {kind.minimum} entries; the stepper gives at most {LARGEST_TABLE_LENGTH}")
    return [_evaluate(machine, value) if value else default_value(kind.element)] * kind.minimum


def _fill(machine: Machine) -> None:
    """Copy active segments where they go; those are then gone, as if dropped."""
    for element in machine.contents.elements:
        entries = [_evaluate(machine, item) for item in element.expressions]
        entries += [Value("funcref", function) for function in element.functions or ()]
        machine.elements.append(entries)
    for segment in machine.contents.data:
        machine.data.append(segment.contents)
    for index, element in enumerate(machine.contents.elements):
        if element.offset is not None:
            _run_bulk(machine, element.offset, len(machine.elements[index]), "table.init", index, element.table or 0)
        if element.offset is not None or element.is_declared:
            machine.elements[index] = []
    for index, segment in enumerate(machine.contents.data):
        if segment.offset is not None:
            _run_bulk(machine, segment.offset, len(segment.contents), "memory.init", index, segment.memory)
            machine.data[index] = b""
    machine.memory_written.clear()
    machine.extra_cost = 0


def _run_bulk(machine: Machine, offset: tuple[Instruction, ...], count: int, name: str, segment: int, place: int) -> None:
    machine.stack += [_evaluate(machine, offset), Value("i32", 0), Value("i32", count)]
    BULK[name](machine, segment, place)


def _evaluate(machine: Machine, expression: tuple[Instruction, ...]) -> Value:
    """Compute a constant expression."""
    for instruction in expression:
        if instruction.name not in EXECUTE:
            raise Unsupported(
                f"The stepper cannot compute {instruction.name!r} (byte {instruction.offset}).", remedy="Run the module on a runtime instead."
            )
        EXECUTE[instruction.name](machine, *instruction.immediates)
    return machine.pop()
