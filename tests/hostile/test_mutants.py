"""Modules that are broken at random, thousands of them, seeded: each gives an error or a result, and the kernel is as it was."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import labkit
from labkit.errors import LabkitError
from labkit.modules.reader import Reader
from labkit.modules.sections import read_sections
from labkit.sandbox import Outcome
from tests.conftest import COMMAND_NAMES

pytestmark = pytest.mark.any_python  # the gallery of attacks is staged on every Python

HOSTILE = Path(__file__).parents[2] / "data" / "sources" / "hostile"
LIMITS = labkit.Limits(time=0.2, memory="16MiB", output="64KiB")
#: The time of a command counts from its start, which is slow on a busy machine.
COMMAND_LIMITS = labkit.Limits(time=1.0, memory="16MiB", output="64KiB")
#: For each runtime; five runtimes make thousands.
MUTANTS = 500

SEEDS = [
    labkit.to_wasm((HOSTILE / "reach.wat").read_text()),
    labkit.to_wasm((HOSTILE / "exit.wat").read_text()),
    labkit.to_wasm("""(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (type $binary (func (param i32 i32) (result i32)))
      (table 4 funcref) (elem (i32.const 0) $add $multiply)
      (memory (export "memory") 1 4) (global $calls (mut i32) (i32.const 0)) (data (i32.const 8) "some data")
      (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
      (func $multiply (type $binary) (i32.mul (local.get 0) (local.get 1)))
      (func (export "_start") (local $i i32) (local $sum f64)
        (loop $again
          (global.set $calls (call_indirect (type $binary) (global.get $calls) (local.get $i) (i32.and (local.get $i) (i32.const 1))))
          (local.set $sum (f64.add (local.get $sum) (f64.convert_i32_s (local.get $i))))
          (i64.store (i32.and (local.get $i) (i32.const 1023)) (i64.reinterpret_f64 (local.get $sum)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_table $again 1 (i32.gt_u (local.get $i) (i32.const 5000))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 4)))))"""),
]


def mutant(number: int) -> bytes:
    """Break one of the modules in one to four places: every second one in its code alone, where no length is changed."""
    chance = random.Random(number)
    data = bytearray(chance.choice(SEEDS))
    code = next(section for section, _ in read_sections(Reader(bytes(data), 8)) if section.name == "code")
    for _ in range(chance.randint(1, 4)):
        if number % 2:
            at, how = chance.randrange(code.contents_offset, code.offset + code.size_bytes), chance.randrange(2)
        else:
            at, how = chance.randrange(8, len(data)), chance.randrange(6)
        if how == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            data[at] = chance.choice((0, 1, 0x0B, 0x40, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif how == 2:
            data[at:at] = chance.randbytes(chance.randint(1, 4))
        elif how == 3:
            del data[at : at + chance.randint(1, 4)]
        elif how == 4:
            length = chance.randint(1, 16)
            data[at : at + length] = data[8 : 8 + length]
        else:
            del data[at:]
        if len(data) <= 9:
            break
    return bytes(data)


def fate(wasm: bytes, runtime_name: str) -> str:
    """Run it, and say what became of it."""
    try:
        return labkit.run(wasm, runtime=runtime_name, limits=COMMAND_LIMITS if runtime_name in COMMAND_NAMES else LIMITS).outcome.value
    except LabkitError as error:
        return type(error).__name__


def test_mutants(runtime_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        fates = Counter(threads.map(lambda number: fate(mutant(number), runtime_name), range(MUTANTS)))
    assert sum(fates.values()) == MUTANTS
    # Broken enough to be refused at every stage, and whole enough to run: else this would show little.
    assert len(fates) >= 5
    assert fates[Outcome.EXITED.value] > 0
    if runtime_name.startswith("wasmtime"):
        assert fates[Outcome.CRASHED.value] == 0
    assert list(tmp_path.iterdir()) == []
    assert labkit.run(SEEDS[1], args=["3"], runtime=runtime_name).exit_code == 3


def test_every_beginning_of_a_module(runtime_name: str):
    whole = SEEDS[2]
    fates = Counter(fate(whole[:length], runtime_name) for length in range(len(whole)))
    # Without its last section, which only names things, the module is whole, and without its data it is another whole one.
    assert fates.pop(Outcome.EXITED.value) == 2
    assert set(fates) <= {"MalformedModule", "CompileError", "ExportNotFound"}
