"""Components: commands and functions for WASI 0.2 run on Wasmtime as modules do, and are refused by name where they cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

import labkit
from labkit.data_files import data_folder
from labkit.errors import ArgumentError, CompileError, ExportNotFound, LinkError, MalformedModule, TrapKind, Unsupported
from labkit.sandbox import Outcome
from labkit.sandbox.checked import load_checked
from labkit.sandbox.pool import the_pool

HELLO = data_folder() / "modules" / "hello-rs.component.wasm"
FIB = data_folder() / "modules" / "fib-js.component.wasm"
FUNCTIONS = """(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
    (func (export "not") (param i32) (result i32) (i32.eqz (local.get 0)))
    (func (export "same") (param i64) (result i64) (local.get 0))
    (func (export "text") (param i32 i32))
    (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func $down (export "down") (call $down) (call $down))
    (func (export "far") (drop (i32.load (i32.const -4))))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "loop") (loop (br 0))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $i "add")))
  (func (export "half") (param "a" f64) (result f64) (canon lift (core func $i "half")))
  (func (export "not") (param "a" bool) (result bool) (canon lift (core func $i "not")))
  (func (export "same") (param "a" u64) (result u64) (canon lift (core func $i "same")))
  (func (export "text") (param "a" string) (canon lift (core func $i "text") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "divide") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $i "divide")))
  (func (export "down") (canon lift (core func $i "down")))
  (func (export "far") (canon lift (core func $i "far")))
  (func (export "grow") (param "pages" u32) (result s32) (canon lift (core func $i "grow")))
  (func (export "loop") (canon lift (core func $i "loop"))))"""


def command(run: str, version: str = "0.2.0") -> str:
    """A component that is a command whose `run` does that and gives ok (0) or error (1)."""
    return f"""(component
      (core module $m (func (export "run") (result i32) {run}))
      (core instance $i (instantiate $m))
      (func $run (result (result)) (canon lift (core func $i "run")))
      (instance $cli (export "run" (func $run)))
      (export "wasi:cli/run@{version}" (instance $cli)))"""


def chance(interface: str, function: str, result: str, core: str) -> str:
    """A component whose exported function gives what one of `wasi:random` gives."""
    return f"""(component
      (import "{interface}" (instance $from (export "{function}" (func (result {result})))))
      (core func $draw (canon lower (func $from "{function}")))
      (core module $m (import "" "draw" (func $draw (result {core}))) (func (export "draw") (result {core}) (call $draw)))
      (core instance $i (instantiate $m (with "" (instance (export "draw" (func $draw))))))
      (func (export "draw") (result {result}) (canon lift (core func $i "draw"))))"""


@pytest.fixture(params=["wasmtime", "wasmtime-winch"])
def host(request: pytest.FixtureRequest) -> str:
    """A runtime that has components."""
    return str(request.param)


def call(export: str, *args: object, **options: object) -> labkit.Result:
    return labkit.run(FUNCTIONS, export=export, args=args, **options)


def test_a_command_is_given_what_it_was_granted(host: str):
    result = labkit.run(HELLO, args=["one", "drei ≠ 3"], env={"K": "grüß dich"}, stdin="first\nsecond\n", runtime=host)
    assert (result.outcome, result.exit_code, result.stderr) == (Outcome.EXITED, 0, b"")
    lines = result.stdout.decode().splitlines()
    assert lines == [
        "argument 1: one",
        "argument 2: drei ≠ 3",
        "environment: K=grüß dich",
        "input: first",
        "input: second",
    ]
    assert labkit.run(HELLO, runtime=host).stdout == b""


@pytest.mark.parametrize(("run", "code"), [("i32.const 0", 0), ("i32.const 1", 1)])
def test_a_command_exits_as_its_result_says(host: str, run: str, code: int):
    result = labkit.run(command(run), runtime=host)
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, code)


def test_values(host: str):
    assert labkit.run(FIB, export="fib", args=[15], runtime=host).values == (610,)
    assert call("add", -2, "0x10", runtime=host).values == (14,)
    assert call("half", "1e3", runtime=host).values == (500.0,)
    assert call("not", 1, runtime=host).values == (False,)
    assert call("same", 2**64 - 1, runtime=host).values == (2**64 - 1,)


@pytest.mark.parametrize(
    ("export", "args", "kind"),
    [
        ("divide", [1, 0], TrapKind.INTEGER_DIVIDE_BY_ZERO),
        ("divide", [-(2**31), -1], TrapKind.INTEGER_OVERFLOW),
        ("down", [], TrapKind.STACK_OVERFLOW),
        ("far", [], TrapKind.MEMORY_OUT_OF_BOUNDS),
    ],
)
def test_traps_have_their_kinds(host: str, export: str, args: list[int], kind: TrapKind):
    result = call(export, *args, runtime=host)
    assert (result.outcome, result.trap) == (Outcome.TRAPPED, kind)
    assert host in result.message


def test_limits(host: str):
    assert call("loop", limits=labkit.Limits(time=0.3), runtime=host).outcome is Outcome.TIME_LIMIT
    assert call("loop", limits=labkit.Limits(fuel=10_000), runtime=host).outcome is Outcome.FUEL_LIMIT
    limits = labkit.Limits(memory="1MiB")
    assert [call("grow", pages, limits=limits, runtime=host).values for pages in (15, 16)] == [(1,), (-1,)]
    assert call("add", 1, 1, limits=labkit.Limits(memory=1024), runtime=host).outcome is Outcome.MEMORY_LIMIT
    assert call("add", 1, 1, runtime=host).values == (2,)


@pytest.mark.parametrize(
    ("interface", "function"), [("wasi:random/random@0.2.0", "get-random-u64"), ("wasi:random/insecure@0.2.3", "get-insecure-random-u64")]
)
def test_chance_is_seeded_where_it_is_asked(host: str, interface: str, function: str):
    guest = chance(interface, function, "u64", "i64")
    seeded = [labkit.run(guest, export="draw", seed=seed, runtime=host).values for seed in (1, 1, 2)]
    assert seeded[0] == seeded[1] != seeded[2]
    assert len({labkit.run(guest, export="draw", runtime=host).values for _ in range(4)}) == 4


@pytest.mark.parametrize("runtime", ["wasmer", "wasmer-singlepass", "wasmer-llvm"])
def test_other_runtimes_refuse_components_by_name(runtime: str):
    if not next(row for row in labkit.runtimes() if row.name == runtime).available:
        with pytest.raises(labkit.LabkitError, match=runtime):
            labkit.run(HELLO, runtime=runtime)
        return
    with pytest.raises(Unsupported, match=f"{runtime} cannot run this: it is a component.*wasmtime"):
        labkit.run(HELLO, runtime=runtime)


@pytest.mark.parametrize(
    ("guest", "options", "error", "words"),
    [
        (command("i32.const 0", "0.3.0"), {}, Unsupported, r"wasi:cli/run@0\.3\.0"),
        (command("i32.const 0", "0.2.0-rc-2023-12-05"), {}, Unsupported, "another WASI than 0.2"),
        ('(component (import "wasi:clocks/system-clock@0.3.0" (instance)))', {}, Unsupported, "system-clock"),
        ('(component (import "wasi:keyvalue/store@0.2.0" (instance)))', {}, LinkError, "keyvalue"),
        ('(component (import "wasi:cli/flying@0.2.0" (instance (export "fly" (func)))) ' + command("i32.const 0")[11:], {}, LinkError, "flying"),
        ('(component (import "log" (func)))', {}, LinkError, "log"),
        ("(component)", {}, ExportNotFound, "no command"),
        (FUNCTIONS, {}, ExportNotFound, 'export="add"'),
        (FUNCTIONS, {"export": "subtract"}, ExportNotFound, "subtract"),
        (FUNCTIONS, {"export": "add", "args": [1]}, ArgumentError, "takes 2 arguments"),
        (FUNCTIONS, {"export": "add", "args": [1, 2**31]}, ArgumentError, "no s32"),
        (FUNCTIONS, {"export": "add", "args": [1, "one"]}, ArgumentError, "one"),
        (FUNCTIONS, {"export": "add", "args": [1, 1.5]}, ArgumentError, "whole number"),
        (FUNCTIONS, {"export": "add", "args": [1, None]}, ArgumentError, "NoneType"),
        (FUNCTIONS, {"export": "text", "args": ["a"]}, Unsupported, "string"),
        (FUNCTIONS, {"export": "add", "args": [1, 2], "env": {"A": "B"}}, ArgumentError, "numbers alone"),
        (HELLO, {"clock": 1.0}, Unsupported, "clocks"),
        (HELLO.read_bytes()[:-100], {}, MalformedModule, "offset|ends|section"),
        (FUNCTIONS.replace("(local.get 0) (f64.const 0.5)", "(f64.const 0.5)"), {"export": "half", "args": [1]}, CompileError, "component"),
    ],
)
def test_what_cannot_be_run_is_raised(guest: object, options: dict, error: type, words: str):
    with pytest.raises(error, match=words):
        labkit.run(guest, **options)


def start_afresh() -> None:
    """End every worker: one might hold the component that a test wants compiled."""
    the_pool().settle()
    the_pool().close()


def test_a_compiled_component_is_kept_checked_and_rebuilt_when_it_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    start_afresh()
    assert labkit.run(HELLO, args=["kept"]).exit_code == 0
    (kept,) = tmp_path.glob("*.artifact")
    whole = kept.read_bytes()
    start_afresh()
    assert labkit.run(HELLO, args=["kept"]).stdout == b"argument 1: kept\n"
    assert kept.read_bytes() == whole
    for damaged in (whole[:-1], whole[:5000] + b"\xff" * 50 + whole[5050:], b""):
        kept.write_bytes(damaged)
        start_afresh()
        assert labkit.run(HELLO, args=["kept"]).stdout == b"argument 1: kept\n"
        assert len(kept.read_bytes()) == len(whole)


def test_what_workers_map_is_the_runtime_s_part_alone(tmp_path: Path):
    from labkit.runtimes import artifacts
    from labkit.sandbox.cache import ArtifactCache

    cache = ArtifactCache(tmp_path)
    entry = cache.store("key")
    assert entry is not None
    (tmp_path / "key.artifact").write_bytes(artifacts.wrap("engine 1", b"", b"machine code"))
    entry.close()
    loaded = [load_checked(cache, "key", "engine 1") for _ in range(2)]
    for item in loaded:
        assert item is not None
        assert Path(f"/dev/fd/{item.descriptor}").read_bytes() == b"machine code"
        item.close()
    assert load_checked(cache, "other", "engine 1") is None
    (tmp_path / "key.artifact").write_bytes(artifacts.wrap("engine 1", b"", b"machine code, altered"))
    assert load_checked(cache, "key", "engine 2") is None
    assert not (tmp_path / "key.artifact").exists()
