"""Types that no Python binding carries: refused by name at the boundary, at work inside the guest, never the end of the process."""

from __future__ import annotations

import pytest

from labkit.errors import CompileError, Unsupported

INSIDE = {
    "v128": """(module (func (export "inside") (param i32) (result i32) (local v128)
        (local.set 1 (i32x4.splat (local.get 0))) (i32x4.extract_lane 2 (i32x4.add (local.get 1) (local.get 1)))))""",
    "gc": """(module (type $pair (struct (field i32) (field i32))) (func (export "inside") (param i32) (result i32)
        (i32.mul (i32.const 2) (struct.get $pair 1 (struct.new $pair (i32.const 0) (local.get 0))))))""",
    "i31": '(module (func (export "inside") (param i32) (result i32) (i32.mul (i32.const 2) (i31.get_s (ref.i31 (local.get 0))))))',
    "exceptions": """(module (tag $t (param i32)) (func (export "inside") (param i32) (result i32)
        (block $caught (result i32) (try_table (catch $t $caught) (throw $t (i32.mul (i32.const 2) (local.get 0)))) unreachable)))""",
    "tail calls": """(module (func $twice (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0)))
        (func (export "inside") (param i32) (result i32) (return_call $twice (local.get 0))))""",
    "memory64": """(module (memory i64 1) (func (export "inside") (param i32) (result i32)
        (i32.store (i64.const 8) (i32.mul (i32.const 2) (local.get 0))) (i32.load (i64.const 8))))""",
}
#: What each runtime compiles of it; the rest it refuses with a CompileError.
WORKS = {
    "wasmtime": set(INSIDE),
    "wasmtime-winch": {"v128", "memory64"},
    "wasmer": {"v128"},
    "wasmer-singlepass": set(),
    "wasmer-llvm": {"v128"},
    "libwasmer": {"v128", "exceptions"},
    "libwasmer-singlepass": set(),
}


@pytest.mark.parametrize("feature", INSIDE)
def test_a_module_that_uses_a_type_only_inside_runs_or_is_refused(engine, feature):
    if feature in WORKS[engine.name]:
        assert engine.compile(INSIDE[feature]).instantiate().func("inside")(21) == 42
        return
    with pytest.raises(CompileError) as caught:
        engine.compile(INSIDE[feature])
    assert "wasmtime" in caught.value.remedy


ONE = '(func (export "one") (result i32) i32.const 1)'
AT_THE_BOUNDARY = {
    "v128": f"""(module {ONE} (func (export "f") (param v128) (result v128) (local.get 0))
        (global (export "g") (mut v128) (v128.const i64x2 1 2)))""",
    "gc": f"""(module {ONE} (type $s (struct (field i32))) (func (export "f") (param (ref null $s)) (result (ref null $s)) (local.get 0))
        (global (export "g") (mut (ref null $s)) (ref.null $s)) (table (export "t") 2 (ref null $s)))""",
    "anyref": f"""(module {ONE} (func (export "f") (param anyref) (result i31ref) (ref.i31 (i32.const 1)))
        (global (export "g") (mut anyref) (ref.null any)) (table (export "t") 2 anyref))""",
    "typed": f"""(module {ONE} (type $f (func)) (func (export "f") (param (ref null $f)))
        (global (export "g") (mut (ref null $f)) (ref.null $f)) (table (export "t") 2 (ref null $f)))""",
    "exnref": f"""(module {ONE} (func (export "f") (param exnref))
        (global (export "g") (mut exnref) (ref.null exn)) (table (export "t") 2 exnref))""",
    "tag": f'(module {ONE} (tag (export "f") (param i32)) (tag (export "g")))',
    "shared": f'(module {ONE} (memory (export "f") 1 2 shared) (global (export "g") v128 (v128.const i64x2 0 0)))',
}


def test_an_export_of_such_a_type_is_refused_by_name_and_the_rest_works(run_python, runtime_name):
    program = """
        import os, sys, labkit
        from labkit.errors import CompileError, Unsupported
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a panic that was caught still prints
        name, *texts = sys.argv[1:]
        engine = labkit.runtime(name)
        def attempt(wat):
            try:
                module = engine.compile(wat)
            except CompileError:
                return "refused whole"
            repr(module.exports), repr(module)
            try:
                instance = module.instantiate()
            except Unsupported:
                return "refused whole"
            repr(instance.exports), instance.exports._repr_html_()
            assert instance.func("one")() == 1
            variable = lambda: instance.global_("g")
            uses = [lambda: instance.func("f"), lambda: instance.exports["f"](1), lambda: instance.exports["f"].call_bits(1)]
            uses += [lambda: instance.memory("f").read(0, 1)]
            uses += [lambda: variable().value, lambda: variable().bits, lambda: setattr(variable(), "value", 0)]
            if "t" in instance.exports:
                table = instance.table("t")
                assert table.size == 2
                uses += [lambda: table.get(0), lambda: table.set(0, None), lambda: table.grow(1), lambda: table.grow(1, 5)]
            for number, use in enumerate(uses):
                try:
                    use()
                except (Unsupported, labkit.LabkitError, AttributeError):
                    pass
                else:
                    return f"use {number} was not refused"
            for shown in ("f", "g", "t"):
                try:
                    repr(instance.exports[shown])
                except (KeyError, Unsupported):
                    pass
            instance.close()
            return "refused by name"
        for wat in texts:
            print(attempt(wat), flush=True)
    """
    answers = dict(zip(AT_THE_BOUNDARY, run_python(program, runtime_name, *AT_THE_BOUNDARY.values()).splitlines(), strict=True))
    assert {what: answer for what, answer in answers.items() if answer not in ("refused by name", "refused whole")} == {}


def test_an_import_of_such_a_type_is_refused_by_name_or_comes_from_a_guest(run_python, runtime_name):
    program = """
        import os, sys, labkit
        from labkit.errors import CompileError, Unsupported
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a panic that was caught still prints
        name, *kinds = sys.argv[1:]
        engine = labkit.runtime(name)
        def attempt(kind):
            types = "(type $t (struct))" if "$t" in kind else ""
            try:
                user = engine.compile(f'(module {types} (import "h" "f" (func $f (param {kind}))) (func (export "one") (result i32) i32.const 1))')
            except CompileError:
                return "refused whole"
            try:
                user.instantiate({"h": {"f": print}})
            except Unsupported as error:
                assert "cannot cross" in str(error) or "numbers only" in str(error), error
            else:
                return "not refused"
            maker = engine.compile(f'(module {types} (func (export "f") (param {kind})))')
            assert user.instantiate({"h": maker.instantiate()}).func("one")() == 1
            return "linked"
        for kind in kinds:
            print(attempt(kind), flush=True)
    """
    kinds = ("v128", "anyref", "(ref null $t)")
    answers = dict(zip(kinds, run_python(program, runtime_name, *kinds).splitlines(), strict=True))
    assert {kind: answer for kind, answer in answers.items() if answer not in ("linked", "refused whole")} == {}


def test_a_host_function_of_such_a_type_is_refused(engine):
    with engine.store() as store:
        for types in (("v128",), ("anyref",), ("(ref null 0)",), ("exnref",), ("nonsense",)):
            for arguments in ((types,), ((), types)):
                with pytest.raises(Unsupported, match="cannot cross"):
                    store.func(print, *arguments)
        for element in ("anyref", "i32", "v128"):
            with pytest.raises(Unsupported, match=f"table of {element}"):
                store.table(1, element=element)
