"""Every language makes a command and a library that do what their source says, on both runtimes."""

from __future__ import annotations

import pytest

import labkit
from labkit.errors import Unsupported
from labkit.modules.interface import read_interface
from tests.toolchains.conftest import HOSTS, SOURCES, execute, need

SUFFIXES = {"wat": "wat", "c": "c", "cpp": "cpp", "zig": "zig", "rs": "rust", "go": "go", "ts": "assemblyscript", "js": "javascript"}
COMMANDS = {f"hello.{suffix}": language for suffix, language in SUFFIXES.items()}
WITH_WASI = {"fib.go": "go", "fib.js": "javascript"}
PURE = {f"fib.{suffix}": language for suffix, language in SUFFIXES.items() if f"fib.{suffix}" not in WITH_WASI}
COMPILED = {source: language for source, language in PURE.items() if language != "wat"}
#: What every hello prints for these arguments, this environment and this input.
GIVEN = {"args": ["one", "two words", "drei ≠ 3"], "env": {"GREETING": "grüß dich", "EMPTY": ""}, "stdin": "first\nsecond\n"}
PRINTED = """\
argument 1: one
argument 2: two words
argument 3: drei ≠ 3
environment: GREETING=grüß dich
environment: EMPTY=
input: first
input: second
"""


@pytest.mark.parametrize("source", COMMANDS)
def test_a_command_prints_arguments_environment_and_input(source):
    need(COMMANDS[source], "wasip1")
    artifact = labkit.build(SOURCES / source)
    assert (artifact.language, artifact.kind, artifact.target) == (COMMANDS[source], "command", "wasip1")
    assert artifact.size_bytes == artifact.path.stat().st_size
    assert {item.module for item in read_interface(artifact.read_bytes()).imports} == {"wasi_snapshot_preview1"}
    for host in HOSTS:
        assert execute(artifact.path, host, **GIVEN) == PRINTED


@pytest.mark.any_python
@pytest.mark.parametrize("source", PURE)
def test_a_library_exports_its_function_and_imports_nothing(source):
    need(PURE[source], "freestanding")
    artifact = labkit.build(SOURCES / source, kind="library")
    interface = read_interface(artifact.read_bytes())
    assert interface.imports == ()
    assert "fib: func (i32) -> i32" in [str(item) for item in interface.exports]
    for host in HOSTS:
        assert execute(artifact.path, host, export="fib", numbers=[20]).strip() == "6765"
    assert labkit.run(artifact, export="fib", args=[15]).values == (610,)


@pytest.mark.any_python
@pytest.mark.parametrize("source", WITH_WASI)
def test_a_library_whose_language_needs_wasi_exports_its_function_too(source):
    need(WITH_WASI[source], "wasip1")
    artifact = labkit.build(SOURCES / source, kind="library")
    assert artifact.target == "wasip1"
    for host in HOSTS:
        assert execute(artifact.path, host, export="fib", numbers=[15]).strip() == "610"


@pytest.mark.any_python
@pytest.mark.parametrize(
    ("source", "language"), [("fib.c", "c"), ("fib.cpp", "cpp"), ("fib.zig", "zig"), ("fib.rs", "rust"), ("fib.ts", "assemblyscript")]
)
def test_a_library_may_have_wasi_where_its_language_can_do_without(source, language):
    need(language, "wasip1")
    artifact = labkit.build(SOURCES / source, kind="library", target="wasip1")
    for host in HOSTS:
        assert execute(artifact.path, host, export="fib", numbers=[15]).strip() == "610"


@pytest.mark.any_python
def test_a_python_program_is_an_argument_of_the_interpreter():
    need("python", "wasip1")
    artifact = labkit.build(SOURCES / "hello.py")
    assert artifact.arguments[0] == "-c"
    other = labkit.build("print(6 * 7)", language="python")
    assert other.path == artifact.path, "the interpreter is kept once"
    given = {**GIVEN, "args": [*artifact.arguments, *GIVEN["args"]]}
    assert execute(artifact.path, "wasmtime", **given) == PRINTED
    assert execute(other.path, "wasmtime", args=list(other.arguments)) == "42\n"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("source", [*COMMANDS, "hello.py"])
def test_a_command_runs_in_the_sandbox_on_both_runtimes(source, host):
    need({**COMMANDS, "hello.py": "python"}[source], "wasip1")
    artifact = labkit.build(SOURCES / source)
    given = {**GIVEN, "args": [*artifact.arguments, *GIVEN["args"]], "stdin": GIVEN["stdin"].encode()}
    result = labkit.run(artifact, runtime=host, limits=labkit.Limits(time=60), **given)
    assert result.stdout.decode() == PRINTED


def adapter():
    from labkit.toolchains.component import find_adapter
    from labkit.toolchains.language import Missing

    found = find_adapter()
    if isinstance(found, Missing):
        pytest.skip(f"{found.name} is missing: {found.reason}. {found.remedy}")


@pytest.mark.any_python
@pytest.mark.parametrize("source", ["hello.c", "hello.rs", "hello.js"])
def test_a_command_becomes_a_component(source):
    adapter()
    need(COMMANDS[source], "wasip1")
    artifact = labkit.build(SOURCES / source, target="wasip2")
    assert labkit.inspect(artifact).kind == "component"
    assert execute(artifact.path, "component", **GIVEN) == PRINTED


@pytest.mark.any_python
def test_a_javascript_library_becomes_a_component():
    need("javascript", "wasip2")
    artifact = labkit.build(SOURCES / "fib.js", kind="library", target="wasip2")
    assert execute(artifact.path, "component", export="fib", numbers=[15]).strip() == "610"


