"""Modules that together hold every section and most of what each can say, as text for a real runtime's assembler."""

from __future__ import annotations

import pytest

#: Name -> WAT. All are assembled by Wasmtime, none by labkit.
TEXTS = {
    "empty": "(module)",
    "add": '(module (func $add (export "add") (param $a i32) (param $b i32) (result i32) (i32.add (local.get $a) (local.get $b))))',
    "everything": """
(module $everything
  (type $unary (func (param i32) (result i32)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "base" (global $base i32))
  (import "env" "pages" (memory 1 8))
  (import "env" "slots" (table $slots 4 16 funcref))
  (import "env" "problem" (tag $problem (param i32)))
  (table $refs 3 externref)
  (table $filled 2 (ref null func) (ref.func $square))
  (memory $second 2)
  (tag $own (param i64))
  (global $counter (mut i64) (i64.const -9223372036854775808))
  (global $ratio f64 (f64.const 0x1.8p-3))
  (global $offset i32 (i32.add (global.get $base) (i32.const 4)))
  (export "square" (func $square))
  (export "twice \\00 \\u{2603}" (func $square))
  (export "pages" (memory 0))
  (export "filled" (table $filled))
  (export "counter" (global $counter))
  (export "own" (tag $own))
  (start $main)
  (elem $active (table $slots) (offset (i32.const 1)) func $square $main)
  (elem $passive func $square)
  (elem declare func $log)
  (elem $expressions funcref (item (ref.null func)) (item (ref.func $main)))
  (func $square (type $unary) (local $product i64) (local $unused f32) (local f32)
    (local.set $product (i64.extend_i32_s (i32.mul (local.get 0) (local.get 0))))
    (block $out (result i32)
      (loop $again
        (br_if $again (i32.const 0))
        (br_table $out $again $out (i32.wrap_i64 (local.get $product)) (i32.const 0)))
      (i32.const 7)))
  (func $main
    (if (i32.eqz (memory.size)) (then (call $log (i32.const -1))) (else (nop)))
    (memory.init $greeting (i32.const 0) (i32.const 0) (i32.const 3))
    (data.drop $greeting)
    (i32.store offset=65532 align=1 (i32.const 0) (i32.const 77))
    (i64.store $second (i32.const 8) (i64.const 1))
    (drop (call_indirect $slots (type $unary) (i32.const 2) (i32.const 1)))
    (try_table (catch $problem 0) (call $log (i32.const 3)))
    (drop (select (result f64) (f64.const nan:0x8000000000001) (f64.const -inf) (i32.const 1)))
    (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.const i32x4 1 2 3 4) (v128.const i64x2 5 6))))
  (data $greeting "hello\\00\\ff \\"quoted\\"")
  (data $placed (i32.const 16) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789")
  (data (memory $second) (offset (global.get $base)) "x"))""",
    "garbage collection": """
(module
  (rec (type $list (sub (struct (field i32) (field (ref null $list)))))
       (type $pair (sub final $list (struct (field i32) (field (ref null $list)) (field (mut i8))))))
  (type $bytes (array (mut i8)))
  (func (export "f") (param (ref null $pair) (ref $bytes)) (result i32)
    (drop (array.len (local.get 1)))
    (block (result anyref)
      (br_on_cast 0 (ref null $list) (ref $pair) (struct.new $list (i32.const 1) (ref.null $list))))
    (drop)
    (struct.get $pair 0 (local.get 0))))""",
    "64 bits": '(module (memory (export "m") i64 1 2) (table (export "t") i64 1 funcref) (func (drop (i32.load offset=4294967296 (i64.const 0)))))',
    "shared": "(module (memory 1 2 shared) (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))) (atomic.fence)))",
}

COMPONENT = """
(component $outer
  (import "wasi:http/types@0.2.0" (instance (export "fields" (type (sub resource)))))
  (import "log" (func (param "text" string)))
  (core module $first (func (export "f") (result i32) i32.const 1))
  (component $inner (core module $deep (memory 1)) (component))
  (core instance $i (instantiate $first))
  (func $f (result u32) (canon lift (core func $i "f")))
  (export "run" (func $f))
  (export "types" (instance 0)))"""


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The modules, as text."""
    return TEXTS


@pytest.fixture(scope="session")
def modules() -> dict[str, bytes]:
    """The modules, assembled by Wasmtime."""
    import wasmtime

    return {name: bytes(wasmtime.wat2wasm(text)) for name, text in TEXTS.items()}


@pytest.fixture(scope="session")
def component() -> bytes:
    """A component with a module, a component, and a module in that."""
    import wasmtime

    return bytes(wasmtime.wat2wasm(COMPONENT))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for one `module` on each of them."""
    if "module" in metafunc.fixturenames:
        metafunc.parametrize("module", TEXTS, indirect=True)


@pytest.fixture
def module(request: pytest.FixtureRequest, modules: dict[str, bytes]) -> bytes:
    """One of the modules, assembled."""
    return modules[request.param]
