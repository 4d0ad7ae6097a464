"""What the current Wasmer says, in labkit's words."""

from __future__ import annotations

import ctypes

from labkit.errors import CompileError, Frame, GuestTrap, LabkitError, LimitExceeded, LinkError, TrapKind, Unsupported
from labkit.runtimes.libwasmer_binding import Name, Vector, library, take_bytes
from labkit.runtimes.wasmer_words import KINDS

__all__ = ["compile_error", "link_error", "take_trap", "trap_words"]

# Of half a million after endless recursion; Wasmtime keeps as many.
_MOST_FRAMES = 20
_NO_OFFSETS = (0, 0xFFFF_FFFF)


def compile_error(words: str, name: str, version: str, *, is_valid: bool) -> CompileError:
    """Say why a module was refused."""
    if is_valid:
        others = '"libwasmer" or "wasmtime"' if name.endswith("singlepass") else '"wasmtime"'
        return CompileError(
            f"{name} {version} cannot compile the module: {words}.", remedy=f"Build the module without that feature, or use {others}."
        )
    remedy = 'Correct the module, where the offset is; if it uses a later feature of WebAssembly, try "wasmtime".'
    return CompileError(f"{name} {version} refuses the module: {words}.", remedy=remedy)


def link_error(words: str, name: str) -> LabkitError:
    """Say why a module was not instantiated."""
    if "tables of types other than" in words:
        return Unsupported(f"{name}: {words}.", remedy='Build the module without such a table, or use "wasmtime".')
    if "Insufficient resources" in words or ("memory" in words.lower() and "alloc" in words.lower()):
        return LimitExceeded(f"{name} cannot get the memory the module asks for: {words}.", remedy="Close other instances, or ask for less.")
    return LinkError(f"{name} cannot link the module: {words}.", remedy="Compare module.imports with what you pass.")


def take_trap(trap: int, name: str, *, moved_bytes: int | None) -> GuestTrap:
    """Read a trap and free it.

    Parameters
    ----------
    trap : int
        Where it is.
    name : str
        The runtime's.
    moved_bytes : int or None
        How much further on the code was than in the module that was given; None where that is not known, and offsets say nothing.
    """
    detail, frames = trap_words(trap)
    offsets = [None if moved_bytes is None or offset in _NO_OFFSETS else offset - moved_bytes for _, _, offset in frames]
    backtrace = tuple(Frame(index, called, offset) for (index, called, _), offset in zip(frames, offsets))
    return GuestTrap(KINDS.get(detail, TrapKind.OTHER), runtime=name, detail=detail, backtrace=backtrace)


def trap_words(trap: int) -> tuple[str, list[tuple[int, str | None, int]]]:
    """Take a trap's message and its frames, innermost first: index and name of the function, and the offset in the module."""
    calls = library()
    message, frames = Vector(), Vector()
    calls.wasm_trap_message(trap, ctypes.byref(message))
    calls.wasm_trap_trace(trap, ctypes.byref(frames))
    calls.wasm_trap_delete(trap)
    detail = take_bytes(message).rstrip(b"\0").decode("utf-8", "replace")
    count = min(frames.size, _MOST_FRAMES)
    addresses = (ctypes.c_void_p * count).from_address(frames.data) if count else ()
    found = [(calls.wasm_frame_func_index(frame), _function_name(frame), calls.wasm_frame_module_offset(frame)) for frame in addresses]
    calls.wasm_frame_vec_delete(ctypes.byref(frames))
    return detail, found


def _function_name(frame: int) -> str | None:
    name: Name = library().wasm_frame_func_name(frame)
    text = name.text
    library().wasm_name_delete(ctypes.byref(name))
    return None if text is None else text.decode("utf-8", "replace")
