"""The second wall: what the operating system keeps from a worker, whatever the runtime inside it would allow."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from labkit.errors import LabkitError

__all__ = ["MemoryLimit", "confine_files", "die_with_parent", "landlock_version", "limit_resources", "limit_time"]

#: Largest file a guest may write, in bytes; the system answers EFBIG beyond it.
FILE_BYTES = 256 * 2**20
#: Open files of a worker, its own included; the system answers EMFILE beyond them.
OPEN_FILES = 256

# Linux's Landlock has no function in the C library: these are its system calls and constants (linux/landlock.h).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE = 1 << 0
_READ = 1 << 2 | 1 << 3  # read files, read folders
_WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12  # write and remove files; remove and make folders; make files and links
_READ_FILE = 1 << 2  # all that a single file can be granted of it
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights on files each version knows
_NETWORK_RIGHTS = 1 << 0 | 1 << 1  # bind and connect TCP
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets and signals of other processes
_PATH_BENEATH = 1
_SET_PDEATHSIG, _SET_NO_NEW_PRIVS = 1, 38


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result


@cache
def landlock_version() -> int:
    """Version of Landlock that this kernel offers; 0 where it offers none.

    Examples
    --------
    >>> landlock_version() >= 0
    True
    """
    if platform.system() != "Linux":
        return 0
    try:
        return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def confine_files(readable: Iterable[str], writable: Iterable[str], executable: Iterable[str] = ()) -> None:
    """Let this process reach the given folders and no other path; nothing lifts it again. Without Landlock it does nothing.

    Links are followed to where they lead, so one that leaves the folders leads nowhere. TCP is shut off from version 4 on,
    signals to other processes from version 6 on.

    Parameters
    ----------
    readable, writable : iterable of str
        Folders to read, and to read and write.
    executable : iterable of str
        Files and folders to read, and to start what is in them.

    Raises
    ------
    OSError
        If the kernel refuses, or a folder does not exist.
    LabkitError
        If there are other threads: the system confines the calling one and those it starts later.
    """
    version = landlock_version()
    if version == 0:
        return
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise LabkitError("The runtime has started threads before its worker was confined.", remedy="Report this version of the runtime.")
    known = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    ruleset = struct.pack("=QQQ", known, _NETWORK_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _syscall(_CREATE_RULESET, ctypes.create_string_buffer(ruleset, 24), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for folder in readable:
            _allow(rules, folder, _READ)
        for folder in writable:
            _allow(rules, folder, (_READ | _WRITE | _REFER | _TRUNCATE) & known)
        for path in executable:
            _allow(rules, path, _EXECUTE | (_READ if Path(path).is_dir() else _READ_FILE))
        _prctl(_SET_NO_NEW_PRIVS, 1)
        _syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow(rules: int, folder: str, rights: int) -> None:
    target = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, target), 12)
        _syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(target)


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when the one that started it ends (Linux); end now if it has already."""
    if platform.system() == "Linux":
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_resources() -> None:
    """Limit the size of files and the number of open ones, and leave no core file behind."""
    for which, amount in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_NOFILE, OPEN_FILES)):
        _, hard = resource.getrlimit(which)
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(which, (most, most))


class MemoryLimit:
    """A limit on the data of this process, to be moved as its work changes.

    RLIMIT_AS would count the gigabytes of address space that runtimes reserve and never use; RLIMIT_DATA counts what can be written.
    Made before files are confined, since it reads how much there is from a file.
    """

    def __init__(self) -> None:
        try:
            self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._statm = -1

    def allow(self, more_bytes: int) -> None:
        """Let this process have so many bytes of data more than it has now."""
        pages = int(os.pread(self._statm, 256, 0).split()[5]) if self._statm >= 0 else 0
        data_bytes = pages * resource.getpagesize() + more_bytes
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes if hard == resource.RLIM_INFINITY else min(data_bytes, hard), hard))


def limit_time(seconds: float) -> None:
    """Let the system end this process with SIGALRM: a guest may hold the interpreter's lock, and then nothing in Python can."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
