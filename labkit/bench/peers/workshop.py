"""Where the peers get what they start, made once and at its first use: the program, the module, root folder and image."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from functools import cached_property
from pathlib import Path

import wasmtime

from labkit.bench.peers.images import make_root, write_image
from labkit.bench.peers.janitor import Janitor
from labkit.bench.peers.processes import adopting_orphans
from labkit.data_files import data_folder
from labkit.toolchains.build import build
from labkit.toolchains.native import build_native

__all__ = ["Workshop"]


class Workshop:
    """A folder for one measurement; leaving the context removes it and all that was registered with the janitor.

    Parameters
    ----------
    seconds : float, optional
        How long the measurement may take, for peers that could not be prepared in it.

    Attributes
    ----------
    folder : Path
    janitor : Janitor
        Cleans up even where this process is killed.

    Examples
    --------
    >>> with Workshop() as workshop:
    ...     workshop.folder.is_dir()
    True
    >>> workshop.folder.exists()
    False
    """

    def __init__(self, *, seconds: float = 60.0) -> None:
        self.seconds = seconds

    def __enter__(self) -> Workshop:
        with contextlib.ExitStack() as owned:
            # The janitor knows of it before it is there, or a kill in between would leave it.
            self.folder = Path(tempfile.gettempdir(), f"labkit-ladder-{secrets.token_hex(6)}")
            self.janitor = owned.enter_context(Janitor(self.folder))
            self.folder.mkdir(mode=0o700)
            owned.enter_context(adopting_orphans())
            self._owned = owned.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._owned.close()

    def enter(self, context: contextlib.AbstractContextManager[object]) -> None:
        """Enter a context that is left with the workshop's."""
        self._owned.enter_context(context)

    @property
    def label(self) -> str:
        """A name that no other measurement has, for containers and images."""
        return self.folder.name

    @cached_property
    def program(self) -> Path:
        """The native program that says hello, linked statically."""
        return build_native(data_folder() / "sources" / "say_hello.c")

    @cached_property
    def wasm(self) -> bytes:
        """The same source as a module."""
        return build(data_folder() / "sources" / "say_hello.c").path.read_bytes()

    @cached_property
    def precompiled(self) -> Path:
        """The module as Wasmtime compiles it with its own settings, in a file."""
        path = self.folder / "say_hello.cwasm"
        path.write_bytes(bytes(wasmtime.Module(wasmtime.Engine(), self.wasm).serialize()))
        return path

    @cached_property
    def host(self) -> Path:
        """The native program that loads a precompiled module and runs it, linked to the library of the Python package."""
        library = next(Path(wasmtime.__file__).parent.glob("*/_libwasmtime.*"))
        return build_native(data_folder() / "sources" / "native" / "wasm_host.c", static=False, libraries=[library])

    @cached_property
    def root(self) -> Path:
        """A root folder with the program and nothing else."""
        return make_root(self.folder / "root", self.program)

    @property
    def image_name(self) -> str:
        """What the image is called, wherever it is loaded."""
        return f"localhost/{self.label}:latest"

    @cached_property
    def image(self) -> Path:
        """The image, as an archive."""
        return write_image(self.folder / "image.tar", self.root, name=self.image_name, command=[f"/{self.program.name}"])
