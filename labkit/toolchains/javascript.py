"""JavaScript, two ways: the QuickJS engine linked with the program, or a component that componentize-qjs makes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from labkit.errors import ToolchainUnavailable
from labkit.folders import tools_folder
from labkit.toolchains.component import jco_command
from labkit.toolchains.javascript_c import c_program
from labkit.toolchains.job import Job
from labkit.toolchains.language import WASIP1, WASIP2, Found, Language, Missing, Request
from labkit.toolchains.node import find_node
from labkit.toolchains.pins import QUICKJS
from labkit.toolchains.probe import node_package, package_version
from labkit.toolchains.process import run_process
from labkit.toolchains.wit import CoreFunction, core_functions, world
from labkit.toolchains.zig import find_zig, zig_environment

__all__ = ["GUESTS", "JavaScript", "build_engine"]

#: The C and Python that guests are linked with.
GUESTS = Path(__file__).parent / "guests"


class JavaScript(Language):
    """JavaScript source; a library's exports are typed by WIT in its comments."""

    name = "javascript"
    title = "JavaScript"
    suffixes = (".js", ".mjs")
    export = "say it in a comment of the source: // wit: export fib: func(n: s32) -> s32;"
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {"command": (WASIP1,), "library": (WASIP1, WASIP2)}
    features = {"simd": ("+simd128",)}

    def find(self, target: str) -> Found | Missing:
        """QuickJS for modules, componentize-qjs for components."""
        return _find_componentizer() if target == WASIP2 else _find_quickjs()

    def flags(self, request: Request) -> tuple[str, ...]:
        """Those of the linker, or of the componentizer."""
        if request.target == WASIP2:
            return ("--backend", "quickjs", "--backend-qjs-stub-wasi", "--world-name", "guest")
        shape = ("-DLABKIT_COMMAND",) if request.kind == "command" else ("-mexec-model=reactor",)
        # The engine itself is compiled once, when it is installed, at the size level.
        return ("--target=wasm32-wasi", "-mcpu=generic", "-Os", "-s", "-Wl,-z,stack-size=1048576", "-fno-sanitize=undefined", *shape)

    def compile(self, job: Job) -> None:
        """Check the program, then link it with the engine; or hand it to the componentizer."""
        text = job.program.source.decode("utf-8", "replace")
        if job.request.target == WASIP2:
            self._componentize(job, text)
            return
        functions: list[CoreFunction] = []
        if job.request.kind == "library":
            functions, unfit = core_functions(text)
            if unfit:
                raise job.fail(f"A core module cannot export a function with the type {unfit}.", remedy="Use numbers, or target='wasip2'.")
            if not functions:
                raise job.without_export()
        engine = job.found.parts["engine"]
        job.run([str(engine / "check"), job.source])
        (job.folder / "program.c").write_text(c_program(job.program.source, job.program.shown, functions), encoding="utf-8")
        objects = sorted(str(path) for path in engine.glob("*.o"))
        job.run(
            [
                *job.found.command,
                "cc",
                *self.flags(job.request),
                f"-I{engine}",
                "program.c",
                str(GUESTS / "javascript.c"),
                *objects,
                "-o",
                job.output.name,
            ],
            environment=zig_environment(),
        )

    @staticmethod
    def _componentize(job: Job, text: str) -> None:
        wit = world(text)
        if not wit:
            raise job.without_export()
        (job.folder / "guest.wit").write_text(wit, encoding="utf-8")
        flags = job.language.flags(job.request)
        job.run([*job.found.command, "componentize", job.source, "--wit", "guest.wit", *flags, "--out", job.output.name])


def build_engine(sources: Path, folder: Path) -> None:
    """Compile QuickJS for WebAssembly, and a checker of programs for this machine.

    Parameters
    ----------
    sources : Path
        The engine's C source.
    folder : Path
        Gets the object files, the header and the checker.
    """
    zig = find_zig()
    if isinstance(zig, Missing):
        raise ToolchainUnavailable(f"QuickJS cannot be built: {zig.reason}.", remedy=zig.remedy)
    environment = {**os.environ, **zig_environment()}
    parts = [str(path) for path in sorted(sources.glob("*.c"))]
    common = ["-Os", "-D_GNU_SOURCE", "-fno-sanitize=undefined", f"-I{sources}"]
    guest = ["--target=wasm32-wasi", "-mcpu=generic", "-D_WASI_EMULATED_SIGNAL"]
    steps = [[*guest, "-c", part, "-o", str(folder / f"{Path(part).stem}.o")] for part in parts]
    steps += [["-DLABKIT_CHECK", "-s", str(GUESTS / "javascript.c"), *parts, "-lm", "-o", str(folder / "check")]]
    for step in steps:
        done = run_process([*zig.command, "cc", *common, *step], folder=folder, environment=environment, timeout_seconds=600)
        if done.exit_code:
            raise ToolchainUnavailable(
                f"Zig could not build QuickJS: {done.output[-400:]}", remedy="Update labkit and its packages: `make lab` does."
            )
    shutil.copyfile(sources / "quickjs.h", folder / "quickjs.h")


def _find_quickjs() -> Found | Missing:
    zig = find_zig()
    if isinstance(zig, Missing):
        return Missing("QuickJS", f"it is built with Zig, and {zig.reason}", {"labkit": "python -m labkit install javascript"})
    engine = tools_folder() / "quickjs" / QUICKJS.version
    if not (engine / "check").is_file():
        return Missing("QuickJS", "the engine is not built", {"labkit": "python -m labkit install javascript"})
    return Found("QuickJS-NG", QUICKJS.version, zig.command, "PyPI", (*zig.roots, GUESTS), {"engine": engine})


def _find_componentizer() -> Found | Missing:
    remedies = {"labkit": "python -m labkit install components", "npm": "npm install --global @bytecodealliance/jco"}
    node = find_node()
    if isinstance(node, Missing):
        return Missing("componentize-qjs", node.reason, remedies)
    modules = node_package("@bytecodealliance/jco", "jco", own="components")
    if modules is None:
        return Missing("componentize-qjs", "the npm package @bytecodealliance/jco is not here", remedies)
    return Found("componentize-qjs", package_version(modules / "componentize-qjs"), jco_command(node, modules), "npm", (modules,))
