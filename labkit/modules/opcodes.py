"""The opcodes of WebAssembly and what follows each in the binary: one table for the decoder, the printer and the stepper.

The numbers are those of the core specification's "Index of Instructions" and of the threads, legacy exceptions and wide
arithmetic proposals. The tests hold every row against the assembler of a real runtime.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["OPCODES", "PREFIXES", "Opcode"]


@dataclass(frozen=True)
class Opcode:
    """One instruction's name and the kinds of its immediates, in the order of the binary.

    Attributes
    ----------
    name : str
        As WebAssembly text spells it.
    kinds : tuple of str
        What follows the opcode: an index space (``"func"``, ``"local"``, …), a constant (``"i32"``, …), or ``"memarg"``, ``"block"``,
        ``"labels"``, ``"catches"``, ``"cast"``, ``"heap"``, ``"ref"``, ``"ref null"``, ``"results"``, ``"lane"``, ``"lanes"``,
        ``"count"``, ``"zero"``.
    alignment : int
        Natural alignment of a memory access, as an exponent of two.
    """

    name: str
    kinds: tuple[str, ...] = ()
    alignment: int = 0


# First bytes after which a second number, in LEB128, names the instruction.
PREFIXES: Final = frozenset({0xFB, 0xFC, 0xFD, 0xFE})

# Rows of (prefix or 0, first opcode, kinds of immediates, names of consecutive opcodes; "-" where a number is unused).
# A kind "memarg:2" is a memory access with a natural alignment of 2**2 bytes.
_ROWS: tuple[tuple[int, int, str, str], ...] = (
    (0, 0x00, "", "unreachable nop"),
    (0, 0x02, "block", "block loop if"),
    (0, 0x05, "", "else"),
    (0, 0x06, "block", "try"),
    (0, 0x07, "tag", "catch throw"),
    (0, 0x09, "label", "rethrow"),
    (0, 0x0A, "", "throw_ref end"),
    (0, 0x0C, "label", "br br_if"),
    (0, 0x0E, "labels", "br_table"),
    (0, 0x0F, "", "return"),
    (0, 0x10, "func", "call"),
    (0, 0x11, "type table", "call_indirect"),
    (0, 0x12, "func", "return_call"),
    (0, 0x13, "type table", "return_call_indirect"),
    (0, 0x14, "type", "call_ref return_call_ref"),
    (0, 0x18, "label", "delegate"),
    (0, 0x19, "", "catch_all drop select"),
    (0, 0x1C, "results", "select"),
    (0, 0x1F, "block catches", "try_table"),
    (0, 0x20, "local", "local.get local.set local.tee"),
    (0, 0x23, "global", "global.get global.set"),
    (0, 0x25, "table", "table.get table.set"),
    (0, 0x28, "memarg:2", "i32.load"),
    (0, 0x29, "memarg:3", "i64.load"),
    (0, 0x2A, "memarg:2", "f32.load"),
    (0, 0x2B, "memarg:3", "f64.load"),
    (0, 0x2C, "memarg:0", "i32.load8_s i32.load8_u"),
    (0, 0x2E, "memarg:1", "i32.load16_s i32.load16_u"),
    (0, 0x30, "memarg:0", "i64.load8_s i64.load8_u"),
    (0, 0x32, "memarg:1", "i64.load16_s i64.load16_u"),
    (0, 0x34, "memarg:2", "i64.load32_s i64.load32_u i32.store"),
    (0, 0x37, "memarg:3", "i64.store"),
    (0, 0x38, "memarg:2", "f32.store"),
    (0, 0x39, "memarg:3", "f64.store"),
    (0, 0x3A, "memarg:0", "i32.store8"),
    (0, 0x3B, "memarg:1", "i32.store16"),
    (0, 0x3C, "memarg:0", "i64.store8"),
    (0, 0x3D, "memarg:1", "i64.store16"),
    (0, 0x3E, "memarg:2", "i64.store32"),
    (0, 0x3F, "memory", "memory.size memory.grow"),
    (0, 0x41, "i32", "i32.const"),
    (0, 0x42, "i64", "i64.const"),
    (0, 0x43, "f32", "f32.const"),
    (0, 0x44, "f64", "f64.const"),
    (0, 0x45, "", "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"),
    (0, 0x50, "", "i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u"),
    (0, 0x5B, "", "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"),
    (0, 0x67, "", "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u"),
    (0, 0x71, "", "i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr"),
    (0, 0x79, "", "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u"),
    (0, 0x83, "", "i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr"),
    (0, 0x8B, "", "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"),
    (0, 0x92, "", "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"),
    (0, 0x99, "", "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"),
    (0, 0xA0, "", "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"),
    (0, 0xA7, "", "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u"),
    (0, 0xAE, "", "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u"),
    (0, 0xB2, "", "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64"),
    (0, 0xB7, "", "f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32"),
    (0, 0xBC, "", "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64"),
    (0, 0xC0, "", "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s"),
    (0, 0xD0, "heap", "ref.null"),
    (0, 0xD1, "", "ref.is_null"),
    (0, 0xD2, "func", "ref.func"),
    (0, 0xD3, "", "ref.eq ref.as_non_null"),
    (0, 0xD5, "label", "br_on_null br_on_non_null"),
    # Garbage collection
    (0xFB, 0, "type", "struct.new struct.new_default"),
    (0xFB, 2, "type field", "struct.get struct.get_s struct.get_u struct.set"),
    (0xFB, 6, "type", "array.new array.new_default"),
    (0xFB, 8, "type count", "array.new_fixed"),
    (0xFB, 9, "type data", "array.new_data"),
    (0xFB, 10, "type elem", "array.new_elem"),
    (0xFB, 11, "type", "array.get array.get_s array.get_u array.set"),
    (0xFB, 15, "", "array.len"),
    (0xFB, 16, "type", "array.fill"),
    (0xFB, 17, "type type", "array.copy"),
    (0xFB, 18, "type data", "array.init_data"),
    (0xFB, 19, "type elem", "array.init_elem"),
    (0xFB, 20, "ref", "ref.test"),
    (0xFB, 21, "ref null", "ref.test"),
    (0xFB, 22, "ref", "ref.cast"),
    (0xFB, 23, "ref null", "ref.cast"),
    (0xFB, 24, "cast", "br_on_cast br_on_cast_fail"),
    (0xFB, 26, "", "any.convert_extern extern.convert_any ref.i31 i31.get_s i31.get_u"),
    # Saturating conversions, bulk memory, tables, wide arithmetic
    (0xFC, 0, "", "i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u"),
    (0xFC, 4, "", "i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u"),
    (0xFC, 8, "data memory", "memory.init"),
    (0xFC, 9, "data", "data.drop"),
    (0xFC, 10, "memory memory", "memory.copy"),
    (0xFC, 11, "memory", "memory.fill"),
    (0xFC, 12, "elem table", "table.init"),
    (0xFC, 13, "elem", "elem.drop"),
    (0xFC, 14, "table table", "table.copy"),
    (0xFC, 15, "table", "table.grow table.size table.fill"),
    (0xFC, 19, "", "i64.add128 i64.sub128 i64.mul_wide_s i64.mul_wide_u"),
    # SIMD
    (0xFD, 0x00, "memarg:4", "v128.load"),
    (0xFD, 0x01, "memarg:3", "v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u"),
    (0xFD, 0x07, "memarg:0", "v128.load8_splat"),
    (0xFD, 0x08, "memarg:1", "v128.load16_splat"),
    (0xFD, 0x09, "memarg:2", "v128.load32_splat"),
    (0xFD, 0x0A, "memarg:3", "v128.load64_splat"),
    (0xFD, 0x0B, "memarg:4", "v128.store"),
    (0xFD, 0x0C, "v128", "v128.const"),
    (0xFD, 0x0D, "lanes", "i8x16.shuffle"),
    (0xFD, 0x0E, "", "i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat"),
    (0xFD, 0x15, "lane", "i8x16.extract_lane_s i8x16.extract_lane_u i8x16.replace_lane"),
    (0xFD, 0x18, "lane", "i16x8.extract_lane_s i16x8.extract_lane_u i16x8.replace_lane"),
    (0xFD, 0x1B, "lane", "i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane"),
    (0xFD, 0x1F, "lane", "f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane"),
    (0xFD, 0x23, "", "i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u"),
    (0xFD, 0x2D, "", "i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u"),
    (0xFD, 0x37, "", "i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u"),
    (0xFD, 0x41, "", "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge"),
    (0xFD, 0x4D, "", "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true"),
    (0xFD, 0x54, "memarg:0 lane", "v128.load8_lane"),
    (0xFD, 0x55, "memarg:1 lane", "v128.load16_lane"),
    (0xFD, 0x56, "memarg:2 lane", "v128.load32_lane"),
    (0xFD, 0x57, "memarg:3 lane", "v128.load64_lane"),
    (0xFD, 0x58, "memarg:0 lane", "v128.store8_lane"),
    (0xFD, 0x59, "memarg:1 lane", "v128.store16_lane"),
    (0xFD, 0x5A, "memarg:2 lane", "v128.store32_lane"),
    (0xFD, 0x5B, "memarg:3 lane", "v128.store64_lane"),
    (0xFD, 0x5C, "memarg:2", "v128.load32_zero"),
    (0xFD, 0x5D, "memarg:3", "v128.load64_zero"),
    (0xFD, 0x5E, "", "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4"),
    (0xFD, 0x60, "", "i8x16.abs i8x16.neg i8x16.popcnt i8x16.all_true i8x16.bitmask i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u"),
    (0xFD, 0x67, "", "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest i8x16.shl i8x16.shr_s i8x16.shr_u"),
    (0xFD, 0x6E, "", "i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u f64x2.ceil f64x2.floor"),
    (0xFD, 0x76, "", "i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u f64x2.trunc i8x16.avgr_u"),
    (0xFD, 0x7C, "", "i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u"),
    (0xFD, 0x7E, "", "i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u"),
    (0xFD, 0x80, "", "i16x8.abs i16x8.neg i16x8.q15mulr_sat_s i16x8.all_true i16x8.bitmask i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u"),
    (0xFD, 0x87, "", "i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u"),
    (0xFD, 0x8B, "", "i16x8.shl i16x8.shr_s i16x8.shr_u i16x8.add i16x8.add_sat_s i16x8.add_sat_u"),
    (0xFD, 0x91, "", "i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u f64x2.nearest i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u"),
    (0xFD, 0x9B, "", "i16x8.avgr_u i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u"),
    (0xFD, 0xA0, "", "i32x4.abs i32x4.neg - i32x4.all_true i32x4.bitmask"),
    (0xFD, 0xA7, "", "i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u"),
    (0xFD, 0xAB, "", "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul"),
    (0xFD, 0xB6, "", "i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s"),
    (0xFD, 0xBC, "", "i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u"),
    (0xFD, 0xC0, "", "i64x2.abs i64x2.neg - i64x2.all_true i64x2.bitmask"),
    (0xFD, 0xC7, "", "i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u"),
    (0xFD, 0xCB, "", "i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub - - - i64x2.mul"),
    (0xFD, 0xD6, "", "i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s"),
    (0xFD, 0xDC, "", "i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u"),
    (0xFD, 0xE0, "", "f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div"),
    (0xFD, 0xE8, "", "f32x4.min f32x4.max f32x4.pmin f32x4.pmax f64x2.abs f64x2.neg - f64x2.sqrt"),
    (0xFD, 0xF0, "", "f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax"),
    (0xFD, 0xF8, "", "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u"),
    (0xFD, 0xFC, "", "i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u"),
    (0xFD, 0x100, "", "i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u"),
    (0xFD, 0x103, "", "i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero"),
    (0xFD, 0x105, "", "f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd"),
    (0xFD, 0x109, "", "i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect"),
    (0xFD, 0x10D, "", "f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max i16x8.relaxed_q15mulr_s"),
    (0xFD, 0x112, "", "i16x8.relaxed_dot_i8x16_i7x16_s i32x4.relaxed_dot_i8x16_i7x16_add_s"),
    # Threads
    (0xFE, 0x00, "memarg:2", "memory.atomic.notify memory.atomic.wait32"),
    (0xFE, 0x02, "memarg:3", "memory.atomic.wait64"),
    (0xFE, 0x03, "zero", "atomic.fence"),
)


def _atomics() -> dict[tuple[int, int], Opcode]:
    """The 63 atomic accesses: nine operations, each in seven widths, in a regular order."""
    operations = ("load", "store", "rmw.add", "rmw.sub", "rmw.and", "rmw.or", "rmw.xor", "rmw.xchg", "rmw.cmpxchg")
    widths = (("i32", "", 2), ("i64", "", 3), ("i32", "8", 0), ("i32", "16", 1), ("i64", "8", 0), ("i64", "16", 1), ("i64", "32", 2))
    found: dict[tuple[int, int], Opcode] = {}
    for operation in operations:
        access, _, change = operation.partition(".")
        for number, (value_type, bits, alignment) in enumerate(widths, start=0x10 + 7 * operations.index(operation)):
            unsigned = "_u" if bits and operation != "store" else ""
            name = f"{value_type}.atomic.{access}{bits}{'.' + change if change else ''}{unsigned}"
            found[0xFE, number] = Opcode(name, ("memarg",), alignment)
    return found


def _expand() -> dict[tuple[int, int], Opcode]:
    table: dict[tuple[int, int], Opcode] = {}
    for prefix, first, written, names in _ROWS:
        # "ref null" is one kind of two words; every other row separates its kinds with blanks.
        kinds = (written,) if written == "ref null" else tuple(kind.partition(":")[0] for kind in written.split())
        alignment = int(written[7]) if written.startswith("memarg:") else 0
        for number, name in enumerate(names.split(), start=first):
            if name != "-":
                table[prefix, number] = Opcode(name, kinds, alignment)
    return table


#: (prefix or 0, number) -> `Opcode`.
OPCODES: Final = MappingProxyType(_expand() | _atomics())
