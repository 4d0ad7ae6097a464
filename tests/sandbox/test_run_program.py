"""Programs: they get what they were granted and nothing else, on every runtime."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

import labkit
from labkit.errors import ArgumentError, ExportNotFound, LinkError, RuntimeUnavailable, UnreadableFile, Unsupported
from labkit.sandbox import Outcome
from labkit.sandbox.confinement import landlock_version
from tests.conftest import WASMER_NAMES
from tests.sandbox.guests import CAT, CLOCK_AND_CHANCE, ECHO, FOLDERS, HOSTILE, NOTHING

READ, WRITE = ["note.txt"], ["note.txt", "w"]


def reach(runtime_name: str, args: list[str], dirs: dict | None) -> labkit.Result:
    return labkit.run(HOSTILE / "reach.wat", args=args, dirs=dirs, runtime=runtime_name)


def name_of(runtime_name: str, name: str, result: labkit.Result) -> str:
    """What a program is called: by its file, but on WasmEdge by the one that the command has opened."""
    return result.stdout.decode().partition("\0")[0] if runtime_name == "wasmedge" else name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    granted = tmp_path / "granted"
    granted.mkdir()
    (granted / "note.txt").write_text("a note")
    return granted


@pytest.fixture
def folders_runtime(runtime_name: str) -> str:
    """A runtime that is given folders here."""
    if runtime_name.startswith(("wasmer", "v8")) and landlock_version() == 0:
        pytest.skip("This kernel has no Landlock, without which Wasmer and V8 are given no folder.")
    return runtime_name


def test_nothing_is_granted_by_default(runtime_name: str):
    result = labkit.run(ECHO, runtime=runtime_name)
    assert (result.outcome, result.exit_code, result.stdout, result.stderr) == (
        Outcome.EXITED,
        0,
        f"{name_of(runtime_name, 'program', result)}\0".encode(),
        b"",
    )
    assert labkit.run(CAT, runtime=runtime_name).stdout == b""
    assert labkit.run(FOLDERS, runtime=runtime_name).stdout == b""


def test_arguments_and_environment(runtime_name: str):
    result = labkit.run(ECHO, args=["-v", "naïve ☃", ""], env={"A": "1", "B": "zwei ü"}, runtime=runtime_name)
    assert result.stdout.decode() == f"{name_of(runtime_name, 'program', result)}\0-v\0naïve ☃\0\0A=1\0B=zwei ü\0"


def test_a_program_is_called_by_its_file(runtime_name: str, tmp_path: Path):
    (tmp_path / "echo.wat").write_text(ECHO)
    result = labkit.run(tmp_path / "echo.wat", runtime=runtime_name)
    assert result.stdout.decode() == f"{name_of(runtime_name, 'echo.wat', result)}\0"


@pytest.mark.parametrize("kind", ["bytes", "text", "path", "file"])
def test_stdin(runtime_name: str, tmp_path: Path, kind: str):
    text = "line\n" * 40_000
    path = tmp_path / "input"
    path.write_text(text)
    with path.open("rb") as file:
        stdin = {"bytes": text.encode(), "text": text, "path": path, "file": file}[kind]
        result = labkit.run(CAT, stdin=stdin, runtime=runtime_name)
    assert result.exit_code == 0
    assert result.stdout == result.stderr == text.encode()


@pytest.mark.parametrize("code", [0, 1, 125, 126, 255, 256, 2**31, 2**32 - 1])
def test_exit_codes(runtime_name: str, code: int):
    result = labkit.run(HOSTILE / "exit.wat", args=[str(code)], runtime=runtime_name)
    # The command wasmedge exits as its guest does, and of that the system keeps one byte.
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, code % 256 if runtime_name == "wasmedge" else code)


def test_clock_and_chance(runtime_name: str):
    before = time.time_ns()
    shown = [labkit.run(CLOCK_AND_CHANCE, runtime=runtime_name).stdout for _ in range(6)]
    clocks = [int.from_bytes(output[:8], "little") for output in shown]
    times = [before, *clocks, time.time_ns()]
    assert times == sorted(times)
    # Workers are forked from one process: what draws chance must be seeded after that.
    assert len({output[8:] for output in shown}) == len(shown)


def test_fixed_clock_and_seeded_chance(runtime_name: str):
    if not labkit.runtime(runtime_name).in_process:
        for fixed_by in ({"clock": 1.5}, {"seed": 1}):
            with pytest.raises(Unsupported, match="clocks and chance cannot be fixed"):
                labkit.run(CLOCK_AND_CHANCE, runtime=runtime_name, **fixed_by)
        return
    fixed = {labkit.run(CLOCK_AND_CHANCE, clock=1.5, seed=seed, runtime=runtime_name).stdout for seed in (1, 1, 2)}
    assert {output[:8] for output in fixed} == {(1_500_000_000).to_bytes(8, "little")}
    assert len(fixed) == 2
    assert labkit.run(CLOCK_AND_CHANCE, clock=1.5, seed=1, runtime="wasmtime").stdout in fixed


def test_folders_have_the_names_they_were_given(folders_runtime: str, folder: Path, tmp_path: Path):
    names = labkit.run(FOLDERS, dirs={"/data": folder, "other": tmp_path}, runtime=folders_runtime).stdout.decode().splitlines()
    # WasmEdge leaves the first slash out, as libraries for WASI do when they look a path up.
    assert [name for name in names if name != "/"] == ["data" if folders_runtime == "wasmedge" else "/data", "other"]


def test_a_folder_is_read_only_unless_asked(folders_runtime: str, folder: Path):
    result = reach(folders_runtime, READ, {"/data": folder})
    assert (result.exit_code, result.stdout) == (0, b"a note")
    assert reach(folders_runtime, WRITE, {"/data": folder}).exit_code != 0
    assert (folder / "note.txt").read_text() == "a note"
    assert reach(folders_runtime, WRITE, {"/data": (folder, "rw")}).exit_code == 0
    assert (folder / "note.txt").read_text() == "owned"


def test_one_folder_to_read_and_one_to_write(folders_runtime: str, folder: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    result = reach(folders_runtime, ["new.txt", "w"], {"/data": folder, "/out": (tmp_path / "out", "rw")})
    assert result.exit_code == 0
    assert not (folder / "new.txt").exists()
    assert (tmp_path / "out" / "new.txt").read_text() == "owned"


@pytest.mark.parametrize(("ending", "outcome"), [("(return)", Outcome.EXITED), ("unreachable", Outcome.TRAPPED)])
def test_all_that_was_written_is_in_the_files_of_a_program_that_closes_none(folders_runtime: str, tmp_path: Path, ending: str, outcome: Outcome):
    program = f"""(module
      (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $preopen (param i32 i32) (result i32)))
      (memory (export "memory") 32)
      (data (i32.const 0) "0.txt")
      (func (export "_start") (local $folder i32) (local $file i32)
        ;; The last descriptor that is a folder is the granted one.
        (local.set $folder (i32.const 3))
        (loop $next
          (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
          (br_if $next (i32.eqz (call $preopen (local.get $folder) (i32.const 64)))))
        (local.set $folder (i32.sub (local.get $folder) (i32.const 1)))
        (i32.store (i32.const 32) (i32.const 65536))
        (i32.store (i32.const 36) (i32.const 1500000))
        (loop $file
          (i32.store8 (i32.const 0) (i32.add (i32.const 48) (local.get $file)))
          (drop (call $open (local.get $folder) (i32.const 0) (i32.const 0) (i32.const 5)
            (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 40)))
          (drop (call $write (i32.load (i32.const 40)) (i32.const 32) (i32.const 1) (i32.const 44)))
          (local.set $file (i32.add (local.get $file) (i32.const 1)))
          (br_if $file (i32.lt_u (local.get $file) (i32.const 4))))
        {ending}))"""
    result = labkit.run(program, dirs={"/data": (tmp_path, "rw")}, runtime=folders_runtime)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert result.outcome is outcome
    assert sizes == dict.fromkeys(["0.txt", "1.txt", "2.txt", "3.txt"], 1_500_000)


def test_wasmer_is_refused_folders_without_a_second_wall(monkeypatch: pytest.MonkeyPatch, folder: Path):
    monkeypatch.setattr(sys.modules["labkit.sandbox.run"], "landlock_version", lambda: 0)
    # Where there is no Wasmer, that comes first.
    error, reason = (Unsupported, "Landlock") if "wasmer" in WASMER_NAMES else (RuntimeUnavailable, "wheels")
    with pytest.raises(error, match=reason):
        labkit.run(NOTHING, dirs={"/data": folder}, runtime="wasmer")


def test_live_output(runtime_name: str):
    seen: list[tuple[str, bytes]] = []
    result = labkit.run(CAT, stdin=b"x" * 100_000, runtime=runtime_name, on_output=lambda *chunk: seen.append(chunk))
    for name in ("stdout", "stderr"):
        assert b"".join(data for stream, data in seen if stream == name) == getattr(result, name) == b"x" * 100_000


def test_output_is_seen_while_the_program_waits(runtime_name: str):
    reader, writer = os.pipe()
    os.write(writer, b"first")

    def answer(stream: str, _data: bytes) -> None:
        # Had the program's words not come at once, it would never have been answered.
        if stream == "stderr":
            os.close(writer)

    with os.fdopen(reader, "rb") as stdin:
        result = labkit.run(CAT, stdin=stdin, runtime=runtime_name, on_output=answer)
    assert (result.exit_code, result.stdout) == (0, b"first")


def test_an_error_in_the_live_view_ends_the_run():
    def fail(_stream: str, _data: bytes) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        labkit.run(HOSTILE / "flood.wat", on_output=fail)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"args": "one"}, ArgumentError),
        ({"args": [1]}, ArgumentError),
        ({"args": ["a\0b"]}, ArgumentError),
        ({"args": ["\ud800"]}, ArgumentError),
        ({"env": {"A=": "1"}}, ArgumentError),
        ({"env": {"": "1"}}, ArgumentError),
        ({"env": {"A": 1}}, ArgumentError),
        ({"env": ["A"]}, ArgumentError),
        ({"dirs": {"/d": "no such folder"}}, UnreadableFile),
        ({"dirs": {"": "."}}, ArgumentError),
        ({"dirs": {"/d": (".", "write")}}, ArgumentError),
        ({"dirs": "."}, ArgumentError),
        ({"stdin": Path("no such file")}, UnreadableFile),
        ({"stdin": Path()}, UnreadableFile),
        ({"stdin": 7}, ArgumentError),
        ({"clock": -1.0}, ArgumentError),
        ({"clock": "now"}, ArgumentError),
        ({"seed": 0.5}, ArgumentError),
    ],
)
def test_what_cannot_be_granted_is_raised(options: dict, error: type):
    with pytest.raises(error):
        labkit.run(NOTHING, **options)


@pytest.mark.parametrize(
    ("wat", "error"),
    [
        ('(module (func (export "add")))', ExportNotFound),
        ('(module (func (export "_start") (param i32)))', ExportNotFound),
        ('(module (memory (export "_start") 1))', ExportNotFound),
        ('(module (import "env" "log" (func)) (func (export "_start")))', LinkError),
        ('(module (import "wasi_snapshot_preview1" "fd_fly" (func)) (memory (export "memory") 1) (func (export "_start")))', LinkError),
        ('(module (import "wasi_snapshot_preview1" "proc_exit" (func)) (memory (export "memory") 1) (func (export "_start")))', LinkError),
        ('(module (import "wasi_snapshot_preview1" "fd_write" (func)) (memory (export "memory") 1) (func (export "_start")))', LinkError),
    ],
)
def test_what_is_no_program_is_raised(runtime_name: str, wat: str, error: type):
    with pytest.raises(error):
        labkit.run(wat, runtime=runtime_name)


def test_a_program_without_a_memory(runtime_name: str):
    assert labkit.run('(module (func (export "_start")))', runtime=runtime_name).exit_code == 0


def test_a_result_shows_both_streams():
    result = labkit.run(CAT, stdin=b"<b>words</b>")
    assert "stdout:\n<b>words</b>" in str(result)
    assert "&lt;b&gt;words" in result._repr_html_()
    assert result.peak_memory_bytes is not None


@pytest.mark.parametrize("error", [BrokenPipeError("mine"), ValueError("mine"), KeyboardInterrupt()])
def test_what_the_output_function_raises_comes_out_and_the_guest_ran_once(error: BaseException):
    calls = []

    def fail(stream: str, data: bytes) -> None:
        calls.append(data)
        raise error

    with pytest.raises(type(error)) as caught:
        labkit.run(CAT, stdin=b"hello", on_output=fail)
    assert caught.value is error
    assert len(calls) == 1
    assert labkit.run(CAT, stdin=b"next").stdout == b"next"


def test_a_folder_granted_as_the_root_is_the_one_that_is_called_so(runtime_name: str, tmp_path: Path):
    # Looks through the folders as programs do, from descriptor 3 on, for the one called "/", and makes a folder in it.
    make = """(module
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "made")
        (func (export "_start") (local $fd i32)
          (local.set $fd (i32.const 3))
          (loop $next
            (if (call $get (local.get $fd) (i32.const 16)) (then (call $exit (i32.const 99))))
            (drop (call $name (local.get $fd) (i32.const 32) (i32.load (i32.const 20))))
            (if (i32.and (i32.eq (i32.load (i32.const 20)) (i32.const 1)) (i32.eq (i32.load8_u (i32.const 32)) (i32.const 47)))
              (then (call $exit (call $make (local.get $fd) (i32.const 0) (i32.const 4)))))
            (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
            (br $next))))"""
    result = labkit.run(make, dirs={"/": (tmp_path, "rw")}, runtime=runtime_name)
    assert (result.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["made"])


def test_a_buffer_that_ends_where_memory_does(runtime_name: str):
    fill = """(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (call $random (i32.const 65520) (i32.const {size})))))"""
    assert labkit.run(fill.format(size=15), runtime=runtime_name).exit_code == 0
    result = labkit.run(fill.format(size=16), runtime=runtime_name)
    if runtime_name.startswith("wasmer"):
        # Its library checks one byte too many, and panics.
        assert result.outcome is Outcome.TRAPPED
        assert "ends exactly at the end of memory" in result.message
    else:
        assert (result.outcome, result.exit_code) == (Outcome.EXITED, 0)


def test_a_runtime_that_is_not_here_is_said_before_what_this_system_lacks(monkeypatch: pytest.MonkeyPatch, folder: Path):
    def absent(name: str, **_: object) -> object:
        raise RuntimeUnavailable(f"The runtime {name} does not work here.", remedy="Install it.")

    monkeypatch.setattr(sys.modules["labkit.sandbox.run"], "landlock_version", lambda: 0)
    monkeypatch.setattr(sys.modules["labkit.sandbox.run"], "get_runtime", absent)
    with pytest.raises(RuntimeUnavailable, match="wasmer does not work here"):
        labkit.run(NOTHING, dirs={"/data": folder}, runtime="wasmer")


def test_a_message_of_several_lines_stays_out_of_the_table():
    result = labkit.run('(module (func $inner unreachable) (func (export "f") (call $inner)))', export="f")
    header, row, *rest = str(result).splitlines()
    assert header.startswith("runtime")
    assert "unreachable" in row
    assert "  in inner at byte" in "\n".join(rest)
    assert max(map(len, (header, row))) < 150
    assert result.message.count("\n") >= 2
    assert "<pre>" in result._repr_html_()
