"""Native builds: what is here, what is missing with its remedy, and a compiler that refuses."""

from __future__ import annotations

import ctypes

import pytest

from labkit.errors import BuildError
from labkit.toolchains import shared_library
from labkit.toolchains.language import Found, Missing
from labkit.toolchains.shared_library import build_shared_library, find_gcc, native_builds


@pytest.fixture
def builds():
    found, missing = native_builds()
    for tool in missing:
        pytest.skip(f"{tool.name} is missing: {tool.reason}. {tool.remedy}")
    return found


@pytest.mark.any_python
def test_every_build_makes_a_library_that_computes(builds, tmp_path, fresh_cache):
    (tmp_path / "six.c").write_text('__attribute__((export_name("six"))) int six(int n) { return 6 * n; }')
    (tmp_path / "five.c").write_text("int five(void) { return 5; }")
    for build in builds:
        path = build_shared_library([tmp_path / "six.c", tmp_path / "five.c"], build)
        assert ctypes.CDLL(str(path)).six(7) == 42
        assert build_shared_library([tmp_path / "six.c", tmp_path / "five.c"], build) == path


def test_a_source_that_is_refused_says_why_and_leaves_nothing(builds, tmp_path, fresh_cache):
    (tmp_path / "bad.c").write_text("int f(void) { return absent; }")
    with pytest.raises(BuildError, match="absent"):
        build_shared_library([tmp_path / "bad.c"], builds[0])
    assert not list(fresh_cache.glob("builds/" + "[0-9a-f]" * 64))


def test_a_gcc_that_is_clang_is_not_taken_for_gcc(tmp_path, monkeypatch):
    script = tmp_path / "gcc"
    script.write_text("#!/bin/sh\necho 'Apple clang version 17.0.0'\n")
    script.chmod(0o755)
    monkeypatch.setattr(shared_library, "on_path", lambda name: script)
    assert find_gcc().reason == "the command gcc is clang"


def test_without_gcc_clang_is_the_reference(monkeypatch):
    absent = Missing("GCC", "no command gcc is here", {"Debian": "sudo apt install gcc"})
    monkeypatch.setattr(shared_library, "find_gcc", lambda: absent)
    if not isinstance(shared_library.find_zig("Zig's clang"), Found):
        pytest.skip("Zig is missing. python -m labkit install zig")
    found, missing = native_builds()
    assert [build.name for build in found] == ["clang -O2", "clang -O3 -march=native"]
    assert missing == (absent,)
