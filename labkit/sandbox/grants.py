"""What a program is granted: arguments, environment, standard input and folders, checked before anything starts."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from labkit.errors import ArgumentError, UnreadableFile

__all__ = ["Folder", "Folders", "Grants", "Stdin", "check_grants", "open_stdin", "to_file"]

Stdin = bytes | str | os.PathLike[str] | IO[bytes] | None
"""Bytes, text, the path of a file, or an open file."""

Folders = Mapping[str, str | os.PathLike[str] | tuple[str | os.PathLike[str], str]]
"""Guest path to a host folder: a path to read, or ``(path, "rw")`` to read and write."""

_REMEDY_DIRS = 'Write dirs={"/data": "folder"}, or dirs={"/data": ("folder", "rw")} to let the guest write.'


@dataclass(frozen=True)
class Folder:
    """A host folder that a guest may use.

    Attributes
    ----------
    guest : str
        The path under which the guest sees it.
    host : str
        Where it is, links resolved.
    writable : bool
    """

    guest: str
    host: str
    writable: bool


@dataclass(frozen=True)
class Grants:
    """Everything a program is given; nothing by default.

    Attributes
    ----------
    argv : tuple of str
        The program's name, then its arguments.
    env : tuple of (str, str)
    folders : tuple of Folder
    clock_seconds : float or None
        What every clock shows, for ever, in place of the time.
    seed : int or None
        What the random source starts from, in place of chance.
    """

    argv: tuple[str, ...] = ("program",)
    env: tuple[tuple[str, str], ...] = ()
    folders: tuple[Folder, ...] = field(default=())
    clock_seconds: float | None = None
    seed: int | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The same, for a request."""
        return {**vars(self), "folders": [vars(folder) for folder in self.folders]}


def check_grants(
    program: str,
    args: Sequence[str],
    env: Mapping[str, str] | None,
    dirs: Folders | None,
    clock: float | None,
    seed: int | None,
) -> Grants:
    """Check what a caller grants.

    Raises
    ------
    ArgumentError
        If something is of the wrong type, or no program could be given it.
    UnreadableFile
        If a folder does not exist.

    Examples
    --------
    >>> check_grants("hello", ["-v"], {"LANG": "C"}, None, None, None).argv
    ('hello', '-v')
    """
    if isinstance(args, (str, bytes)):
        raise ArgumentError("args is one text, not a sequence of them.", remedy=f"Write args=[{args!r}].")
    argv = (program, *(_text(argument, f"Argument {i}") for i, argument in enumerate(args, 1)))
    if env is not None and not isinstance(env, Mapping):
        raise ArgumentError("env is no mapping.", remedy='Write env={"NAME": "value"}.')
    variables = tuple((_name(name), _text(value, f"The variable {name}")) for name, value in (env or {}).items())
    if dirs is not None and not isinstance(dirs, Mapping):
        raise ArgumentError("dirs is no mapping.", remedy=_REMEDY_DIRS)
    folders = tuple(_folder(guest, grant) for guest, grant in (dirs or {}).items())
    if clock is not None and (isinstance(clock, bool) or not isinstance(clock, (int, float)) or not 0 <= clock < 2**63 / 1e9):
        raise ArgumentError(f"clock={clock!r} is no time.", remedy="Give seconds since 1970, at least 0: clock=1_700_000_000.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ArgumentError(f"seed={seed!r} is not a whole number.", remedy="Write seed=1.")
    return Grants(argv, variables, folders, None if clock is None else float(clock), seed)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{what} is a {type(value).__name__}, and a program takes text.", remedy="Pass a str.")
    if "\0" in value:
        raise ArgumentError(f"{what} has a NUL character in it, where a program would see its end.", remedy="Remove it.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} has half of a surrogate pair in it, which is no UTF-8.", remedy="Remove it.") from None
    return value


def _name(name: object) -> str:
    checked = _text(name, "The name of a variable")
    if not checked or "=" in checked:
        raise ArgumentError(f"{checked!r} is no name for a variable.", remedy="Choose one that is not empty and has no = in it.")
    return checked


def _folder(guest: object, grant: object) -> Folder:
    guest = _text(guest, "The guest's name of a folder")
    if not guest:
        raise ArgumentError("The guest's name of a folder is empty.", remedy=_REMEDY_DIRS)
    path, mode = grant if isinstance(grant, tuple) and len(grant) == 2 else (grant, "r")
    if mode not in ("r", "rw") or not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"The folder for {guest!r} cannot be {grant!r}.", remedy=_REMEDY_DIRS)
    host = os.path.realpath(_text(os.fspath(path), f"The folder for {guest!r}"))
    if not Path(host).is_dir():
        raise UnreadableFile(f"There is no folder {os.fspath(path)!r} to grant as {guest!r}.", remedy="Make it first, or check the path.")
    return Folder(guest, host, mode == "rw")


def to_file(data: bytes) -> int:
    """Put bytes into a file without a name, and return its descriptor, at the start."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("labkit")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def open_stdin(stdin: Stdin) -> int:
    """Open what a program reads as its standard input; the caller closes the descriptor.

    Raises
    ------
    UnreadableFile
        If there is no such file, or it is not a regular one.
    ArgumentError
        If it is of another type.
    """
    if stdin is None:
        return os.open(os.devnull, os.O_RDONLY)
    if isinstance(stdin, str):
        return to_file(stdin.encode("utf-8", "surrogatepass"))
    if isinstance(stdin, (bytes, bytearray, memoryview)):
        return to_file(bytes(stdin))
    if isinstance(stdin, os.PathLike):
        return _open_file(stdin)
    try:
        return os.dup(stdin.fileno())
    except (AttributeError, OSError, ValueError):
        raise ArgumentError(f"stdin cannot be a {type(stdin).__name__}.", remedy="Pass bytes, text, a pathlib.Path, or an open file.") from None


def _open_file(path: os.PathLike[Any]) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"{os.fspath(path)!r} cannot be read as stdin: {why}.", remedy="Check the path.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFile(f"{os.fspath(path)!r} is no regular file.", remedy="Give a regular file, or open it yourself and pass the open file.")
    os.set_blocking(descriptor, True)
    return descriptor
