"""Python, two ways: CPython itself as a WASI module that is given the program, or a component that componentize-py makes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from typing import ClassVar

from labkit.folders import tools_folder
from labkit.toolchains.job import Job
from labkit.toolchains.language import WASIP1, WASIP2, Found, Language, Missing, Request
from labkit.toolchains.pins import CPYTHON
from labkit.toolchains.probe import on_path, version_number, version_of
from labkit.toolchains.wit import world

__all__ = ["Python"]

_COMPONENT_REMEDIES = {"labkit": "python -m labkit install python", "pip": "pip install componentize-py"}

# A program's world: it is run, and it asks for its arguments and environment anew, since Python was started when it was built.
_COMMAND_WIT = """\
package labkit:guest;
world guest {
  import wasi:cli/environment@0.2.0;
  export wasi:cli/run@0.2.0;
}
package wasi:cli@0.2.0 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>;
    get-arguments: func() -> list<string>;
  }
  interface run {
    run: func() -> result;
  }
}
"""
# Modules are there at run time only if they were imported when the component was built.
_COMMAND_APP = """\
import ast
import importlib
import os
import sys

from wit_world import exports
from wit_world.imports import environment

_text = {text!r}
_code = compile(_text, {shown!r}, "exec")
for _node in ast.walk(ast.parse(_text)):
    if isinstance(_node, (ast.Import, ast.ImportFrom)):
        for _name in [_node.module] if isinstance(_node, ast.ImportFrom) else [alias.name for alias in _node.names]:
            importlib.import_module(_name)


class Run(exports.Run):
    def run(self):
        sys.argv[:] = environment.get_arguments()
        os.environ.clear()
        os.environ.update(environment.get_environment())
        try:
            exec(_code, {{"__name__": "__main__"}})
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
"""
_LIBRARY_APP = """\
import main
import wit_world

_base = wit_world.WitWorld
_functions = {name: staticmethod(value) for name, value in vars(main).items() if callable(value) and hasattr(_base, name)}
WitWorld = type(_base)("WitWorld", (_base,), _functions)
"""


class Python(Language):
    """Python source; as a core module it is the interpreter, to which the program is an argument."""

    name = "python"
    title = "Python"
    suffixes = (".py",)
    export = "say it in a comment of the source: # wit: export fib: func(n: s32) -> s32;"
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {"command": (WASIP1, WASIP2), "library": (WASIP2,)}
    includes = [(r"^\s*(?:import|from)\s+(\w+)", ending) for ending in (".py", "/__init__.py")]

    def find(self, target: str) -> Found | Missing:
        """CPython for modules, componentize-py for components."""
        if target == WASIP1:
            return _find_cpython()
        found = on_path("componentize-py")
        version = version_number(version_of(str(found), "--version")) if found else ""
        if found is None or not version:
            return Missing("componentize-py", "the package componentize-py is not here", _COMPONENT_REMEDIES)
        return Found("componentize-py", version, (str(found),), "PyPI")

    def flags(self, request: Request) -> tuple[str, ...]:
        """None for the interpreter, which is compiled already."""
        return () if request.target == WASIP1 else ("--stub-wasi",) if request.kind == "library" else ()

    def shares(self, request: Request) -> bool:
        """The interpreter is the same for every program."""
        return request.target == WASIP1

    def arguments(self, request: Request, source: bytes) -> tuple[str, ...]:
        """The program, for the interpreter."""
        return ("-c", source.decode("utf-8", "replace")) if request.target == WASIP1 else ()

    def words(self, output: str) -> str:
        """The program's own traceback, out of those of what ran it."""
        own = output.partition("AssertionError: ")[2].partition("\n\nCaused by:")[0] or output
        return re.sub(r'  File "/\d/app\.py".*\n(?:    .*\n)*', "", own)

    def compile(self, job: Job) -> None:
        """Copy the interpreter; or hand the program to the componentizer."""
        if job.request.target == WASIP1:
            shutil.copyfile(job.found.parts["module"], job.output)
            return
        text = job.program.source.decode("utf-8", "replace")
        wit = _COMMAND_WIT if job.request.kind == "command" else world(text)
        if not wit:
            raise job.without_export()
        (job.folder / "guest.wit").write_text(wit, encoding="utf-8")
        app = _COMMAND_APP.format(text=text, shown=job.program.shown) if job.request.kind == "command" else _LIBRARY_APP
        (job.folder / "app.py").write_text(app, encoding="utf-8")
        words = ["--wit-path", "guest.wit", "--world", "guest", "componentize", *self.flags(job.request), "--output", job.output.name, "app"]
        job.run([*job.found.command, *words])


def _find_cpython() -> Found | Missing:
    module = tools_folder() / "cpython" / CPYTHON.member
    if not module.is_file():
        return Missing("CPython", "CPython as a WASI module is not here", {"labkit": "python -m labkit install python"})
    return Found("CPython", CPYTHON.version, (), "PyPI", (module.parent,), {"module": module})
