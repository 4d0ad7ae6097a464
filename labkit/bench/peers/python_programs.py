"""Peers that start Python: a big runtime as a process, in a container's root folder, and as a component."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from labkit.bench.contenders import PYTHON_VERSION
from labkit.bench.peers.containers import Runc
from labkit.bench.peers.host_processes import WarmWorker
from labkit.bench.peers.images import make_root
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.start import Run
from labkit.bench.peers.workshop import Workshop
from labkit.data_files import data_folder
from labkit.errors import BenchError
from labkit.toolchains.build import build

__all__ = ["PythonComponent", "PythonImage", "PythonProcess"]

#: Less than a first build of the component and its compilation take.
_BUILD_SECONDS = 60.0
_LIBRARY = re.compile(r"(?:=> |^\s*)(/\S+) \(0x", re.MULTILINE)


def _program() -> Path:
    return data_folder() / "sources" / "say_hello.py"


def _interpreter() -> Path:
    """The Python that runs this, not the link to it that a virtual environment has."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


class PythonProcess(CommandPeer):
    """A new Python and its program."""

    name = "Python process"
    kind = "native"
    isolates = "its memory; all files, network, system calls"
    cost = 1

    def make(self, workshop: Workshop) -> None:
        """Nothing but the program is to be made."""
        self.version = PYTHON_VERSION
        self.image_bytes = _program().stat().st_size

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """Isolated mode: no user's packages, no environment."""
        return [("", [str(_interpreter()), "-I", str(_program()), *arguments])]


class PythonImage(Runc):
    """The same Python in a root folder that has it, its standard library and the libraries these need."""

    name = "Python image, runc"
    cost = 1

    def make(self, workshop: Workshop) -> None:
        """Make root folder and bundles."""
        self.version = f"{self.version} and {PYTHON_VERSION}"
        root = make_root(workshop.folder / "python-root", _program())
        _add_python(root)
        self._write_bundles(workshop, "python", root, [str(_interpreter()), "-I", f"/{_program().name}"])


def _add_python(root: Path) -> None:
    """Put Python where it is on this machine, so that it finds its own; links where the file system can, copies where not."""
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix}))
    place = root / library.relative_to("/")
    shutil.copytree(library, place, symlinks=True, copy_function=_link, ignore=shutil.ignore_patterns("site-packages", "dist-packages", "test"))
    modules = [str(path) for path in (library / "lib-dynload").glob("*.so")]
    told = subprocess.run(["ldd", str(_interpreter()), *modules], capture_output=True, text=True, check=False).stdout
    for path in {_interpreter(), *map(Path, _LIBRARY.findall(told))}:
        target = root / path.relative_to("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(str(path.resolve()), str(target))


def _link(source: str, target: str) -> None:
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


class PythonComponent(WarmWorker):
    """The same program as a component with its own Python inside, run as any other guest."""

    name = "Python component, labkit.run warm"
    isolates = "as an instance, in a worker that is confined"
    cost = 2

    def prepare(self, workshop: Workshop) -> Run:
        """Build it and have it compiled, which takes time once."""
        if workshop.seconds < _BUILD_SECONDS:
            raise BenchError("To build and compile its component can take a minute, which a quick run has not.", remedy="Measure for longer.")
        self._wasm = build(_program(), target="wasip2").path.read_bytes()
        return self._warm_up()
