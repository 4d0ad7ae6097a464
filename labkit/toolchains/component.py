"""Makes a component for WASI 0.2 of a core module that speaks preview 1: the adapter that jco brings goes in between."""

from __future__ import annotations

from pathlib import Path

from labkit.toolchains.job import Job
from labkit.toolchains.language import Found, Missing
from labkit.toolchains.node import find_node
from labkit.toolchains.probe import node_package, package_version

__all__ = ["find_adapter", "jco_command", "to_component"]

_REMEDIES = {"labkit": "python -m labkit install components", "npm": "npm install --global @bytecodealliance/jco"}


def find_adapter() -> Found | Missing:
    """Look for jco, the npm package that has the adapter."""
    node = find_node()
    if isinstance(node, Missing):
        return Missing("jco", node.reason, _REMEDIES)
    modules = node_package("@bytecodealliance/jco", "jco", own="components")
    if modules is None:
        return Missing("jco", "the npm package @bytecodealliance/jco is not here", _REMEDIES)
    return Found("jco", package_version(modules / "@bytecodealliance/jco"), jco_command(node, modules), "npm", (modules,))


def jco_command(node: Found, modules: Path) -> tuple[str, ...]:
    """What starts jco."""
    return (*node.command, str(modules / "@bytecodealliance/jco/dist/jco.js"))


def to_component(job: Job, adapter: Found) -> None:
    """Put the job's module, a WASI command, into a component that has its place."""
    core = job.folder / "core.wasm"
    job.output.rename(core)
    job.run([*adapter.command, "new", core.name, "--wasi-command", "-o", job.output.name])
