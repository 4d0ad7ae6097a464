"""Native programs: built from the same source as the modules, kept, and refused in words."""

import subprocess
import sys

import pytest

from labkit.data_files import data_folder
from labkit.errors import BuildError
from labkit.toolchains.native import build_native


@pytest.mark.any_python
def test_the_course_s_hello_is_static_and_is_built_once(fresh_cache) -> None:
    source = data_folder() / "sources" / "say_hello.c"
    program = build_native(source)
    assert subprocess.run([program], capture_output=True, check=True, env={}).stdout == b"hello\n"
    changed = program.stat().st_mtime_ns
    assert build_native(source) == program
    assert program.stat().st_mtime_ns == changed
    if sys.platform == "linux":
        assert b"ld-linux" not in program.read_bytes()


def test_a_source_that_does_not_compile_is_an_error_with_the_compiler_s_words(tmp_path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int main(void) { return zero; }")
    with pytest.raises(BuildError, match="zero"):
        build_native(source)
