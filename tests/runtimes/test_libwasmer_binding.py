"""Which library of the current Wasmer is taken, and why one is not: nothing that is called so can harm the process."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import _ffi as ffi

from labkit.runtimes import libwasmer_binding as binding
from labkit.runtimes.registry import runtimes

NAMES = ["libwasmer", "libwasmer-singlepass"]
_HOME = os.environ.get("HOME", "/")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A machine on which no library is anywhere yet."""
    for name in ("LABKIT_LIBWASMER", "WASMER_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "tools"))
    return tmp_path


def put(folder: Path, data: bytes = b"") -> Path:
    folder.mkdir(parents=True)
    (folder / binding.FILE_NAME).write_bytes(data)
    return folder / binding.FILE_NAME


def test_without_a_library_the_reason_says_so(elsewhere):
    assert binding.find_library() is None
    assert binding.probe("cranelift") == "no library of the current Wasmer is found"
    assert binding.library_version() == binding.CHECKED_VERSION


def test_it_is_looked_for_where_one_says_then_where_labkit_built_it_then_at_wasmers_own(elsewhere, monkeypatch):
    places = [elsewhere / "home/.wasmer/lib", elsewhere / "wasmer/lib", elsewhere / "tools/libwasmer" / binding.CHECKED_VERSION]
    monkeypatch.setenv("WASMER_DIR", str(elsewhere / "wasmer"))
    for folder in places:
        assert binding.find_library() != folder / binding.FILE_NAME
        path = put(folder)
        assert binding.find_library() == path
    monkeypatch.setenv("LABKIT_LIBWASMER", str(elsewhere / "mine.so"))
    assert binding.find_library() == elsewhere / "mine.so"
    assert binding.probe("cranelift") == f"there is no file {elsewhere / 'mine.so'}"


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"not a library", b"\0" * 10_000], ids=["empty", "cut off", "text", "zeros"])
def test_a_file_that_does_not_load_is_said_to(elsewhere, monkeypatch, data):
    path = put(elsewhere / "bad", data)
    monkeypatch.setenv("LABKIT_LIBWASMER", str(path))
    assert binding.probe("cranelift").startswith(f"{path} cannot be loaded: ")


def test_another_library_is_said_to_lack_what_wasmers_has(elsewhere, monkeypatch):
    found = Path(ffi.dll._name)
    monkeypatch.setenv("LABKIT_LIBWASMER", str(found))
    assert "wasmer_version" in binding.probe("cranelift")


def build(folder: Path, source: str) -> Path:
    """Compile a library in C with the compiler that labkit brings, in whose cache the C library is already."""
    folder.mkdir()
    (folder / "fake.c").write_text(source)
    command = [sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-o", str(folder / "fake.so"), str(folder / "fake.c")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": _HOME})
    return folder / "fake.so"


ANSWERS = 'const char *wasmer_version() { return "%s"; } int wasmer_is_backend_available(int number) { return 1; }'
FAKES = {
    "another version": (ANSWERS % "4.3.0", "is Wasmer 4.3.0, and labkit knows version 7"),
    "functions missing": (ANSWERS % "7.9.0", "is Wasmer 7.9.0 and lacks wasmer_last_error_length, "),
    "a crash": (
        "const char *wasmer_version() { __builtin_trap(); } int wasmer_is_backend_available(int number) { return 1; }",
        "cannot be loaded: the process that tried it ended with -",
    ),
    "an abort as it is loaded": (
        "#include <stdlib.h>\n__attribute__((constructor)) void begin() { abort(); }",
        "cannot be loaded: the process that tried it ended with -",
    ),
}


@pytest.mark.parametrize("fake", FAKES)
def test_a_library_of_another_kind_is_refused_before_this_process_loads_it(elsewhere, monkeypatch, fake):
    source, reason = FAKES[fake]
    path = build(elsewhere / "fake", source)
    monkeypatch.setenv("LABKIT_LIBWASMER", str(path))
    assert binding.probe("cranelift").startswith(f"{path} {reason}")


def test_the_registry_says_what_to_do_about_it(elsewhere, monkeypatch):
    from labkit.runtimes.registry import _status

    _status.cache_clear()
    try:
        rows = {row.name: row for row in runtimes()}
        for name in NAMES:
            assert (rows[name].available, rows[name].version) == (False, binding.CHECKED_VERSION)
            assert "python -m labkit install libwasmer" in rows[name].remedy
    finally:
        _status.cache_clear()


def test_the_layout_that_calls_are_written_for():
    class Value(ctypes.Structure):
        class Of(ctypes.Union):
            _fields_ = (("i32", ctypes.c_int32), ("i64", ctypes.c_int64), ("f64", ctypes.c_double), ("pointer", ctypes.c_void_p))

        _fields_ = (("kind", ctypes.c_uint8), ("of", Of))

    assert (ctypes.sizeof(Value), Value.of.offset) == (binding.VALUE_BYTES, binding.VALUE_OFFSET)
    assert ctypes.sizeof(binding.Vector) == 2 * ctypes.sizeof(ctypes.c_size_t)
