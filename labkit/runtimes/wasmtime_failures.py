"""What Wasmtime says when it fails, in labkit's errors."""

from __future__ import annotations

import ctypes
import re
from typing import NoReturn

import wasmtime
from wasmtime import TrapCode

from labkit.errors import Frame, GuestTrap, LimitExceeded, LinkError, TrapKind, Unsupported
from labkit.runtimes import _wasmtime_ffi as private

__all__ = ["backtrace", "fail", "raise_failure"]

_KINDS = {
    TrapCode.UNREACHABLE: TrapKind.UNREACHABLE,
    TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.INTEGER_DIVIDE_BY_ZERO,
    TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.INVALID_CONVERSION,
    TrapCode.MEMORY_OUT_OF_BOUNDS: TrapKind.MEMORY_OUT_OF_BOUNDS,
    TrapCode.TABLE_OUT_OF_BOUNDS: TrapKind.TABLE_OUT_OF_BOUNDS,
    TrapCode.INDIRECT_CALL_TO_NULL: TrapKind.UNDEFINED_ELEMENT,
    TrapCode.BAD_SIGNATURE: TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    TrapCode.STACK_OVERFLOW: TrapKind.STACK_OVERFLOW,
    TrapCode.OUT_OF_FUEL: TrapKind.OUT_OF_FUEL,
    TrapCode.INTERRUPT: TrapKind.DEADLINE,
}

# A phrase of the runtime's where something is used up, and what to do about it.
_EXHAUSTED = {
    "exceeds memory limits": "Ask for less memory, or raise Limits(memory=…).",
    "forcing trap when growing": "Ask for less memory, or raise Limits(memory=…).",
    "resource limit exceeded": "Close this store, and make further instances in a new one.",
    "maximum concurrent": "Close other instances, or reserve room for more: runtime(…, pooled_instances=…).",
    "mmap failed": "Ask for less memory, or close other instances.",
    "out of memory": "Ask for less memory, or close other instances.",
}
_NO_OFFSET = 2 ** (8 * ctypes.sizeof(ctypes.c_size_t)) - 1  # of a frame that has none


def fail(error: int | None, trap: ctypes.c_void_p, *, runtime: str) -> NoReturn:
    """Raise what stopped a guest that calls nothing of Python's."""
    raise_failure(private.take_failure(error, trap), runtime)


def raise_failure(failure: BaseException, runtime: str) -> NoReturn:
    """Turn the binding's exception into labkit's, where no host function has raised it."""
    if isinstance(failure, wasmtime.Trap):
        code = failure.trap_code
        kind = _KINDS.get(code, TrapKind.OTHER) if code else TrapKind.OTHER
        detail = failure.message.rsplit("wasm trap:", 1)[-1].strip()
        raise GuestTrap(kind, runtime=runtime, detail=detail, backtrace=backtrace(failure)) from None
    if isinstance(failure, wasmtime.WasmtimeError):
        words = " ".join(str(failure).split())
        for phrase, remedy in _EXHAUSTED.items():
            if phrase in words:
                raise LimitExceeded(f"{runtime}: {words}.", remedy=remedy) from None
        if "disabled for this engine" in words:
            raise Unsupported(f"{runtime}: {words}.", remedy="Build the module without that feature.") from None
        if frames := backtrace(failure):  # what the runtime does for a guest that runs, such as WASI, has failed
            detail = re.sub(r"error while executing at wasm backtrace:.* Caused by: ", "", words)
            raise GuestTrap(TrapKind.OTHER, runtime=runtime, detail=detail, backtrace=frames) from None
        raise LinkError(f"{runtime} cannot link the module: {words}.", remedy="Compare module.imports with what you pass.") from None
    raise failure


def backtrace(failure: BaseException) -> tuple[Frame, ...]:
    """Where in the guest a trap or an error came from, innermost first."""
    if isinstance(failure, wasmtime.Trap):
        frames = failure.frames
    elif isinstance(failure, wasmtime.WasmtimeError) and private.PRIVATE:
        frames = private.error_frames(failure)
    else:
        return ()
    offsets = [frame.module_offset for frame in frames]
    return tuple(Frame(frame.func_index, frame.func_name, None if offset == _NO_OFFSET else offset) for frame, offset in zip(frames, offsets))
