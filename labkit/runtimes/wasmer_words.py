"""What Wasmer says, in labkit's words: its messages are all that tells one trap, or one refusal, from another."""

from __future__ import annotations

import re
from itertools import islice

from labkit.errors import CompileError, Frame, GuestTrap, LabkitError, LimitExceeded, LinkError, TrapKind

__all__ = ["KINDS", "compile_error", "failure_error"]

#: Its words for each trap, which have stayed the same since.
KINDS = {
    "unreachable": TrapKind.UNREACHABLE,
    "integer divide by zero": TrapKind.INTEGER_DIVIDE_BY_ZERO,
    "integer overflow": TrapKind.INTEGER_OVERFLOW,
    "invalid conversion to integer": TrapKind.INVALID_CONVERSION,
    "out of bounds memory access": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "undefined element: out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS,
    "out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS,
    "uninitialized element": TrapKind.UNDEFINED_ELEMENT,
    "indirect call type mismatch": TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    "call stack exhausted": TrapKind.STACK_OVERFLOW,
}

_FRAME = re.compile(r"^    at (.*) \(.*\[(\d+)\]:0x([0-9a-f]+)\)$", re.MULTILINE)
# The LLVM compiler keeps no offsets and says this; Singlepass says 0 where it has none.
_NO_OFFSETS = (0, 0xFFFF_FFFF)
# Of half a million after endless recursion; Wasmtime keeps as many.
_MOST_FRAMES = 20

# A phrase of the validator or the compiler, and the feature whose lack it tells of.
_LACKS = (
    ("threads ", "threads and atomics"),
    ("tail calls support", "tail calls"),
    ("memory64 must be", "64-bit memories"),
    ("multiple memories", "more than one memory"),
    ("only one init_expr", "extended constant expressions"),
    ("xceptions support", "exceptions"),
    ("invalid leading byte in type definition", "garbage-collected types"),
    ("Invalid type", "typed function references and garbage-collected types"),
    ("Unknown 0xfd subopcode", "relaxed SIMD"),
    ("Unknown opcode", "an instruction of a later WebAssembly"),
    ("resizable limits flags", "this kind of memory or table"),
)
# What Singlepass alone lacks.
_SINGLEPASS_LACKS = (
    ("returns multiple values", "functions and blocks with several results (multi-value)"),
    ("ArgumentRegisterAllocator", "imported functions that take references or vectors"),
    ("not yet implemented: ", "SIMD"),
)


def compile_error(failure: BaseException, name: str, version: str) -> CompileError:
    """Say why a module was refused."""
    words = " ".join(str(failure).split())
    for lacks, others in ((_LACKS, '"wasmtime"'), (_SINGLEPASS_LACKS, '"wasmer" or "wasmtime"')):
        for phrase, feature in lacks:
            if phrase in words:
                message = f"{name} {version} refuses the module, for it lacks {feature}: {words}."
                return CompileError(message, remedy=f"Build the module without, or use {others}.")
    return CompileError(f"{name} refuses the module: {words}.", remedy="Correct the module; the offset is where to look.")


def failure_error(failure: BaseException, name: str, *, offsets: bool) -> LabkitError:
    """Say what stopped a call or an instantiation, from the binding's one exception for everything.

    Parameters
    ----------
    failure : RuntimeError
    name : str
        The runtime's.
    offsets : bool
        Whether the offsets in its backtrace are those of the module as it was given.
    """
    text = str(failure)
    if not text.startswith("RuntimeError: "):
        words = " ".join(text.split())
        if text.startswith("Insufficient resources"):
            return LimitExceeded(f"{name} cannot get the memory the module asks for: {words}.", remedy="Close other instances, or ask for less.")
        return LinkError(f"{name} cannot link the module: {words}.", remedy="Compare module.imports with what you pass.")
    detail = text.removeprefix("RuntimeError: ").split("\n    at ", 1)[0]
    return GuestTrap(KINDS.get(detail, TrapKind.OTHER), runtime=name, detail=detail, backtrace=_backtrace(text, offsets=offsets))


def _backtrace(text: str, *, offsets: bool) -> tuple[Frame, ...]:
    frames = []
    for called, index, written in (found.groups() for found in islice(_FRAME.finditer(text), _MOST_FRAMES)):
        offset = int(written, 16)
        frames.append(Frame(int(index), None if called == "<unnamed>" else called, offset if offsets and offset not in _NO_OFFSETS else None))
    return tuple(frames)
