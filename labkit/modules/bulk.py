"""Bulk memory, tables and references, as the stepper executes them. Large copies cost more than one step, so that none runs long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from labkit.errors import TrapKind
from labkit.modules.arithmetic import Trapped
from labkit.modules.machine import LARGEST_TABLE_LENGTH, Machine
from labkit.modules.stack_values import Value

__all__ = ["BULK"]

BYTES_A_STEP = 65_536


def _three(machine: Machine) -> tuple[int, int, int]:
    """Take the three numbers that bulk instructions end with: where to, where from (or what), how many."""
    count, source, target = machine.pop_bits(), machine.pop_bits(), machine.pop_bits()
    machine.extra_cost += count // BYTES_A_STEP
    return target, source, count


def _memory_init(machine: Machine, segment: int, memory: int) -> None:
    target, source, count = _three(machine)
    if source + count > len(machine.data[segment]):
        raise Trapped(TrapKind.MEMORY_OUT_OF_BOUNDS)
    machine.write_memory(memory, target, machine.data[segment][source : source + count])


def _data_drop(machine: Machine, segment: int) -> None:
    machine.data[segment] = b""


def _memory_copy(machine: Machine, target_memory: int, source_memory: int) -> None:
    target, source, count = _three(machine)
    machine.write_memory(target_memory, target, machine.read_memory(source_memory, source, count))


def _memory_fill(machine: Machine, memory: int) -> None:
    target, byte, count = _three(machine)
    # The bounds come first: the count alone may be 4 GiB.
    if target + count > len(machine.memories[memory].data):
        raise Trapped(TrapKind.MEMORY_OUT_OF_BOUNDS)
    machine.write_memory(memory, target, bytes([byte & 0xFF]) * count)


def _copy_entries(source: list[Value], start: int, target: list[Value], where: int, count: int) -> None:
    if start + count > len(source) or where + count > len(target):
        raise Trapped(TrapKind.TABLE_OUT_OF_BOUNDS)
    target[where : where + count] = source[start : start + count]


def _table_init(machine: Machine, segment: int, table: int) -> None:
    target, source, count = _three(machine)
    _copy_entries(machine.elements[segment], source, machine.tables[table], target, count)


def _element_drop(machine: Machine, segment: int) -> None:
    machine.elements[segment] = []


def _table_copy(machine: Machine, target_table: int, source_table: int) -> None:
    target, source, count = _three(machine)
    _copy_entries(machine.tables[source_table], source, machine.tables[target_table], target, count)


def _table_get(machine: Machine, table: int) -> None:
    entry = machine.pop_bits()
    if entry >= len(machine.tables[table]):
        raise Trapped(TrapKind.TABLE_OUT_OF_BOUNDS)
    machine.stack.append(machine.tables[table][entry])


def _table_set(machine: Machine, table: int) -> None:
    value, entry = machine.pop(), machine.pop_bits()
    if entry >= len(machine.tables[table]):
        raise Trapped(TrapKind.TABLE_OUT_OF_BOUNDS)
    machine.tables[table][entry] = value


def _table_size(machine: Machine, table: int) -> None:
    machine.push("i32", len(machine.tables[table]))


def _table_grow(machine: Machine, table: int) -> None:
    count, value = machine.pop_bits(), machine.pop()
    old = len(machine.tables[table])
    if old + count > min(machine.table_maximums[table], LARGEST_TABLE_LENGTH):
        machine.push("i32", 0xFFFF_FFFF)
        return
    machine.tables[table] += [value] * count
    machine.push("i32", old)


def _table_fill(machine: Machine, table: int) -> None:
    count, value, start = machine.pop_bits(), machine.pop(), machine.pop_bits()
    if start + count > len(machine.tables[table]):
        raise Trapped(TrapKind.TABLE_OUT_OF_BOUNDS)
    machine.tables[table][start : start + count] = [value] * count


def _ref_null(machine: Machine, heap_type: str) -> None:
    machine.push(f"{heap_type}ref", None)


def _ref_is_null(machine: Machine) -> None:
    machine.push("i32", int(machine.pop().bits is None))


def _ref_func(machine: Machine, function: int) -> None:
    machine.push("funcref", function)


#: Instruction name -> what it does.
BULK: Final[dict[str, Callable[..., None]]] = {
    "memory.init": _memory_init,
    "data.drop": _data_drop,
    "memory.copy": _memory_copy,
    "memory.fill": _memory_fill,
    "table.init": _table_init,
    "elem.drop": _element_drop,
    "table.copy": _table_copy,
    "table.get": _table_get,
    "table.set": _table_set,
    "table.size": _table_size,
    "table.grow": _table_grow,
    "table.fill": _table_fill,
    "ref.null": _ref_null,
    "ref.is_null": _ref_is_null,
    "ref.func": _ref_func,
}