@pytest.mark.any_python
def test_a_python_program_becomes_a_component_that_sees_what_it_is_given_now():
    need("python", "wasip2")
    artifact = labkit.build(SOURCES / "hello.py", target="wasip2")
    assert execute(artifact.path, "component", **GIVEN) == PRINTED


@pytest.mark.any_python
def test_a_python_library_becomes_a_component():
    need("python", "wasip2")
    artifact = labkit.build(SOURCES / "fib.py", kind="library", target="wasip2")
    assert execute(artifact.path, "component", export="fib", numbers=[12]).strip() == "144"


@pytest.mark.any_python
@pytest.mark.parametrize("optimize", ["none", "size", "speed"])
@pytest.mark.parametrize("source", COMPILED)
def test_every_level_of_optimisation_computes_the_same(source, optimize):
    need(COMPILED[source], "freestanding")
    artifact = labkit.build(SOURCES / source, kind="library", optimize=optimize)
    assert artifact.compiled_size_bytes >= artifact.size_bytes
    assert bool(artifact.optimizer) == (optimize != "none" and _has_wasm_opt())
    for host in HOSTS:
        assert execute(artifact.path, host, export="fib", numbers=[12]).strip() == "144"


def _has_wasm_opt() -> bool:
    return next(row.available for row in labkit.toolchains() if row.toolchain.startswith("wasm-opt"))


def test_a_feature_is_in_the_module_only_when_it_was_asked_for():
    source = """\
    typedef int vector __attribute__((vector_size(16)));
    __attribute__((export_name("sum"))) int sum(int n) { vector v = {n, n, n, n}; v = v * v + v; return v[0] + v[1] + v[2] + v[3]; }
    """
    plain = labkit.build(source, language="c", kind="library", optimize="none")
    simd = labkit.build(source, language="c", kind="library", optimize="none", features=["simd"])
    assert "i32x4" not in labkit.to_wat(plain.read_bytes())
    assert "i32x4" in labkit.to_wat(simd.read_bytes())
    for artifact in (plain, simd):
        assert labkit.run(artifact, export="sum", args=[3]).values == (48,)


@pytest.mark.any_python
def test_numbers_of_every_kind_cross_into_javascript_and_back():
    need("javascript", "wasip1")
    source = """\
    // wit: export add: func(a: f64, b: f32) -> f64;
    // wit: export twice: func(n: s64) -> s64;
    // wit: export is-odd: func(n: u32) -> bool;
    export const add = (a, b) => a + b;
    export const twice = (n) => 2n * n;
    export const isOdd = (n) => n % 2 === 1;
    """
    artifact = labkit.build(source, language="javascript", kind="library")
    for host in HOSTS:
        assert execute(artifact.path, host, export="add", numbers=[0.25, 0.5]).strip() == "0.75"
        assert execute(artifact.path, host, export="twice", numbers=[2**40]).strip() == str(2**41)
    assert execute(artifact.path, "wasmtime", export="is-odd", numbers=[7]).strip() == "1"


@pytest.mark.any_python
def test_endless_recursion_in_javascript_is_its_own_error_and_no_trap():
    need("javascript", "wasip1")
    artifact = labkit.build("function f() { return 1 + f(); }\ntry { f(); } catch (error) { print(error.name); }\n", language="javascript")
    for host in HOSTS:
        assert execute(artifact.path, host) == "RangeError\n"


@pytest.mark.any_python
@pytest.mark.parametrize("source", ["hello.c", "hello.rs", "hello.js", "hello.py"])
def test_a_component_runs_in_the_sandbox_on_wasmtime_and_is_refused_elsewhere(source):
    if source == "hello.py":
        need("python", "wasip2")
    else:
        adapter()
        need(COMMANDS[source], "wasip1")
    artifact = labkit.build(SOURCES / source, target="wasip2")
    result = labkit.run(artifact, compile_seconds=200, **{**GIVEN, "stdin": GIVEN["stdin"].encode()})
    assert (result.exit_code, result.stdout.decode()) == (0, PRINTED)
    if "wasmer" in HOSTS:
        with pytest.raises(Unsupported, match='runtime="wasmtime"'):
            labkit.run(artifact, runtime="wasmer")


COPIER = r"""
#include <stdio.h>
int main(int count, char **words) {
  FILE *from = fopen(words[1], "r"), *to = count > 2 ? fopen(words[2], "w") : stdout;
  if (!from) { puts("cannot read"); return 1; }
  if (!to) { puts("cannot write"); return 1; }
  for (int c; (c = getc(from)) != EOF;) putc(c, to);
  return 0;
}
"""


def test_a_component_has_the_folders_it_was_granted_and_no_others(tmp_path):
    adapter()
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret").write_text("not granted")
    (tmp_path / "in" / "note").write_text("a note")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    artifact = labkit.build(COPIER, language="c", target="wasip2")

    def copy(*args: str) -> tuple[int | None, bytes]:
        result = labkit.run(artifact, args=args, dirs={"/in": tmp_path / "in", "/out": (tmp_path / "out", "rw")})
        return result.exit_code, result.stdout

    assert copy("/in/note") == (0, b"a note")
    assert copy("/in/note", "/out/note") == (0, b"")
    assert (tmp_path / "out" / "note").read_text() == "a note"
    assert copy("/in/note", "/in/other") == (1, b"cannot write\n")
    for path in ("/in/link", "/in/../secret", str(tmp_path / "secret")):
        assert copy(path) == (1, b"cannot read\n")
    assert labkit.run(artifact, args=["/in/note"]).exit_code == 1
