"""AssemblyScript: TypeScript's syntax with WebAssembly's types, compiled by an npm package."""

from __future__ import annotations

import json

from labkit.toolchains.job import Job
from labkit.toolchains.language import FREESTANDING, Found, Language, Missing, Request
from labkit.toolchains.node import find_node
from labkit.toolchains.probe import node_package, package_version

__all__ = ["AssemblyScript"]

_REMEDIES = {
    "labkit": "python -m labkit install assemblyscript",
    "npm": "npm install --global assemblyscript @assemblyscript/wasi-shim",
}
_SHIM = "@assemblyscript/wasi-shim"


class AssemblyScript(Language):
    """AssemblyScript source; commands speak WASI through its shim."""

    name = "assemblyscript"
    title = "AssemblyScript"
    suffixes = (".ts",)
    export = "write export before the function"
    includes = [(r"\bfrom\s*['\"](\.[^'\"\n]+)['\"]", ending) for ending in (".ts", "")]
    features = {
        "simd": ("--enable", "simd"),
        "relaxed-simd": ("--enable", "simd", "--enable", "relaxed-simd"),
        "threads": ("--enable", "threads"),
    }

    def find(self, target: str) -> Found | Missing:
        """Node.js and the compiler; for WASI its shim too."""
        node = find_node()
        if isinstance(node, Missing):
            return Missing("AssemblyScript", node.reason, _REMEDIES)
        modules = node_package("assemblyscript", "asc", own="assemblyscript")
        if modules is None:
            return Missing("AssemblyScript", "the npm package assemblyscript is not here", _REMEDIES)
        if target != FREESTANDING and not (modules / _SHIM).is_dir():
            return Missing("AssemblyScript", f"the npm package {_SHIM}, which commands need, is not here", _REMEDIES)
        version = package_version(modules / "assemblyscript")
        command = (*node.command, str(modules / "assemblyscript" / "bin" / "asc.js"))
        return Found("AssemblyScript", version, command, "npm", (modules,), {"modules": modules})

    def flags(self, request: Request) -> tuple[str, ...]:
        """Level, collector, features."""
        level = request.level(none="-O0", size="-Osize", speed="-Ospeed")
        # A library that allocates nothing needs no collector and no host; a command's own memory goes when it ends.
        runtime = "stub" if request.target == FREESTANDING else "incremental"
        host = ("--use", "abort=") if request.target == FREESTANDING else ()
        return (level, "--runtime", runtime, *host, *self.feature_flags(request))

    def compile(self, job: Job) -> None:
        """Compile, with the shim's library where the host is WASI."""
        host: tuple[str, ...] = ()
        if job.request.target != FREESTANDING:
            # The compiler looks for libraries below its own folder only.
            shim = job.found.parts["modules"] / _SHIM
            (job.folder / "wasi").symlink_to(shim / "assembly")
            start = "_start" if job.request.kind == "command" else "_initialize"
            uses = json.loads((shim / "asconfig.json").read_text(encoding="utf-8"))["options"]["use"]
            host = ("--lib", "wasi", *(word for use in uses for word in ("--use", use)), "--exportStart", start)
        job.run([*job.found.command, job.source, "--outFile", job.output.name, *self.flags(job.request), *host, "--noColors"])
