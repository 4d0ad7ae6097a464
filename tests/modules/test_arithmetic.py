"""Every numeric instruction computes what a real runtime computes, on the operands where mistakes hide."""

from __future__ import annotations

import itertools
import struct

import pytest
import wasmtime

from labkit.errors import TrapKind
from labkit.modules.arithmetic import OPERATIONS, Trapped
from labkit.modules.floats import is_nan
from labkit.modules.opcodes import OPCODES

INTEGERS = {
    width: sorted(
        {value & (1 << width) - 1 for value in (0, 1, 2, 3, 5, 7, -1, -2, -3, -7, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535)}
        | {1 << (width - 1), (1 << (width - 1)) - 1, (1 << (width - 1)) + 1, 0xAAAAAAAA, 0x12345678, 1 << (width // 2), (1 << (width // 2)) - 1}
        | (
            {0x7FFFFF4000000001, 0x0020000020000001, 0xFFFFFF8000000001, 0x8000004000000001, 1 << 53 | 1, 0x7FFFFFBFFFFFFFFF}
            if width == 64
            else {0x01000001, 0x01000003}
        )
    )
    for width in (32, 64)
}


def bits(number: float, width: int) -> int:
    return int.from_bytes(struct.pack("<f" if width == 32 else "<d", number), "little")


FLOATS = {
    width: sorted(
        {
            bits(sign * number, width)
            for number in (0.0, 0.5, 1.0, 1.5, 2.5, 3.5, 0.1, 1e-30, 4.2e9, 1e15, 1e30, 2.0**31, 2.0**32, 2.0**63, 2.0**64)
            for sign in (1, -1)
        }
        | {
            bits(number, width)
            for number in (2147483647.0, 2147483520.0, -2147483649.0, -2147483904.0, 4294967295.0, 9.2e18, 1.8e19, -0.9, -0.99, 0.49999997)
        }
        | (
            {1, 0x80000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7FA00001}
            if width == 32
            else {
                1,
                1 << 63 | 1,
                0x7FEFFFFFFFFFFFFF,
                0xFFEFFFFFFFFFFFFF,
                0x7FF << 52,
                0xFFF << 52,
                0x7FF8 << 48,
                0xFFF8 << 48,
                0x7FF4 << 48 | 1,
                0x47EFFFFFF0000000,
                0x47EFFFFFEFFFFFFF,
                0x3690000000000000,
                0x3690000000000001,
                0x380FFFFFE0000000,
                0x3FF0000010000000,
                0x3FF0000030000000,
                0x43E0000000000000 - 1,
            }
        )
    )
    for width in (32, 64)
}
OPERANDS = {"i32": INTEGERS[32], "i64": INTEGERS[64], "f32": FLOATS[32], "f64": FLOATS[64]}
KINDS = {
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.INTEGER_DIVIDE_BY_ZERO,
    wasmtime.TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.INVALID_CONVERSION,
}


def as_integer(value_type: str) -> str:
    """Floats cross the border as integers, so that no NaN is touched on the way."""
    return value_type.replace("f", "i")


@pytest.fixture(scope="module")
def functions() -> tuple[wasmtime.Store, wasmtime.Instance]:
    """One exported function for each instruction."""
    text = []
    for name, operation in OPERATIONS.items():
        params = " ".join(as_integer(kind) for kind in operation.params)
        gets = "".join(
            f"local.get {index} {f'{kind}.reinterpret_{as_integer(kind)}' if kind[0] == 'f' else ''} " for index, kind in enumerate(operation.params)
        )
        back = f"{as_integer(operation.result)}.reinterpret_{operation.result}" if operation.result[0] == "f" else ""
        text.append(f'(func (export "{name}") (param {params}) (result {as_integer(operation.result)}) {gets} {name} {back})')
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    return store, wasmtime.Instance(store, wasmtime.Module(engine, f"(module {' '.join(text)})"), [])


def test_all_numeric_instructions_are_there() -> None:
    numeric = {op.name for (prefix, number), op in OPCODES.items() if (prefix == 0 and 0x45 <= number <= 0xC4) or (prefix == 0xFC and number < 8)}
    assert set(OPERATIONS) == numeric


@pytest.mark.parametrize("name", OPERATIONS)
def test_same_as_runtime(name: str, functions: tuple[wasmtime.Store, wasmtime.Instance]) -> None:
    store, instance = functions
    operation = OPERATIONS[name]
    function = instance.exports(store)[name]
    assert isinstance(function, wasmtime.Func)
    result_width = int(operation.result[1:])
    for operands in itertools.product(*(OPERANDS[kind] for kind in operation.params)):
        expected: int | TrapKind
        try:
            expected = function(store, *operands) & (1 << result_width) - 1
        except wasmtime.Trap as trap:
            expected = KINDS[trap.trap_code]
        try:
            found: int | TrapKind = operation.apply(*operands)
        except Trapped as trapped:
            found = trapped.kind
        if operation.result[0] == "f" and isinstance(expected, int) and is_nan(expected, result_width):
            # Which NaN an operation gives is left open, except where it only moves bits.
            assert isinstance(found, int)
            assert is_nan(found, result_width)
            if not name.endswith(("abs", "neg", "copysign", "reinterpret_i32", "reinterpret_i64")):
                continue
        assert found == expected, (name, [hex(operand) for operand in operands])
