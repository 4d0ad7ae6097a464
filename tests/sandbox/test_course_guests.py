"""The course's own WASI programs do the same on every runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

import labkit
from labkit.sandbox.confinement import landlock_version

WASI = Path(__file__).parents[2] / "data" / "sources" / "wasi"


@pytest.fixture
def walled(runtime_name: str) -> str:
    """A runtime that is given folders here."""
    if runtime_name.startswith(("wasmer", "v8")) and landlock_version() == 0:
        pytest.skip("This kernel has no Landlock, without which Wasmer and V8 are given no folder.")
    return runtime_name


def copy(runtime_name: str, *args: str, **dirs: object) -> tuple[int | None, bytes, bytes]:
    if runtime_name == "wasmedge":
        # It leaves a folder's first slash out, and this program looks for the name as it is.
        args = tuple(path.removeprefix("/") for path in args)
    result = labkit.run(WASI / "copy.wat", args=args, runtime=runtime_name, dirs={f"/{name}": grant for name, grant in dirs.items()})
    return result.exit_code, result.stdout, result.stderr


def test_copy_prints_a_file_however_long(walled: str, tmp_path: Path):
    data = bytes(range(256)) * 1000
    (tmp_path / "long").write_bytes(data)
    assert copy(walled, "/folder/long", folder=tmp_path) == (0, data, b"")


def test_copy_writes_where_it_may_and_replaces_what_was_there(walled: str, tmp_path: Path):
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "from").write_text("new")
    (tmp_path / "out" / "to").write_text("something older")
    assert copy(walled, "/in/from", "/out/to", **{"in": tmp_path / "in", "out": (tmp_path / "out", "rw")}) == (0, b"", b"")
    assert (tmp_path / "out" / "to").read_text() == "new"
    code, _, words = copy(walled, "/in/from", "/in/again", **{"in": tmp_path / "in"})
    # Which of the walls it meets is the runtime's choice.
    assert (code, words) in [(1, f"copy: {error}\n".encode()) for error in ("perm", "acces", "notcapable")]


def test_copy_names_the_error(walled: str, tmp_path: Path):
    assert copy(walled, "/folder/nothing", folder=tmp_path) == (1, b"", b"copy: noent\n")
    assert copy(walled) == (1, b"", b"copy: inval\n")
    assert copy(walled, "/folder/file") == (1, b"", b"copy: badf\n")


def test_a_folder_whose_name_only_begins_alike_is_another(walled: str, tmp_path: Path):
    (tmp_path / "file").write_text("in the folder")
    code, said, _ = copy(walled, "/folders/file", folder=tmp_path)
    assert (code, said) == (1, b"")


def test_show_shows_arguments_and_environment(runtime_name: str):
    result = labkit.run(WASI / "show.wat", args=["a", "b c", ""], env={"K": "v", "EMPTY": ""}, runtime=runtime_name)
    name, *lines = result.stdout.decode().splitlines()
    assert runtime_name == "wasmedge" or name == "show.wat"
    assert lines == ["a", "b c", "", "K=v", "EMPTY="]
