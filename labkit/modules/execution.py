"""What each instruction does to the machine; the numeric ones are in `arithmetic`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from labkit.errors import TrapKind
from labkit.modules.arithmetic import OPERATIONS, Operation, Trapped
from labkit.modules.bulk import BULK
from labkit.modules.machine import LARGEST_PAGE_COUNT, PAGE_BYTES, Label, Machine
from labkit.modules.trace import GlobalWrite

__all__ = ["EXECUTE"]

Execute = Callable[..., None]
"""Takes the machine and the instruction's immediates."""


def _nothing(machine: Machine) -> None:
    """`nop`."""


def _unreachable(machine: Machine) -> None:
    raise Trapped(TrapKind.UNREACHABLE)


def _block(machine: Machine, written: object) -> None:
    """Remember where a branch out of the block goes: behind its end."""
    frame, kind = machine.frame, machine.block_type(written)
    start = frame.position - 1
    frame.labels.append(Label(frame.code.ends[start] + 1, len(kind.results), len(machine.stack) - len(kind.params)))


def _loop(machine: Machine, written: object) -> None:
    """Remember where a branch to the loop goes: to its first instruction."""
    frame, kind = machine.frame, machine.block_type(written)
    arity = len(kind.params)
    frame.labels.append(Label(frame.position, arity, len(machine.stack) - arity, is_loop=True))


def _if(machine: Machine, written: object) -> None:
    frame = machine.frame
    start = frame.position - 1
    if machine.pop_bits():
        _block(machine, written)
    elif start in frame.code.elses:
        _block(machine, written)
        frame.position = frame.code.elses[start] + 1
    else:
        frame.position = frame.code.ends[start] + 1


def _else(machine: Machine) -> None:
    """The first part of an `if` is done: go to its end."""
    machine.frame.position = machine.frame.code.ends[machine.frame.position - 1]


def _end(machine: Machine) -> None:
    machine.frame.labels.pop()
    if not machine.frame.labels:
        machine.leave()


def _branch(machine: Machine, depth: int) -> None:
    frame = machine.frame
    if depth == len(frame.labels) - 1:
        machine.leave()
        return
    label = frame.labels[-1 - depth]
    taken = machine.pop_many(label.arity)
    del machine.stack[label.height :]
    machine.stack += taken
    # A branch to a loop stays inside it; any other leaves its block.
    del frame.labels[len(frame.labels) - depth - (not label.is_loop) :]
    frame.position = label.target


def _branch_if(machine: Machine, depth: int) -> None:
    if machine.pop_bits():
        _branch(machine, depth)


def _branch_table(machine: Machine, depths: tuple[int, ...]) -> None:
    """The last label is for every number beyond the others."""
    _branch(machine, depths[min(machine.pop_bits(), len(depths) - 1)])


def _return(machine: Machine) -> None:
    machine.leave()


def _call_indirect(machine: Machine, type_index: int, table_index: int) -> None:
    table, entry = machine.tables[table_index], machine.pop_bits()
    if entry >= len(table):
        raise Trapped(TrapKind.TABLE_OUT_OF_BOUNDS)
    function = table[entry].bits
    if function is None:
        raise Trapped(TrapKind.UNDEFINED_ELEMENT)
    declarations = machine.contents.declarations
    wanted, found = declarations.types[type_index], declarations.types[declarations.functions[function]]
    if found is not wanted and (found.type, found.group_size) != (wanted.type, wanted.group_size):
        raise Trapped(TrapKind.INDIRECT_CALL_TYPE_MISMATCH)
    machine.enter(function)


def _drop(machine: Machine) -> None:
    machine.pop()


def _select(machine: Machine, *_types: object) -> None:
    condition = machine.pop_bits()
    first, second = machine.pop_many(2)
    machine.stack.append(first if condition else second)


def _local_get(machine: Machine, index: int) -> None:
    machine.stack.append(machine.frame.locals[index])


def _local_set(machine: Machine, index: int) -> None:
    _local_tee(machine, index)
    machine.pop()


