"""Runtimes that are commands: found where a reader may have them, named when they are missing or odd, and never mistaken for one in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

import labkit
from labkit.errors import RuntimeUnavailable, Unsupported
from labkit.runtimes import registry
from labkit.runtimes.command_runtime import COMMANDS, FoundCommand, find_command
from tests.conftest import COMMAND_NAMES, require


@pytest.fixture(params=COMMAND_NAMES)
def command_name(request: pytest.FixtureRequest) -> str:
    return require(request.param)


def command(folder: Path, name: str, prints: str) -> Path:
    """A command that prints something, whatever it is asked."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")
    path.chmod(0o755)
    return path


def test_what_only_a_runtime_in_this_process_can_do_is_refused_by_name(command_name: str):
    runtime = labkit.runtime(command_name)
    assert not runtime.in_process
    assert not runtime.enforces
    for attempt in (lambda: runtime.compile("(module)"), lambda: runtime.validate("(module)"), lambda: runtime.deserialize(b""), runtime.store):
        with pytest.raises(Unsupported, match=f'{command_name} is a command .* labkit.run\\(…, runtime="{command_name}"\\)'):
            attempt()


def test_it_says_its_version_and_the_files_it_needs(command_name: str):
    found = find_command(command_name)
    assert isinstance(found, FoundCommand)
    row = next(row for row in labkit.runtimes() if row.name == command_name)
    assert (row.version, row.release_year, row.in_process) == (found.version, found.release_year, False)
    assert all(Path(path).exists() for path in found.files)
    assert "Node.js" in row.version or command_name != "v8"


@pytest.mark.parametrize(("name", "variable"), [("v8", "LABKIT_NODE"), ("wasmedge", "LABKIT_WASMEDGE")])
def test_a_variable_names_the_command(name: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = {"v8": '{"node": "24.1.0", "v8": "13.6.233.8-node.10"}', "wasmedge": "wasmedge version 0.14.1"}[name]
    own = command(tmp_path, "own command", said)
    monkeypatch.setenv(variable, str(own))
    found = find_command(name)
    assert isinstance(found, FoundCommand)
    assert found.words[-1] == str(own)
    assert (found.version, found.release_year) == {"v8": ("13.6.233.8 (Node.js 24.1.0)", 2025), "wasmedge": ("0.14.1", 2024)}[name]
    monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    assert find_command(name) == f"{variable} is {str(tmp_path / 'nothing')!r}, which is no file"


@pytest.mark.parametrize(
    ("name", "variable", "said", "reason"),
    [
        ("v8", "LABKIT_NODE", "{}", "does not say which Node.js"),
        ("v8", "LABKIT_NODE", "hello", "does not say which Node.js"),
        ("v8", "LABKIT_NODE", '{"node": "18.19.0", "v8": "10.2"}', "20 or newer is needed"),
        ("wasmedge", "LABKIT_WASMEDGE", "hello", "does not say which WasmEdge"),
    ],
)
def test_a_command_that_is_something_else_is_said_to_be(
    name: str, variable: str, said: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable, str(command(tmp_path, "odd", said)))
    found = find_command(name)
    assert isinstance(found, str)
    assert reason in found


def test_a_command_that_does_not_start_is_no_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "node").write_bytes(b"\x7fELF no program")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("LABKIT_NODE", str(tmp_path / "node"))
    assert "does not say which Node.js" in str(find_command("v8"))


def test_debians_packages_are_run_through_the_loader_that_came_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = tmp_path / "wasmedge" / "usr"
    for folder in ("bin", "lib64", "lib/x86_64-linux-gnu"):
        (own / folder).mkdir(parents=True)
    command(own / "bin", "wasmedge", "wasmedge version 0.14.1")
    command(own / "lib64", "ld-linux-x86-64.so.2", "wasmedge version 0.14.1")
    (own / "lib/x86_64-linux-gnu/libwasmedge.so.0").touch()
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path))
    monkeypatch.delenv("LABKIT_WASMEDGE", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    found = find_command("wasmedge")
    assert isinstance(found, FoundCommand)
    libraries = str(own / "lib/x86_64-linux-gnu")
    assert found.words == (str(own / "lib64/ld-linux-x86-64.so.2"), "--library-path", libraries, str(own / "bin/wasmedge"))
    assert str(own) in found.files


def test_every_command_is_in_the_table():
    assert sorted(COMMANDS) == sorted(row.name for row in labkit.runtimes() if not row.in_process)


def test_a_command_that_was_there_and_is_gone_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    labkit.runtime(require("wasmedge"))
    registry._make.cache_clear()
    monkeypatch.setenv("LABKIT_WASMEDGE", "/nowhere/wasmedge")
    with pytest.raises(RuntimeUnavailable, match=r"wasmedge does not work here: .*/nowhere/wasmedge.* Get it: python -m labkit install wasmedge"):
        labkit.runtime("wasmedge")
