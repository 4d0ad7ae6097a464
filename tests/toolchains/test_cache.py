"""A build is kept by all that decides what comes out, whole, and once for all kernels."""

from __future__ import annotations

import subprocess
import sys

import pytest

import labkit
from labkit.errors import BuildError, UnreadableFile
from labkit.toolchains import build as build_function
from labkit.toolchains.cache import BuildCache

SOURCE = '__attribute__((export_name("f"))) int f(void) { return 7; }\n'


def build(source=SOURCE, **options):
    return labkit.build(source, **{"language": "c", "kind": "library", **options})


def test_the_second_build_is_the_first(fresh_cache):
    first, second = build(), build()
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.path == second.path
    assert first.wall_seconds == second.wall_seconds


@pytest.mark.any_python
@pytest.mark.parametrize(
    "options", [{"optimize": "none"}, {"optimize": "speed"}, {"target": "wasip1"}, {"features": ["simd"]}, {"name": "other.c"}, {"language": "cpp"}]
)
def test_whatever_decides_what_comes_out_makes_another_build(fresh_cache, options):
    first = build("int unused;\n")
    assert build("int unused;\n", **options).path != first.path


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b"\0asm"), lambda path: path.unlink(), lambda path: (path.parent / "build.json").write_text("{")]
)
def test_a_damaged_entry_is_built_anew(fresh_cache, damage):
    first = build()
    damage(first.path)
    second = build()
    assert not second.from_cache
    assert labkit.run(second, export="f").values == (7,)


def test_the_cache_keeps_what_was_used_last(fresh_cache):
    for number in range(4):
        build(f"int unused{number};\n")
    cache = BuildCache(largest_bytes=1)
    last = build("int last;\n")
    module = last.path.parent / "copy"
    module.write_bytes(last.read_bytes())
    kept = cache.store("0" * 64, module, "module.wasm", {})
    assert [path.name for path in cache.folder.iterdir() if path.name != "locks"] == [kept.parent.name]


def test_what_was_given_away_is_a_copy(fresh_cache, tmp_path):
    artifact = build(output=tmp_path / "mine.wasm")
    assert artifact.path == tmp_path / "mine.wasm"
    artifact.path.write_bytes(b"spoiled")
    assert labkit.run(build(), export="f").values == (7,)


def test_kernels_that_build_the_same_at_once_build_it_once(fresh_cache):
    program = f"import labkit; print(labkit.build({SOURCE!r}, language='c', kind='library', optimize='speed').from_cache)"
    kernels = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert sorted(kernel.communicate(timeout=120)[0].strip() for kernel in kernels) == ["False", "True", "True", "True"]


def test_a_kernel_that_waits_too_long_for_another_says_so(fresh_cache):
    cache = BuildCache()
    with cache.lock("ab" * 32, 0.0), pytest.raises(BuildError, match="Another kernel is still building"), BuildCache().lock("ab" * 32, 0.0):
        pass


def test_a_cache_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(UnreadableFile, match="LABKIT_CACHE"):
        build()


def test_the_artifact_shows_itself_and_is_a_path(fresh_cache):
    artifact = build(name="<b>.c")
    assert "Zig's clang" in str(artifact)
    assert "<b>" not in artifact._repr_html_()
    with open(artifact, "rb") as file:
        assert file.read() == artifact.read_bytes()
    assert build_function is labkit.build
