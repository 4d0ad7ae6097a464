"""The course's own modules: as the manifest says, doing what a fresh build does, and taken where a toolchain is missing."""

from __future__ import annotations

import hashlib
import shutil

import pytest

import labkit
from labkit.data_files import data_folder
from labkit.errors import ArtifactError, ToolchainUnavailable
from labkit.toolchains import go, prebuilt, zig
from labkit.toolchains.component import find_adapter
from labkit.toolchains.language import Missing
from labkit.toolchains.prebuilt import LARGEST_BYTES, read_manifest, source_digest
from labkit.toolchains.registry import language_named
from tests.toolchains.conftest import HOSTS, SOURCES, execute

ENTRIES = {entry.file: entry for entry in read_manifest()}
GIVEN = {"args": ["x", "y z"], "env": {"NAME": "välue"}, "stdin": "line\n"}


def behave(path, entry) -> list[str]:
    # Wasmer's compilers lack vector instructions, or some of them.
    hosts = ["component"] if entry.target == "wasip2" else HOSTS[:1] if entry.features else HOSTS
    stem = entry.source.rpartition(".")[0]
    function, number = (stem.removeprefix("kernels/"), 3) if stem.startswith("kernels/") else ("fib", 13)
    given = GIVEN if entry.kind == "command" else {"export": function, "numbers": [number]}
    return [execute(path, host, **given) for host in hosts]


def test_the_manifest_names_every_module_there_is_and_no_other():
    assert ENTRIES
    assert sorted(ENTRIES) == sorted(path.name for path in (data_folder() / "modules").glob("*.wasm"))


def test_no_file_is_too_large_for_the_repository():
    assert {path.name for path in (data_folder() / "modules").iterdir() if path.stat().st_size > LARGEST_BYTES} == set()


@pytest.mark.parametrize("file", ENTRIES)
def test_a_module_is_what_the_manifest_says(file):
    entry, wasm = ENTRIES[file], (data_folder() / "modules" / file).read_bytes()
    assert (len(wasm), hashlib.sha256(wasm).hexdigest()) == (entry.size_bytes, entry.sha256)
    assert source_digest((SOURCES / entry.source).read_bytes()) == entry.source_sha256, "run data/modules/build.py"


@pytest.mark.any_python
@pytest.mark.parametrize("file", ENTRIES)
def test_a_module_does_what_is_built_here(file):
    entry = ENTRIES[file]
    language = language_named(entry.language)
    direct = language.makes_component(entry.kind)
    tools = [language.find(entry.target)] if entry.target != "wasip2" or direct else [language.find("wasip1"), find_adapter()]
    for tool in tools:
        if isinstance(tool, Missing):
            pytest.skip(f"{tool.name} is missing: {tool.reason}. {tool.remedy}")
    options = {"optimize": entry.optimize, "features": entry.features}
    # Built once for this source, by this toolchain, with these flags.
    built = labkit.build(SOURCES / entry.source, kind=entry.kind, target=entry.target, **options)
    assert not built.prebuilt
    committed = data_folder() / "modules" / file
    # The same bytes do the same; only others are run to tell.
    assert built.read_bytes() == committed.read_bytes() or behave(built.path, entry) == behave(committed, entry)


@pytest.fixture
def without_zig(monkeypatch, fresh_cache):
    monkeypatch.setattr(zig, "package_folder", lambda name: None)
    monkeypatch.setattr(zig, "on_path", lambda name: None)


def test_without_the_toolchain_the_prebuilt_module_is_taken_and_says_so(without_zig, tmp_path):
    artifact = labkit.build(SOURCES / "fib.c", kind="library", output=tmp_path / "fib.wasm")
    assert artifact.prebuilt
    assert "Prebuilt, because this machine cannot build it" in str(artifact)
    assert labkit.run(artifact, export="fib", args=[10]).values == (55,)
    cell = "\n" + (SOURCES / "fib.c").read_text()
    assert labkit.build(cell, language="c", kind="library").prebuilt


def test_a_kernel_is_taken_as_it_was_asked_for(without_zig):
    source = SOURCES / "kernels" / "difference.c"
    plain, simd = (labkit.build(source, kind="library", optimize="speed", features=features) for features in ([], ["simd"]))
    assert plain.prebuilt
    assert simd.prebuilt
    assert "simd" in simd.path.name
    assert "simd" not in plain.path.name


def test_without_a_level_a_module_that_was_made_small_is_taken(monkeypatch, fresh_cache):
    monkeypatch.setattr(go, "package_folder", lambda name: None)
    monkeypatch.setattr(go, "on_path", lambda name: None)
    plain, small = (labkit.build(SOURCES / "hello.go", optimize=level) for level in (None, "size"))
    assert plain.path == small.path
    assert plain.prebuilt
    assert "-Oz" in plain.flags
    assert labkit.run(plain, args=["a"]).stdout == b"argument 1: a\n"
    with pytest.raises(ToolchainUnavailable):
        labkit.build(SOURCES / "hello.go", optimize="speed")


def test_a_changed_source_or_another_build_is_not_taken_for_the_prebuilt_one(without_zig):
    with pytest.raises(ToolchainUnavailable):
        labkit.build((SOURCES / "fib.c").read_text() + "int more;\n", language="c", kind="library")
    with pytest.raises(ToolchainUnavailable):
        labkit.build(SOURCES / "fib.c", kind="library", optimize="speed")


def test_a_damaged_prebuilt_module_is_refused(without_zig, tmp_path, monkeypatch):
    shutil.copytree(data_folder() / "modules", tmp_path / "modules")
    (tmp_path / "modules" / "fib-c.wasm").write_bytes(b"\0asm\1\0\0\0")
    monkeypatch.setattr(prebuilt, "data_folder", lambda: tmp_path)
    with pytest.raises(ArtifactError, match="damaged"):
        labkit.build(SOURCES / "fib.c", kind="library")
