"""Mends how Wasmer opens files: always for writing too, so that it could read nothing in a folder that may only be read.

Its package gives no say in that, so the function of the C library that its own library calls to open files is replaced, for this
process, by one that opens for reading what may not be written. What may be opened at all is for the system to say, as before.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from labkit.errors import Unsupported

__all__ = ["open_for_reading", "slot_offsets"]

_OPEN = b"open64"
_LOADED, _DYNAMIC = 1, 2  # program headers: what is loaded, and the table for the dynamic linker
_STRINGS, _SYMBOLS, _RELOCATIONS, _RELOCATION_BYTES, _CALLS, _CALL_BYTES = 5, 6, 7, 8, 23, 2  # that table's entries
_RELOCATION, _SYMBOL_BYTES = struct.Struct("<QQq"), 24

_ffi = cffi.FFI()
_kept: list[Any] = []


def open_for_reading(library: str) -> None:
    """Have a loaded library open files for reading where they may not be written.

    Parameters
    ----------
    library : str
        Path of the shared library.

    Raises
    ------
    Unsupported
        If this library cannot be mended.
    """
    try:
        base = _load_address(library)
        slots = [base + offset for offset in slot_offsets(library)]
    except (OSError, ValueError):
        slots = []
    if not slots:
        raise Unsupported(
            "Wasmer 1.1.0 opens every file for writing, and on this machine that cannot be mended, so it could read nothing there.",
            remedy='Use runtime="wasmtime", or grant a copy of the folder to write: ("copy", "rw").',
        )
    callback = _ffi.callback("int(char *, int, int)", _open, error=-1)
    _kept.append(callback)
    for slot in slots:
        _write_pointer(slot, int(_ffi.cast("uintptr_t", callback)))


def _open(path: Any, flags: int, mode: int) -> int:
    name = _ffi.string(path)
    try:
        return os.open(name, flags, mode)
    except OSError as error:
        number = error.errno
    if number in (errno.EACCES, errno.EROFS) and flags & os.O_ACCMODE == os.O_RDWR and not flags & (os.O_CREAT | os.O_TRUNC):
        try:
            return os.open(name, flags & ~os.O_ACCMODE | os.O_RDONLY)
        except OSError as error:
            number = error.errno
    _ffi.errno = number
    return -1


def _load_address(library: str) -> int:
    """Where the library's first byte is in this process."""
    real = os.path.realpath(library)
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        return min(int(line.partition("-")[0], 16) for line in file if line.rstrip("\n").endswith(real))


@cache
def slot_offsets(library: str) -> tuple[int, ...]:
    """Find where, from its first byte on, a library keeps the address of the function that opens files; nowhere is a valid answer."""
    try:
        return tuple(_slots(Path(library).read_bytes()))
    except (OSError, struct.error, StopIteration, RuntimeError):
        return ()


def _slots(elf: bytes) -> Iterator[int]:
    """Find where, from its first byte on, a 64-bit little-endian library keeps the address of the function that opens files."""
    if elf[:6] != b"\x7fELF\x02\x01":
        return
    table, (size, count) = struct.unpack_from("<Q", elf, 32)[0], struct.unpack_from("<HH", elf, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", elf, table + i * size) for i in range(count)]

    def in_file(address: int) -> int:
        return next(
            int(at + address - start) for kind, _, at, start, _, length, _, _ in headers if kind == _LOADED and start <= address < start + length
        )

    start, length = next((header[2], header[5]) for header in headers if header[0] == _DYNAMIC)
    dynamic = dict(struct.iter_unpack("<qQ", elf[start : start + length]))
    for where, how_many in ((_RELOCATIONS, _RELOCATION_BYTES), (_CALLS, _CALL_BYTES)):
        if where not in dynamic:
            continue
        begin = in_file(dynamic[where])
        for offset, info, _ in _RELOCATION.iter_unpack(elf[begin : begin + dynamic[how_many]]):
            if info >> 32:
                symbol = in_file(dynamic[_SYMBOLS]) + (info >> 32) * _SYMBOL_BYTES
                name = in_file(dynamic[_STRINGS]) + struct.unpack_from("<I", elf, symbol)[0]
                if elf.startswith(_OPEN + b"\0", name):
                    yield offset


def _write_pointer(address: int, pointer: int) -> None:
    """Write a pointer into a page that the dynamic linker has made read-only."""
    libc = ctypes.CDLL(None, use_errno=True)
    page = address & ~(mmap.PAGESIZE - 1)
    if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_WRITE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    ctypes.c_void_p.from_address(address).value = pointer
