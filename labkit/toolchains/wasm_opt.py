"""Binaryen's wasm-opt, run after a compiler: smaller or faster, and never with a feature that was not there before."""

from __future__ import annotations

from pathlib import Path

from labkit.toolchains.job import Job
from labkit.toolchains.language import Found, Missing, Request
from labkit.toolchains.node import find_node
from labkit.toolchains.probe import node_package, on_path, version_number, version_of

__all__ = ["find_wasm_opt", "optimize", "optimizer_flags"]

_REMEDIES = {
    "labkit": "python -m labkit install assemblyscript",
    "npm": "npm install --global binaryen",
    "conda": "conda install -c conda-forge binaryen",
    "Debian": "sudo apt install binaryen",
}
# What every runtime of the course takes; the optimizer may use that and no more.
_BASE = ("sign-ext", "mutable-globals", "nontrapping-float-to-int", "bulk-memory", "multivalue", "reference-types")
_NAMES = {"exceptions": "exception-handling", "multi-memory": "multimemory"}


def find_wasm_opt() -> Found | Missing:
    """Look for wasm-opt: a command on PATH, else the one in the npm package that AssemblyScript brings."""
    own = on_path("wasm-opt")
    version = version_of(str(own), "--version") if own else ""
    if own and version:
        return _found(version, (str(own),), "PATH")
    node = find_node()
    modules = node_package("binaryen", "asc", own="assemblyscript")
    if isinstance(node, Found) and modules is not None:
        command = (*node.command, str(modules / "binaryen/bin/wasm-opt"))
        version = version_of(*command, "--version")
        if version:
            return _found(version, command, "npm", modules)
    return Missing("wasm-opt", "neither a command wasm-opt nor the npm package binaryen is here", _REMEDIES)


def _found(version: str, command: tuple[str, ...], origin: str, *roots: Path) -> Found:
    words = version.split()
    return Found("wasm-opt", version_number(version) or next((word for word in words if word.isdecimal()), words[-1]), command, origin, roots)


def optimizer_flags(request: Request) -> tuple[str, ...]:
    """What wasm-opt is told."""
    names = [*_BASE, *(_NAMES.get(feature, feature) for feature in request.features)]
    return ("-O3" if request.optimize == "speed" else "-Oz", "--mvp-features", *(f"--enable-{name}" for name in names))


def optimize(job: Job, tool: Found) -> None:
    """Replace the job's module by an optimized one."""
    compiled = job.folder / "compiled.wasm"
    job.output.rename(compiled)
    job.run([*tool.command, *optimizer_flags(job.request), compiled.name, "-o", job.output.name])
