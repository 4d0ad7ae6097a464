"""Modules that attack their host: a clean error or a working instance, in bounded time, and never the end of the process."""

from __future__ import annotations

import json

import pytest

import labkit
from labkit.errors import LabkitError


def test_twenty_thousand_exports_are_found_one_by_one(engine):
    exports = "".join(f'(export "f{i}" (func 0))' for i in range(20_000))
    instance = engine.compile(f"(module (func (result i32) i32.const 3) {exports})").instantiate()
    assert len(instance.exports) == 20_000
    assert [instance.func(f"f{i}")() for i in (0, 1, 9_999, 19_999)] == [3] * 4
    with pytest.raises(KeyError):
        instance.func("f20000")


NAMES = [
    "",
    " ",
    "\0",
    "a\0b",
    "é",
    "e\u0301",
    "日本",
    "\U0001f600",
    "\u202e",
    "\ufeff",
    '"',
    "\\",
    "\n\r\t",
    "'",
    "<script>",
    "{}",
    "%s",
    "$",
    "__class__",
    "__init__",
    "__dict__",
    "func",
    "memory",
    "x" * 10_000,
    "\ud7ff",
    "\uffff",
    "\U0010ffff",
]


def quoted(name: str) -> str:
    return '"' + "".join(f"\\{byte:02x}" for byte in name.encode()) + '"'


def test_names_of_any_unicode_export_and_import(engine):
    functions = "".join(f"(func (export {quoted(name)}) (result i32) i32.const {i})" for i, name in enumerate(NAMES))
    maker = engine.compile(f"(module {functions})").instantiate()
    assert list(maker.exports) == NAMES
    assert [maker.func(name)() for name in NAMES] == list(range(len(NAMES)))
    assert repr(maker.exports)
    assert "<script>" not in maker.exports._repr_html_()
    for i, name in enumerate(NAMES):
        user = f'(module (import {quoted(name)} {quoted(name)} (func $f (result i32))) (func (export "g") (result i32) (call $f)))'
        assert engine.compile(user).instantiate({name: {name: maker.func(name)}}).func("g")() == i
        assert engine.compile(user).instantiate({name: {name: lambda i=i: i}}).func("g")() == i
        with pytest.raises(LabkitError):
            engine.compile(user).instantiate({})


def test_a_name_section_of_garbage_does_not_spoil_a_backtrace(engine):
    wasm = labkit.to_wasm('(module (func (export "f") unreachable))')
    names = [b"\1\x05\1\0\2\xff\xfe", b"\1\x06\1\0\3a\0b", b"\1\x07\1\0\4\xed\xa0\x80x", b"\xff\xff", b"", b"\1\x05\1\x09\2hi"]
    for payload in names:
        section = b"\0" + bytes([len(payload) + 5]) + b"\4name" + payload
        try:
            instance = engine.compile(wasm + section).instantiate()
        except LabkitError:
            continue
        with pytest.raises(labkit.GuestTrap) as caught:
            instance.func("f")()
        assert str(caught.value)


HUGE = {
    "memory": '(module (memory (export "m") 65536))',
    "memory without a maximum": '(module (memory 0) (func (export "f") (result i32) (memory.grow (i32.const 65536))))',
    "memory of 2**48 pages": "(module (memory i64 0x1000000000000))",
    "memory of 2**32 pages": "(module (memory i64 0x100000000))",
    "a hundred memories": f"(module {'(memory 65536)' * 100})",
    "table": "(module (table 10000000 funcref))",
    "table of 2**32": "(module (table 0xffffffff funcref))",
    "ten tables": f"(module {'(table 10000000 funcref)' * 10})",
    "locals": f'(module (func (export "f") (local {"i64 " * 49_999})))',
    "too many locals": f"(module (func (local {'i64 ' * 60_000})))",
    "nested blocks": f'(module (func (export "f") {"block " * 20_000} {"end " * 20_000}))',
    "nested parentheses": "(" * 100_000,
    "nested comments": "(;" * 100_000,
    "a thousand parameters": f'(module (func (export "f") (param {"i64 " * 1000})))',
    "too many parameters": f"(module (func (param {'i64 ' * 1001})))",
    "two hundred results": f'(module (func (export "f") (result {"i32 " * 200}) {"i32.const 1 " * 200}))',
    "endless recursion": '(module (func $f (export "f") (call $f)))',
    "recursion with large frames": f'(module (func $f (export "f") (local {"v128 " * 500}) (call $f)))',
    "recursion at the start": "(module (func $f (call $f)) (start $f))",
    "br_table": f'(module (func (export "f") (param i32) (br_table {"0 " * 60_000} (local.get 0))))',
}


def test_what_is_huge_is_refused_or_works_and_the_process_goes_on(run_python, runtime_name, tmp_path):
    (tmp_path / "huge.json").write_text(json.dumps(HUGE))
    program = """
        import json, os, sys, labkit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a panic that was caught still prints
        engine = labkit.runtime(sys.argv[1])
        with open(sys.argv[2]) as file:
            huge = json.load(file)
        for what, wat in huge.items():
            print(what, end=": ", flush=True)
            try:
                instance = engine.compile(wat).instantiate()
                if "f" in instance.exports:
                    function = instance.func("f")
                    function(*[0] * len(function.type.params))
                instance.close()
            except labkit.LabkitError as error:
                assert error.remedy
            one = engine.compile('(module (func (export "one") (result i32) i32.const 1))').instantiate().func("one")
            print(one(), flush=True)
    """
    # One process for all of them: each finds it as the ones before left it.
    assert run_python(program, runtime_name, str(tmp_path / "huge.json"), seconds=250).splitlines() == [f"{what}: 1" for what in HUGE]


@pytest.mark.any_python
def test_random_bytes_behind_a_header_are_refused_or_run(run_python, runtime_name):
    program = """
        import os, random, sys, labkit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        engine, chance, seen = labkit.runtime(sys.argv[1]), random.Random(11), 0
        seed = labkit.to_wasm('''(module (type (func (param i32) (result i32)))
          (import "h" "f" (func (type 0))) (table 3 funcref) (memory 1 2)
          (global (mut i32) (i32.const 5)) (export "m" (memory 0)) (export "g" (func 1)) (elem (i32.const 0) 0 1)
          (func (type 0) (if (result i32) (local.get 0) (then (call 0 (i32.load (local.get 0))))
            (else (call_indirect (type 0) (i32.const 1) (i32.const 1)))))
          (data (i32.const 4) "data"))''')
        for _ in range(600):
            broken = bytearray(seed)
            for _ in range(chance.randrange(1, 5)):
                broken[chance.randrange(8, len(broken))] = chance.randrange(256)
            try:
                instance = engine.compile(bytes(broken)).instantiate({"h": {"f": lambda *_: 1}})
                seen += 1
                instance.close()
            except labkit.LabkitError:
                pass
        print(seen)
    """
    assert int(run_python(program, runtime_name, seconds=250)) >= 0


@pytest.mark.parametrize("name", ["wasmtime", "wasmtime-winch"])
def test_a_table_grows_no_further_than_a_module_may_declare_one(run_python, name):
    # Wasmer has no such bound: there a guest's table takes all the memory of the process, as its memories may anywhere.
    program = """
        import sys, labkit
        wat = '(module (table (export "t") 1 funcref) (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))'
        instance = labkit.runtime(sys.argv[1]).compile(wat).instantiate()
        print(instance.func("grow")(0x7fffffff), instance.func("grow")(10_000_000), instance.func("grow")(9_999_999), instance.table("t").size)
    """
    assert run_python(program, name).split() == ["-1", "-1", "1", "10000000"]