def _local_tee(machine: Machine, index: int) -> None:
    old = machine.frame.locals
    machine.frame.locals = (*old[:index], machine.stack[-1], *old[index + 1 :])


def _global_get(machine: Machine, index: int) -> None:
    machine.stack.append(machine.globals[index])


def _global_set(machine: Machine, index: int) -> None:
    machine.globals[index] = machine.pop()
    machine.globals_written.append(GlobalWrite(index, machine.contents.names.find("global", index) or "", machine.globals[index]))


def _constant(value_type: str) -> Execute:
    mask = (1 << int(value_type[1:])) - 1
    return lambda machine, bits: machine.push(value_type, bits & mask)


def _load(value_type: str, size_bytes: int, *, is_signed: bool) -> Execute:
    mask = (1 << int(value_type[1:])) - 1

    def execute(machine: Machine, access: Any) -> None:
        address = machine.pop_bits() + access.offset
        data = machine.read_memory(access.memory, address, size_bytes)
        machine.push(value_type, int.from_bytes(data, "little", signed=is_signed) & mask)

    return execute


def _store(size_bytes: int) -> Execute:
    mask = (1 << 8 * size_bytes) - 1

    def execute(machine: Machine, access: Any) -> None:
        bits = machine.pop_bits() & mask
        machine.write_memory(access.memory, machine.pop_bits() + access.offset, bits.to_bytes(size_bytes, "little"))

    return execute


def _memory_size(machine: Machine, index: int) -> None:
    machine.push("i32", len(machine.memories[index].data) // PAGE_BYTES)


def _memory_grow(machine: Machine, index: int) -> None:
    """Grow with zeros, or answer -1: no further than the module says, and no further than a host can bear."""
    memory, pages = machine.memories[index], machine.pop_bits()
    old = len(memory.data) // PAGE_BYTES
    if old + pages > min(memory.largest_pages, LARGEST_PAGE_COUNT):
        machine.push("i32", 0xFFFF_FFFF)
        return
    memory.data.extend(bytes(pages * PAGE_BYTES))
    machine.push("i32", old)


def _numeric(operation: Operation) -> Execute:
    def execute(machine: Machine) -> None:
        operands = [value.bits for value in machine.pop_many(len(operation.params))]
        machine.push(operation.result, operation.apply(*operands))

    return execute


def _accesses() -> dict[str, Execute]:
    """Loads and stores of every width."""
    found: dict[str, Execute] = {}
    for kind in ("i32", "i64", "f32", "f64"):
        size_bytes = int(kind[1:]) // 8
        found[f"{kind}.load"] = _load(kind, size_bytes, is_signed=False)
        found[f"{kind}.store"] = _store(size_bytes)
        for part in (1, 2, 4):
            if kind[0] == "i" and part < size_bytes:
                found[f"{kind}.load{8 * part}_s"] = _load(kind, part, is_signed=True)
                found[f"{kind}.load{8 * part}_u"] = _load(kind, part, is_signed=False)
                found[f"{kind}.store{8 * part}"] = _store(part)
    return found


_CONTROL: Final[dict[str, Execute]] = {
    "unreachable": _unreachable,
    "nop": _nothing,
    "block": _block,
    "loop": _loop,
    "if": _if,
    "else": _else,
    "end": _end,
    "br": _branch,
    "br_if": _branch_if,
    "br_table": _branch_table,
    "return": _return,
    "call": Machine.enter,
    "call_indirect": _call_indirect,
    "drop": _drop,
    "select": _select,
    "local.get": _local_get,
    "local.set": _local_set,
    "local.tee": _local_tee,
    "global.get": _global_get,
    "global.set": _global_set,
    "memory.size": _memory_size,
    "memory.grow": _memory_grow,
}

#: Instruction name -> what it does.
EXECUTE: Final[Mapping[str, Execute]] = MappingProxyType(
    _CONTROL
    | {f"{kind}.const": _constant(kind) for kind in ("i32", "i64", "f32", "f64")}
    | {name: _numeric(operation) for name, operation in OPERATIONS.items()}
    | _accesses()
    | BULK
)
