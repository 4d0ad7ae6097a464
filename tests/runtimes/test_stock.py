"""Without the private bindings of wasmtime-py, labkit still works on the public API: slower, and saying what it cannot do.

That is the way with a version of wasmtime that labkit was not checked with. These tests take it on purpose, in other processes.
"""

from __future__ import annotations

import pytest

STOCK = {"LABKIT_WASMTIME_STOCK": "1"}

PROGRAMS = {
    "values": """
        import math
        instance = engine.compile('''(module (func (export "i32") (param i32) (result i32) local.get 0)
          (func (export "f32") (param f32) (result f32) local.get 0)
          (func (export "two") (param i64 f64) (result f64 i64) local.get 1 local.get 0) (func (export "none")))''').instantiate()
        assert instance.func("i32")(-(2**31)) == -(2**31)
        assert instance.func("f32")(0.1) == 0.10000000149011612
        assert instance.func("two")(2**63 - 1, -math.inf) == (-math.inf, 2**63 - 1)
        assert instance.func("none")() is None
        assert instance.func("i32").call_bits(0xFFFFFFFF) == (0xFFFFFFFF,)
        assert instance.func("f32").call_bits(0x7FC00000) == (0x7FC00000,)
        """,
    "arguments": """
        from labkit.errors import ArgumentError, ArgumentRangeError
        identity = engine.compile('(module (func (export "f") (param i32) (result i32) local.get 0))').instantiate().func("f")
        raises(ArgumentRangeError, identity, 2**31)
        for arguments in ((1.5,), ("1",), (None,), (), (1, 2)):
            raises(ArgumentError, identity, *arguments)
        raises(ArgumentError, identity, 1, key=2)
        raises(ArgumentRangeError, identity.call_bits, -1)
        raises(ArgumentError, identity.call_bits)
        """,
    "host functions": """
        class Mine(BaseException): pass
        wat = '''(module (import "h" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param i32) (result i32) (call $f (local.get 0))) (func (export "trap") unreachable))'''
        mine = Mine()
        def f(level):
            if level == 0:
                raise mine
            return call(level - 1) if level < 9 else level
        instance = engine.compile(wat).instantiate({"h": {"f": f}})
        call = instance.func("g")
        assert call(9) == 9
        for _ in range(3):
            assert raises(Mine, call, 4) is mine
            assert raises(labkit.GuestTrap, instance.func("trap")).kind is labkit.TrapKind.UNREACHABLE
        assert instance.store.host_depth == 0
        raises(labkit.errors.ArgumentError, engine.compile(wat).instantiate({"h": {"f": lambda _: "text"}}).func("g"), 1)
        start = engine.compile('(module (import "h" "f" (func $f (param i32) (result i32))) (func $s (drop (call $f (i32.const 0)))) (start $s))')
        assert raises(Mine, start.instantiate, {"h": {"f": f}}) is mine
        """,
    "references": """
        instance = engine.compile('''(module (import "h" "f" (func $f (param externref) (result externref))) (table (export "t") 2 funcref)
          (func (export "g") (param externref) (result externref) (call $f (local.get 0))))''').instantiate({"h": {"f": lambda value: [value]}})
        assert instance.func("g")("text") == ["text"]
        instance.table("t").set(1, instance.func("g"))
        assert instance.table("t").get(0) is None and instance.table("t").get(1)
        """,
    "traps": """
        instance = engine.compile('''(module (memory 1) (table 1 funcref)
          (func (export "div") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
          (func (export "load") (result i32) (i32.load (i32.const 65535)))
          (func (export "call") (call_indirect (i32.const 0))) (func $f (export "deep") (call $f)))''').instantiate()
        kinds = {"div": "INTEGER_DIVIDE_BY_ZERO", "load": "MEMORY_OUT_OF_BOUNDS", "call": "UNDEFINED_ELEMENT", "deep": "STACK_OVERFLOW"}
        for name, kind in kinds.items():
            arguments = [0][: len(instance.func(name).type.params)]
            trap = raises(labkit.GuestTrap, instance.func(name), *arguments)
            assert trap.kind.name == kind and trap.backtrace, trap
        """,
    "exports": """
        from labkit.errors import Closed
        instance = engine.compile('''(module (memory (export "m") 1 2) (global (export "g") (mut f64) (f64.const 1.5)) (table (export "t") 1 funcref)
          (func (export "f")))''').instantiate()
        instance.memory("m").write(3, b"abc")
        view = instance.memory("m").view()
        assert view[3:6] == b"abc"
        instance.memory("m").grow(1)
        raises(Closed, len, view)
        instance.global_("g").value = -2.5
        assert (instance.global_("g").value, instance.global_("g").bits) == (-2.5, 0xC004000000000000)
        instance.close()
        raises(Closed, instance.func, "f")
        """,
    "limits": """
        from labkit.errors import UnsupportedLimit
        from labkit.limits import Limits
        assert engine.enforces == {"memory", "fuel"} and not engine.interruptible
        module = engine.compile('(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 9)))'
                                ' (func (export "loop") (loop (br 0))))')
        assert "Limits(time=" in str(raises(UnsupportedLimit, module.instantiate, limits=Limits(time=1.0)))
        assert module.instantiate(limits=Limits(memory="128KiB")).func("grow")() == -1
        assert raises(labkit.GuestTrap, module.instantiate(limits=Limits(fuel=1000)).func("loop")).kind is labkit.TrapKind.OUT_OF_FUEL
        """,
    "artifacts": """
        from labkit.errors import ArtifactError
        artifact = engine.compile('(module (func (export "one") (result i32) i32.const 1))').serialize()
        assert engine.deserialize(artifact).instantiate().func("one")() == 1
        raises(ArtifactError, engine.deserialize, artifact[:-1])
        """,
    "closing": """
        import gc, weakref
        module = engine.compile('(module (import "h" "f" (func $f)) (func (export "g") (call $f)))')
        instance = module.instantiate({"h": {"f": lambda: None}})
        instance.func("g")()
        store = weakref.ref(instance.store)
        del instance
        gc.collect()
        assert store() is None
        """,
    "registry": """
        rows = {row.name: row for row in labkit.runtimes()}
        assert rows["wasmtime"].available
        assert not rows["wasmtime-winch"].available
        assert "LABKIT_WASMTIME_STOCK" in rows["wasmtime-winch"].reason and rows["wasmtime-winch"].remedy
        assert rows["wasmtime-winch"].reason in str(raises(labkit.errors.RuntimeUnavailable, labkit.runtime, "wasmtime-winch"))
        """,
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_the_public_api_alone_carries(run_python, what):
    setup = """
import labkit
def raises(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        return error
    raise SystemExit(f"{call} did not raise {kind}")
engine = labkit.runtime("wasmtime")
"""
    lines = PROGRAMS[what].strip("\n").split("\n")
    body = "\n".join(line.removeprefix("        ") for line in lines)
    assert run_python(setup + body + "\nprint('done')\n", **STOCK).strip() == "done"
