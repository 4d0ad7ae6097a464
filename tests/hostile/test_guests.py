"""Every hostile guest on every runtime: the outcome that it should have, in time, and the next run as if nothing had been."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import labkit
from labkit.errors import TrapKind
from labkit.sandbox import Outcome
from labkit.sandbox.confinement import landlock_version

pytestmark = pytest.mark.any_python  # the gallery of attacks is staged on every Python

HOSTILE = Path(__file__).parents[2] / "data" / "sources" / "hostile"
# What ends otherwise than by its time has as much as a busy machine may need.
LIMITS = labkit.Limits(time=30.0, memory="64MiB", output="256KiB")
#: For a guest that nothing but the time ends.
BRIEF = labkit.Limits(time=0.3, memory="64MiB", output="256KiB")
WELL = '(module (func (export "well") (result i32) (i32.const 42)))'


def attack(name: str, runtime_name: str, **options: object) -> labkit.Result:
    """Run a hostile guest, then make sure that the next guest is well."""
    result = labkit.run(HOSTILE / f"{name}.wat", runtime=runtime_name, **{"limits": LIMITS, **options})
    assert labkit.run(WELL, export="well", runtime=runtime_name).values == (42,)
    return result


@pytest.fixture
def silent() -> Iterator[object]:
    """A pipe that nobody writes to."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as file:
        yield file
    os.close(writer)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder to grant, in a folder that nobody was granted."""
    granted = tmp_path / "granted"
    granted.mkdir()
    (granted / "file").write_text("inside")
    (tmp_path / "secret").write_text("a secret")
    (granted / "link").symlink_to(tmp_path / "secret")
    (granted / "relative-link").symlink_to("../secret")
    (granted / "folder-link").symlink_to(tmp_path)
    return tmp_path


@pytest.fixture
def walled(runtime_name: str) -> str:
    """A runtime that is given folders here."""
    if runtime_name.startswith("wasmer") and landlock_version() == 0:
        pytest.skip("This kernel has no Landlock, without which Wasmer is given no folder.")
    return runtime_name


def test_endless_loop(runtime_name: str):
    assert attack("loop", runtime_name, limits=BRIEF).outcome is Outcome.TIME_LIMIT


def test_memory_without_end(runtime_name: str):
    result = attack("grow_memory", runtime_name)
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, 7)
    assert result.peak_memory_bytes is not None
    assert result.peak_memory_bytes < 128 * 2**20


def test_table_without_end(runtime_name: str):
    result = attack("grow_table", runtime_name, limits=BRIEF)
    assert result.outcome in (Outcome.MEMORY_LIMIT, Outcome.TIME_LIMIT)
    assert result.peak_memory_bytes is None or result.peak_memory_bytes < 512 * 2**20


def test_recursion_without_end(runtime_name: str):
    if runtime_name == "wasmedge":
        # An interpreter keeps the guest's calls in memory, and has as much of it as there is.
        result = attack("recurse", runtime_name, limits=labkit.Limits(time=1.0))
        assert result.outcome in (Outcome.MEMORY_LIMIT, Outcome.TIME_LIMIT)
    else:
        result = attack("recurse", runtime_name, limits=labkit.Limits(time=10.0))
        assert (result.outcome, result.trap) == (Outcome.TRAPPED, TrapKind.STACK_OVERFLOW)


def test_files_without_end(walled: str, world: Path):
    result = attack("open_files", walled, limits=BRIEF, dirs={"/data": world / "granted"})
    # The guest is told that there are no more, by one error or another, or goes on for all its time within what there are.
    assert result.outcome in (Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT) or (result.outcome is Outcome.EXITED and result.exit_code not in (0, None))


@pytest.mark.parametrize("mode", ["r", "rw"])
@pytest.mark.parametrize("writes", [False, True])
def test_climbing_out(walled: str, world: Path, mode: str, writes: bool):
    absolute = str(world / "secret")
    ways = ["../secret", absolute, "/secret", "./../secret", "file/../../secret", "link", "relative-link", "folder-link/secret", f"..{absolute}"]
    ways += ["../" * 20 + absolute[1:], "../granted/../secret", f"/data/..{absolute}", "/proc/self/root" + absolute, "//" + absolute]
    for way in ways:
        result = labkit.run(
            HOSTILE / "reach.wat", args=[way, *["write"] * writes], runtime=walled, limits=LIMITS, dirs={"/data": (world / "granted", mode)}
        )
        assert b"secret" not in result.stdout, way
        assert (world / "secret").read_text() == "a secret", way
    assert {path.name for path in world.iterdir()} == {"granted", "secret"}
    assert labkit.run(WELL, export="well", runtime=walled).values == (42,)


def test_reaching_for_files_without_any_folder(runtime_name: str, world: Path):
    for way in (str(world / "secret"), "/etc/passwd", "../etc/passwd", "."):
        result = attack("reach", runtime_name, args=[way])
        assert result.exit_code != 0
        assert result.stdout == b""


def test_a_link_that_the_guest_makes_itself(walled: str, world: Path):
    granted = {"/data": (world / "granted", "rw")}
    for target in (str(world / "secret"), "../secret"):
        attack("link", walled, args=[target], dirs=granted)
        result = attack("reach", walled, args=["way-out"], dirs=granted)
        assert b"secret" not in result.stdout
        (world / "granted" / "way-out").unlink(missing_ok=True)


def test_names_that_are_no_text(walled: str, world: Path):
    result = attack("bad_names", walled, dirs={"/data": (world / "granted", "rw")})
    assert result.outcome in (Outcome.EXITED, Outcome.TRAPPED)
    assert {path.name for path in world.iterdir()} == {"granted", "secret"}


def test_flood(runtime_name: str):
    result = attack("flood", runtime_name)
    assert result.outcome is Outcome.OUTPUT_LIMIT
    assert len(result.stdout) == LIMITS.output_bytes


def test_sleeping_for_ever(runtime_name: str):
    if runtime_name.startswith("wasmer"):
        result = attack("sleep", runtime_name)
        assert (result.outcome, result.trap) == (Outcome.TRAPPED, TrapKind.OTHER)
        assert "not implemented" in result.message
    else:
        assert attack("sleep", runtime_name, limits=BRIEF).outcome is Outcome.TIME_LIMIT


def test_waiting_for_input_for_ever(runtime_name: str, silent: object):
    assert attack("wait_for_input", runtime_name, stdin=silent, limits=BRIEF).outcome is Outcome.TIME_LIMIT


def test_polling_for_input_for_ever(runtime_name: str, silent: object):
    if runtime_name.startswith("wasmer"):  # whose poll answers at once, whether there is input or not
        assert attack("poll_input", runtime_name, stdin=silent).outcome is Outcome.EXITED
    else:
        assert attack("poll_input", runtime_name, stdin=silent, limits=BRIEF).outcome is Outcome.TIME_LIMIT


def test_randomness_by_the_gibibyte(runtime_name: str):
    assert attack("random", runtime_name).outcome is Outcome.MEMORY_LIMIT
    roomy = attack("random", runtime_name, limits=labkit.Limits(time=1.0, memory="2GiB"))
    assert roomy.outcome in (Outcome.MEMORY_LIMIT, Outcome.TIME_LIMIT, Outcome.TRAPPED)


def test_pointers_outside_the_memory(runtime_name: str):
    result = attack("wild_pointers", runtime_name)
    assert result.outcome in (Outcome.TRAPPED, Outcome.EXITED, Outcome.CRASHED, Outcome.MEMORY_LIMIT)
    assert b"\0" * 100 not in result.stdout


def test_trap_before_the_program(runtime_name: str):
    result = attack("trap_in_start", runtime_name)
    assert (result.outcome, result.trap) == (Outcome.TRAPPED, TrapKind.UNREACHABLE)


@pytest.mark.parametrize("code", [1, 126, 255, 4_000_000_000])
def test_odd_exit_codes(runtime_name: str, code: int):
    result = attack("exit", runtime_name, args=[str(code)])
    # The command wasmedge exits as its guest does, and of that the system keeps one byte.
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, code % 256 if runtime_name == "wasmedge" else code)


def test_every_guest_is_tried_here():
    here = Path(__file__).read_text()
    assert [path.stem for path in HOSTILE.glob("*.wat") if f'"{path.stem}' not in here] == []
