"""What is particular to Wasmer 1.1.0 and its Python binding: the faults that must stop here, and what it cannot do."""

from __future__ import annotations

import gc
import struct
import subprocess
import sys
import textwrap
import threading

import pytest

import labkit
from labkit.errors import (
    ArgumentError,
    ArgumentRangeError,
    ArtifactError,
    Closed,
    CompileError,
    GuestTrap,
    LinkError,
    TrapKind,
    Unsupported,
    UnsupportedLimit,
    WrongThread,
)
from labkit.runtimes.registry import runtimes

NAMES = ["wasmer", "wasmer-singlepass", "wasmer-llvm"]
ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
HOST = '(module (import "host" "f" (func $f (param i32) (result i32))) (func (export "go") (param i32) (result i32) (call $f (local.get 0))))'
QUIET_F32, SIGNALLING_F32, SIGNALLING_F64 = 0x7FC0_0001, 0xFFA0_0001, 0x7FF4_0000_0000_0001


@pytest.fixture(params=NAMES)
def engine(request):
    status = next(row for row in runtimes() if row.name == request.param)
    if not status.available:
        pytest.skip(f"{status.name} is unavailable: {status.reason}. {status.remedy}")
    return labkit.runtime(request.param)


def in_another_process(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), *arguments], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TRAPS = """(module
  (memory 1) (table 3 funcref) (elem (i32.const 0) $takes_one) (type $none (func)) (func $takes_one (param i32))
  (func (export "unreachable") unreachable)
  (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "overflow") (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1))))
  (func (export "truncate large") (drop (i32.trunc_f64_s (f64.const 1e30))))
  (func (export "truncate nan") (drop (i32.trunc_f32_u (f32.const nan))))
  (func (export "load") (drop (i32.load (i32.const -1))))
  (func (export "fill") (memory.fill (i32.const 65535) (i32.const 0) (i32.const 2)))
  (func (export "table.get") (drop (table.get (i32.const 3))))
  (func (export "table.set") (table.set (i32.const -1) (ref.null func)))
  (func (export "call outside") (call_indirect (type $none) (i32.const 3)))
  (func (export "call null") (call_indirect (type $none) (i32.const 1)))
  (func (export "call other type") (call_indirect (type $none) (i32.const 0)))
  (func $endless (export "recurse") (call $endless)))"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unreachable", TrapKind.UNREACHABLE),
        ("divide", TrapKind.INTEGER_DIVIDE_BY_ZERO),
        ("overflow", TrapKind.INTEGER_OVERFLOW),
        ("truncate large", TrapKind.INTEGER_OVERFLOW),
        ("truncate nan", TrapKind.INVALID_CONVERSION),
        ("load", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("fill", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("table.get", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("table.set", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("call outside", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("call null", TrapKind.UNDEFINED_ELEMENT),
        ("call other type", TrapKind.INDIRECT_CALL_TYPE_MISMATCH),
        ("recurse", TrapKind.STACK_OVERFLOW),
    ],
)
def test_every_message_of_wasmers_has_its_kind(engine, name, kind):
    with engine.compile(TRAPS).instantiate() as instance:
        with pytest.raises(GuestTrap) as caught:
            instance.func(name)()
        assert caught.value.kind is kind
        assert caught.value.runtime == engine.name


def test_a_backtrace_has_names_indices_and_offsets_where_the_compiler_keeps_them(engine):
    wasm = labkit.to_wasm('(module (func $fails unreachable) (func (export "go") (call $fails)))')
    with pytest.raises(GuestTrap) as caught:
        engine.compile(wasm).instantiate().func("go")()
    inner, *outer = caught.value.backtrace
    assert (inner.function_index, inner.function_name) == (0, "fails")
    assert [frame.function_index for frame in outer] == ([] if engine.name == "wasmer-singlepass" else [1])  # it unwinds no further
    if engine.name == "wasmer-llvm":
        assert inner.module_offset is None
    else:
        assert wasm[inner.module_offset] == 0x00  # the opcode of unreachable


@pytest.mark.parametrize("arguments", [(1,), (1, 2, 3), (), (1.5, 0), ("1", 0), (None, 0)])
def test_arguments_that_the_binding_would_take_or_misname_are_refused(engine, arguments):
    add = engine.compile(ADD).instantiate().func("add")
    with pytest.raises(ArgumentError):
        add(*arguments)


@pytest.mark.parametrize("value", [2**31, 2**32 - 1, 2**32, -(2**31) - 1, 10**30])
def test_integers_never_wrap(engine, value):
    add = engine.compile(ADD).instantiate().func("add")
    with pytest.raises(ArgumentRangeError):
        add(value, 0)
    assert add(-(2**31), 0) == -(2**31)
    assert add(2**31 - 1, 0) == 2**31 - 1


def test_a_float_too_large_for_f32_is_refused_and_infinity_is_not(engine):
    same = engine.compile('(module (func (export "same") (param f32) (result f32) (local.get 0)))').instantiate().func("same")
    for large in (1e39, -1e39, 3.4028235677973366e38):
        with pytest.raises(ArgumentRangeError):
            same(large)
    assert same(float("inf")) == float("inf")
    assert same(3.4028235677973362e38) == 3.4028234663852886e38
    assert same(float("nan")) != same(float("nan"))


def test_what_is_a_number_by_protocol_is_taken_as_on_wasmtime(engine):
    class Three:
        def __index__(self):
            return 3

        def __float__(self):
            return 3.5

    add = engine.compile(ADD).instantiate().func("add")
    same = engine.compile('(module (func (export "same") (param f64) (result f64) (local.get 0)))').instantiate().func("same")
    assert (add(Three(), True), same(Three()), same(2)) == (4, 3.5, 2.0)


def test_nan_patterns_cross_as_they_are(engine):
    wat = """(module
      (global (export "g32") f32 (f32.const -nan:0x200001)) (global (export "m32") (mut f32) (f32.const nan:0x400001))
      (global (export "g64") f64 (f64.const nan:0x4000000000001))
      (func (export "mixed") (param f32 i64 f64) (result f32) (local.get 0))
      (func (export "f64") (param f64) (result f64) (local.get 0)))"""
    instance = engine.compile(wat).instantiate()
    for pattern in (QUIET_F32, SIGNALLING_F32, 0):
        assert instance.func("mixed").call_bits(pattern, 2**64 - 1, SIGNALLING_F64) == (pattern,)
    assert instance.func("f64").call_bits(SIGNALLING_F64) == (SIGNALLING_F64,)
    assert [instance.global_(name).bits for name in ("g32", "m32", "g64")] == [SIGNALLING_F32, QUIET_F32, SIGNALLING_F64]


def test_bits_of_several_results_keep_their_order(engine):
    if engine.name == "wasmer-singlepass":
        return
    wat = '(module (func (export "f") (result f32 i32 f32 i64) (f32.const 1) (i32.const -2) (f32.const nan:0x200000) (i64.const -4)))'
    bits = engine.compile(wat).instantiate().func("f").call_bits()
    assert bits == (struct.unpack("<I", struct.pack("<f", 1.0))[0], 2**32 - 2, 0x7FA0_0000, 2**64 - 4)


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, TypeError, OverflowError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_a_host_function_raises_comes_out_unharmed(engine, kind):
    raised = kind("RuntimeError: unreachable")

    def fail(_):
        raise raised

    instance = engine.compile(HOST).instantiate({"host": {"f": fail}})
    for _ in range(2):
        with pytest.raises(kind) as caught:
            instance.func("go")(1)
        assert caught.value is raised
        assert instance.store.host_depth == 0
    frames = [frame.f_code.co_name for frame, _ in _walk(raised.__traceback__)]
    assert "fail" in frames


def _walk(traceback):
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


@pytest.mark.parametrize("returned", [None, 2**31, 2**32 - 1, 1.0, "1", (1, 2), ()])
def test_a_host_function_that_returns_the_wrong_thing_is_named(engine, returned):
    instance = engine.compile(HOST).instantiate({"host": {"f": lambda _: returned}})
    with pytest.raises(ArgumentError, match=r"host\.f"):
        instance.func("go")(1)


def test_a_panic_of_the_binding_becomes_an_error_and_does_not_unwind_the_guest(engine):
    def panic(_):
        raise type("PanicException", (BaseException,), {})("boom")

    instance = engine.compile(HOST).instantiate({"host": {"f": panic}})
    with pytest.raises(Unsupported, match="boom"):
        instance.func("go")(1)


def test_compilers_may_panic_again_and_again():
    # In a process of its own: Rust ends the process at the second panic of a thread.
    program = """
        import threading
        import labkit
        wide = '(module (func (export "f") (param ' + "i32 " * 999 + ')))'
        reference = '(module (import "a" "b" (func (param externref))))'
        def compile_all():
            for name, wat in (("wasmer", wide), ("wasmer-singlepass", reference)) * 3:
                try:
                    labkit.runtime(name).compile(wat)
                except labkit.LabkitError as error:
                    print(type(error).__name__)
        compile_all()
        thread = threading.Thread(target=compile_all)
        thread.start()
        thread.join()
        add = labkit.runtime("wasmer").compile('(module (func (export "two") (result i32) i32.const 2))').instantiate().func("two")
        print(add())
    """
    assert in_another_process(program).split() == ["CompileError"] * 12 + ["2"]


def test_host_and_guest_may_call_each_other_until_python_stops_them(engine):
    box = []
    instance = engine.compile(HOST).instantiate({"host": {"f": lambda n: box[0](n)}})
    box.append(instance.func("go"))
    with pytest.raises(RecursionError):
        box[0](1)
    assert instance.store.host_depth == 0


def test_a_store_is_not_closed_under_a_running_guest(engine):
    box = []
    instance = engine.compile(HOST).instantiate({"host": {"f": lambda n: box[0].close() or n}})
    box.append(instance)
    with pytest.raises(Unsupported):
        instance.func("go")(1)


LACKING = {
    "threads": "(module (memory 1 2 shared))",
    "tail calls": "(module (func $f return_call $f))",
    "64-bit memories": "(module (memory i64 1))",
    "more than one memory": "(module (memory 1) (memory 1))",
    "extended constant expressions": "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
    "exceptions": "(module (tag $t) (func throw $t))",
    "garbage-collected types": "(module (type (struct (field i32))))",
    "typed function references": "(module (type $t (func)) (func (param (ref $t))))",
    "relaxed SIMD": "(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
}


@pytest.mark.parametrize("feature", LACKING)
def test_a_feature_it_lacks_is_named(engine, feature):
    with pytest.raises(CompileError, match=feature) as caught:
        engine.compile(LACKING[feature])
    assert "wasmtime" in caught.value.remedy
    with pytest.raises(CompileError):
        engine.validate(LACKING[feature])


@pytest.mark.parametrize(
    ("wat", "word"),
    [
        ("(module (func (result i32 i32) (i32.const 1) (i32.const 2)))", "multi-value"),
        ('(module (func (export "f") (result i32) (i32x4.extract_lane 0 (v128.const i32x4 1 2 3 4))))', "SIMD"),
    ],
)
def test_singlepass_names_what_the_other_compilers_have(wat, word):
    labkit.runtime("wasmer").compile(wat)
    with pytest.raises(CompileError, match=word) as caught:
        labkit.runtime("wasmer-singlepass").compile(wat)
    assert '"wasmer"' in caught.value.remedy


def test_it_has_no_limits_to_set(engine):
    assert engine.enforces == frozenset()
    assert not engine.interruptible
    for limits in (labkit.Limits(time=1), labkit.Limits(memory="1MiB"), labkit.Limits(fuel=10)):
        with pytest.raises(UnsupportedLimit):
            engine.compile(ADD).instantiate(limits=limits)


def test_references_do_not_cross_and_the_refusal_says_whose_fault_it_is(engine):
    instance = engine.compile(
        """(module (func (export "f") (param externref)) (func (export "g") (result funcref) (ref.null func))
           (global (export "r") externref (ref.null extern)))"""
    ).instantiate()
    for refused in (
        lambda: instance.func("f")(None),
        lambda: instance.func("g")(),
        lambda: instance.global_("r").value,
        lambda: instance.store.func(print, ("externref",)),
        lambda: instance.store.global_("externref", None),
    ):
        with pytest.raises(Unsupported, match=f"{engine.name} 1.1.0"):
            refused()


def test_v128_is_refused_at_the_boundary_by_name():
    instance = (
        labkit.runtime("wasmer").compile('(module (func (export "f") (param v128)) (global (export "g") v128 (v128.const i64x2 0 0)))').instantiate()
    )
    with pytest.raises(Unsupported, match="v128"):
        instance.func("f")
    with pytest.raises(Unsupported, match="v128"):
        _ = instance.global_("g").value


@pytest.mark.parametrize("name", ["__class__", "__len__", "__iter__", "__dict__", "", "a\0b", "naïve 🦀", "exports"])
def test_any_name_can_be_exported_and_imported(engine, name):
    quoted = "".join(f"\\{byte:02x}" for byte in name.encode())
    offer = engine.compile(f'(module (func (export "{quoted}") (result i32) i32.const 7))').instantiate()
    assert offer.func(name)() == 7
    user = engine.compile(f'(module (import "{quoted}" "{quoted}" (func $f (result i32))) (func (export "go") (result i32) (call $f)))')
    assert user.instantiate({name: {name: offer.func(name)}}).func("go")() == 7


def test_an_import_of_two_types_under_one_name_is_refused_and_of_one_type_is_not(engine):
    same = '(module (import "a" "b" (func)) (import "a" "b" (func)))'
    other = '(module (import "a" "b" (func)) (import "a" "b" (func (param i32))))'
    engine.compile(same).instantiate({"a": {"b": print}})
    with pytest.raises(Unsupported, match=r"a\.b with two types"):
        engine.compile(other).instantiate({"a": {"b": print}})


def test_a_module_may_be_used_from_any_thread_and_its_instance_from_one(engine):
    module = engine.compile(ADD)
    instance, seen = module.instantiate(), []
    add = instance.func("add")

    def elsewhere():
        seen.append(module.instantiate().func("add")(1, 2))
        for use in (lambda: add(1, 2), lambda: add.call_bits(1, 2), lambda: instance.exports["add"]):
            try:
                use()
            except WrongThread as error:
                seen.append(type(error))

    for _ in range(2):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [3, WrongThread, WrongThread, WrongThread] * 2
    assert add(1, 2) == 3


def test_after_close_everything_is_closed_and_the_memory_is_given_back(engine):
    wat = """(module (memory (export "m") 1) (table (export "t") 1 funcref) (global (export "g") (mut f32) (f32.const 0))
      (func (export "f") (param f32) (result f32) (local.get 0)))"""
    instance = engine.compile(wat).instantiate()
    function, memory, table, variable = instance.func("f"), instance.memory("m"), instance.table("t"), instance.global_("g")
    view = memory.view()
    instance.close()
    instance.close()
    for use in (
        lambda: function(1.0),
        lambda: function.call_bits(1),
        lambda: memory.read(0, 1),
        lambda: memory.grow(1),
        lambda: view[0],
        lambda: table.get(0),
        lambda: table.set(0, None),
        lambda: table.size,
        lambda: variable.value,
        lambda: variable.bits,
        lambda: instance.func("f"),
    ):
        with pytest.raises(Closed):
            use()
    assert function.native == memory.native == table.native == variable.native == []


def test_a_damaged_artifact_or_another_compilers_never_reaches_wasmer(engine):
    artifact = engine.compile(ADD).serialize()
    assert engine.deserialize(artifact).instantiate().func("add")(1, 2) == 3
    for damaged in (artifact[:-1], artifact[:200], b"", artifact[:300] + bytes([artifact[300] ^ 1]) + artifact[301:]):
        with pytest.raises(ArtifactError):
            engine.deserialize(damaged)
    for other in NAMES:
        if other != engine.name:
            with pytest.raises(ArtifactError, match=engine.name):
                labkit.runtime(other).deserialize(artifact)


def test_a_trapping_start_function_and_segments_outside_are_traps(engine):
    for wat, kind in (
        ("(module (func $f unreachable) (start $f))", TrapKind.UNREACHABLE),
        ('(module (memory 1) (data (i32.const 65536) "a"))', TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))", TrapKind.TABLE_OUT_OF_BOUNDS),
    ):
        with pytest.raises(GuestTrap) as caught:
            engine.compile(wat).instantiate()
        assert caught.value.kind is kind


def test_two_runtimes_do_not_mix(engine):
    offer = engine.compile('(module (memory (export "m") 1))').instantiate()
    other = labkit.runtime("wasmtime").compile('(module (import "o" "m" (memory 1)))')
    with pytest.raises((ArgumentError, LinkError)):
        other.instantiate({"o": offer})


LEAK = """
    import gc, sys
    import labkit

    wat = '''(module (import "host" "f" (func $f (param i32) (result i32))) (memory (export "m") 1) (table (export "t") 2 funcref)
      (global (export "g") (mut f32) (f32.const 1)) (func (export "trap") unreachable)
      (func (export "go") (param i32) (result i32) (call $f (local.get 0))))'''
    engine = labkit.runtime(sys.argv[1])
    module = engine.compile(wat)
    user = engine.compile('(module (import "o" "t" (table 1 funcref)) (func $f) (elem (i32.const 0) $f))')

    def once(closes):
        box = []
        # The host function knows its instance: a circle through Wasmer, which Python's collector cannot see into.
        instance = module.instantiate({"host": {"f": lambda n: box[0].memory("m").pages + n}})
        box.append(instance)
        assert instance.func("go")(1) == 2
        try:
            instance.func("trap")()
        except labkit.GuestTrap:
            pass
        instance.table("t").set(0, instance.func("go"))
        instance.global_("g").bits
        user.instantiate({"o": instance})
        if closes:
            instance.close()

    def resident_kilobytes():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4

    def rounds(count):
        for turn in range(count):
            once(turn % 2)

    rounds(1000)
    before = resident_kilobytes()
    rounds(9000)
    print(resident_kilobytes() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the resident size is read from /proc, which only Linux has")
def test_ten_thousand_instantiations_leave_memory_where_the_first_thousand_put_it():
    assert int(in_another_process(LEAK, "wasmer")) < 2048


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the resident size is read from /proc, which only Linux has")
def test_compiling_gives_the_code_back_with_the_module():
    program = """
        import gc, labkit
        engine = labkit.runtime("wasmer")
        def mappings():
            gc.collect()
            return len(open("/proc/self/maps").readlines())
        def compile_some(count):
            for _ in range(count):
                engine.compile('(module (func (export "f")))').instantiate().func("f")()
        compile_some(50)
        before = mappings()
        compile_some(500)
        print(mappings() - before)
    """
    assert int(in_another_process(program)) < 50


def test_memory_that_cannot_be_had_is_an_error(engine):
    with engine.store() as store:
        with pytest.raises(ArgumentError):
            store.memory(65537)
        memory = store.memory(0, 1)
        assert memory.read(0, 0) == b""
        assert memory.grow(1) == 0


def test_exhausting_the_address_space_is_an_error_and_closing_recovers_it():
    program = """
        import resource
        import labkit
        from labkit.errors import LimitExceeded
        module = labkit.runtime("wasmer").compile('(module (memory (export "m") 1))')
        resource.setrlimit(resource.RLIMIT_AS, (64 * 2**30,) * 2)
        made = []
        try:
            while True:
                made.append(module.instantiate())
        except LimitExceeded as error:
            print(len(made) > 2, error.remedy)
        made.clear()
        print(module.instantiate().memory("m").pages)
    """
    assert in_another_process(program).splitlines() == ["True Close other instances, or ask for less.", "1"]


def test_instances_without_a_reader_are_collected(engine):
    before = len([thing for thing in gc.get_objects() if type(thing).__name__ == "WasmerStore"])
    for _ in range(5):
        engine.compile(ADD).instantiate()
    gc.collect()
    assert len([thing for thing in gc.get_objects() if type(thing).__name__ == "WasmerStore"]) <= before
