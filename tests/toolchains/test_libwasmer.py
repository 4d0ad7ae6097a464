"""The current Wasmer's library is built whole or not at all, by a cargo that can build it, from the crates that were tried."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from labkit.errors import ToolchainUnavailable
from labkit.runtimes.libwasmer_binding import CHECKED_VERSION, FILE_NAME, find_library
from labkit.toolchains import install, libwasmer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with folders of its own, on which nothing but what a test puts there is called cargo."""
    monkeypatch.delenv("LABKIT_LIBWASMER", raising=False)
    monkeypatch.delenv("WASMER_DIR", raising=False)
    for name in ("HOME", "LABKIT_TOOLS", "LABKIT_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def put_cargo(machine: Path, builds: str, version: str = "cargo 1.95.0 (f2d3ce0bd 2026-03-21)") -> None:
    """Put something there that answers as cargo does."""
    cargo = machine / "bin" / "cargo"
    cargo.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\n[ "$1" = --version ] && {{ echo "{version}"; exit; }}\necho "$@" > "$HOME.said"\n{builds}\n')
    cargo.chmod(0o755)


def build(machine: Path) -> list[str]:
    lines: list[str] = []
    install.install("libwasmer", say=lines.append)
    return lines


def left(machine: Path) -> list[str]:
    return [path.name for path in (machine / "LABKIT_TOOLS").rglob("*") if path.is_file()]


def test_without_cargo_the_remedy_names_rust_and_the_other_way(machine):
    with pytest.raises(ToolchainUnavailable, match=r"cargo is not here.*1\.95.*LABKIT_LIBWASMER"):
        build(machine)
    assert left(machine) == []


@pytest.mark.parametrize(("version", "named"), [("cargo 1.94.1 (abc 2026-01-01)", "cargo 1.94.1"), ("cash", "cash"), ("", "what is called cargo")])
def test_a_cargo_that_is_too_old_is_named(machine, version, named):
    put_cargo(machine, "exit 0", version)
    with pytest.raises(ToolchainUnavailable, match=rf"needs Rust 1\.95, and {named} is here"):
        build(machine)


#: Builds what it is told to where it is told to.
WRITE = f'while [ "$1" != --target-dir ]; do shift; done; mkdir -p "$2/release"; echo %s > "$2/release/{FILE_NAME}"'


@pytest.mark.parametrize(
    ("builds", "message"),
    [
        ("echo no network >&2; exit 101", "cargo failed with exit code 101"),
        ("exit 0", "What was built is not usable: there is no file"),
        (
            f'while [ "$1" != --target-dir ]; do shift; done; mkdir -p "$2/release"; echo half > "$2/release/{FILE_NAME}"',
            "not usable: .* cannot be loaded",
        ),
    ],
    ids=["it fails", "nothing is built", "half is built"],
)
def test_a_build_that_fails_is_no_library(machine, builds, message):
    put_cargo(machine, builds)
    with pytest.raises(ToolchainUnavailable, match=message):
        build(machine)
    assert left(machine) == []
    assert find_library() is None


def test_a_build_says_what_it_takes_and_leaves_the_library_alone(machine, monkeypatch):
    put_cargo(machine, WRITE % "whole")
    monkeypatch.setattr(libwasmer, "describe", lambda path: (CHECKED_VERSION, {"cranelift": True}, ""))
    lines = build(machine)
    assert re.fullmatch(r"libwasmer: .* Rust 1\.95 .* About [\d.]+ MB to download, [\d.]+ MB on disk\.", lines[0])
    assert "minutes" in lines[1]
    assert find_library() == machine / "LABKIT_TOOLS" / "libwasmer" / CHECKED_VERSION / FILE_NAME
    assert left(machine) == [FILE_NAME]
    assert not [path for path in (machine / "LABKIT_CACHE").rglob("*") if path.is_file()]
    said = (machine / "HOME.said").read_text().split()
    assert "--locked" in said
    assert Path(said[said.index("--target-dir") + 1]).name == "target", "the crate's build script wants that name"
    put_cargo(machine, "exit 1")
    assert "there already" in build(machine)[1]


def test_the_lock_file_has_the_version_that_labkit_knows_and_every_hash():
    lock = tomllib.loads((libwasmer._CRATE / "Cargo.lock").read_text())["package"]
    assert [package["version"] for package in lock if package["name"] == "wasmer-c-api"] == [CHECKED_VERSION]
    assert all(re.fullmatch(r"[0-9a-f]{64}", package["checksum"]) for package in lock if package["name"] != "labkit-libwasmer")
    manifest = tomllib.loads((libwasmer._CRATE / "Cargo.toml").read_text())
    assert manifest["dependencies"]["wasmer-c-api"]["version"] == f"={CHECKED_VERSION}"
    assert tuple(map(int, manifest["package"]["rust-version"].split("."))) == libwasmer._RUST
