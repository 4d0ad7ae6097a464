"""One way in for every source of a module: bytes, WAT text, or a file with either."""

from __future__ import annotations

import os
import re
import stat

from labkit.errors import ArgumentError, MalformedModule, UnreadableFile, WatError
from labkit.modules.reader import MAGIC, header

__all__ = ["Source", "is_text", "to_wasm"]

Source = bytes | bytearray | memoryview | str | os.PathLike[str]
"""Bytes of a module, WAT text, or the path of a file with either."""

LARGEST_FILE_BYTES = 512 * 2**20
# Blanks and `;;` comments, then the parenthesis that opens WAT (a `(; … ;)` comment opens with one too).
_TEXT = re.compile(rb"(?:\s|;;[^\n]*(?:\n|$))*\(")
_POSITION = re.compile(r"\s*(?:-->|at) <anon>:(\d+):(\d+)")


def to_wasm(source: Source) -> bytes:
    """Give the WebAssembly bytes of a source.

    Parameters
    ----------
    source : bytes, bytearray, memoryview, str or path
        WebAssembly bytes, which come back as they are; WAT text (its first character that is neither blank nor
        comment is a parenthesis), as text or UTF-8 bytes; or the path of a file that holds either, at most 512 MiB.

    Returns
    -------
    bytes
        A core module or a component. Only its first eight bytes have been looked at.

    Raises
    ------
    WatError
        If the text is not WAT; the message names line and column.
    MalformedModule
        If the bytes are neither WebAssembly nor text.
    UnreadableFile
        If there is no such file, or it is a folder, too large, or may not be read.
    ArgumentError
        If the source is of another type.

    Examples
    --------
    >>> to_wasm("(module)")
    b'\\x00asm\\x01\\x00\\x00\\x00'
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(source))
    if isinstance(source, str) and is_text(source):
        return _from_text(_encode(source))
    if isinstance(source, (str, os.PathLike)):
        return _from_file(source)
    raise ArgumentError(f"A module cannot be read from {type(source).__name__}.", remedy="Give bytes, WAT text, or the path of a .wasm or .wat file.")


def is_text(source: str) -> bool:
    """Whether a string is WAT rather than a path.

    Examples
    --------
    >>> is_text("  ;; empty\\n(module)"), is_text("fib.wasm")
    (True, False)
    """
    return _TEXT.match(source.encode("utf-8", "replace")) is not None


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WatError(f"Character {error.start} of the text is half of a surrogate pair.", remedy="Remove it.") from None


def _from_bytes(data: bytes) -> bytes:
    if not data.startswith(MAGIC) and _TEXT.match(data):
        return _from_text(data)
    header(data)
    return data


def _from_file(path: str | os.PathLike[str]) -> bytes:
    shown = _shorten(os.fspath(path))
    remedy = f"Check the path; {os.getcwd()!r} is where relative paths start. A module's text would begin with a parenthesis."
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise UnreadableFile(f"{shown} is {what}.", remedy="Give the path of a .wasm or .wat file.")
        if status.st_size > LARGEST_FILE_BYTES:
            raise UnreadableFile(f"{shown} has {status.st_size} bytes; at most {LARGEST_FILE_BYTES} are read.", remedy="Give a smaller file.")
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE_BYTES)
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file {shown}.", remedy=remedy) from None
    except UnreadableFile:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.", remedy=remedy) from None
    if not data:
        raise MalformedModule(f"the file {shown} is empty.", offset=0, remedy="Build the module again, or check the path.")
    return _from_bytes(data)


def _from_text(text: bytes) -> bytes:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WatError(f"Byte {error.start} of the text is not UTF-8.", remedy="Save the text as UTF-8.") from None
    # Imported here, because reading a binary module needs no runtime.
    import wasmtime

    try:
        return bytes(wasmtime.wat2wasm(text))
    except wasmtime.WasmtimeError as error:
        raise _wat_error(str(error), text) from None


def _wat_error(message: str, text: bytes) -> WatError:
    """Say what is wrong with the text, at which line and column, and show the place."""
    remedy = "Correct the text there and try again."
    found = _POSITION.search(message)
    if found is None:
        return WatError(f"The text is not WAT: {message}.", remedy=remedy)
    number, column = int(found[1]), int(found[2]) - 1
    line = text.split(b"\n", number)[number - 1].decode("utf-8").rstrip("\r")
    # A line may be a whole file long.
    start = max(0, column - 60)
    shown = line[start : column + 40].replace("\t", " ")
    place = f"\n  {number} | {shown}\n  {' ' * len(str(number))} | {' ' * (column - start)}^\n"
    return WatError(f"Line {number}, column {column + 1}: {message[: found.start()]}.{place}", remedy=remedy)


def _shorten(path: object) -> str:
    text = repr(path)
    return text if len(text) <= 200 else f"{text[:120]}…{text[-60:]}"
