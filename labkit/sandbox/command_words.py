"""What the commands say of a guest that was refused or has trapped, in labkit's words."""

from __future__ import annotations

import re
from itertools import islice
from typing import NoReturn

from labkit.errors import CompileError, Frame, GuestTrap, LimitExceeded, LinkError, TrapKind

__all__ = ["LOG", "raise_v8_failure", "raise_wasmedge_failure"]

#: Where WasmEdge's own words begin: they go where the guest's do.
LOG = re.compile(rb"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\] \[(?:error|info|warning)\] ")
_FAILED = re.compile(r"(loading|validation|instantiation|execution|user defined) failed: (.*?), Code: 0x[0-9a-f]+")

_WASMEDGE_KINDS = {
    "unreachable": TrapKind.UNREACHABLE,
    "integer divide by zero": TrapKind.INTEGER_DIVIDE_BY_ZERO,
    "integer overflow": TrapKind.INTEGER_OVERFLOW,
    "invalid conversion to integer": TrapKind.INVALID_CONVERSION,
    "out of bounds memory access": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS,
    "undefined element": TrapKind.TABLE_OUT_OF_BOUNDS,
    "uninitialized element": TrapKind.UNDEFINED_ELEMENT,
    "indirect call type mismatch": TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    "call stack exhausted": TrapKind.STACK_OVERFLOW,
}
# V8 says the same where an element is null and where it has another type, and of a float that is NaN and one that is large: these stay other.
_V8_KINDS = {
    "unreachable": TrapKind.UNREACHABLE,
    "divide by zero": TrapKind.INTEGER_DIVIDE_BY_ZERO,
    "remainder by zero": TrapKind.INTEGER_DIVIDE_BY_ZERO,
    "divide result unrepresentable": TrapKind.INTEGER_OVERFLOW,
    "memory access out of bounds": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "data segment out of bounds": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "table index is out of bounds": TrapKind.TABLE_OUT_OF_BOUNDS,
    "table access out of bounds": TrapKind.TABLE_OUT_OF_BOUNDS,
    "table or dropped element segment out of bounds": TrapKind.TABLE_OUT_OF_BOUNDS,
    "Maximum call stack size exceeded": TrapKind.STACK_OVERFLOW,
}
_V8_FRAME = re.compile(r"^    at (?:(.*) \()?wasm://[^:]*:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$", re.MULTILINE)
_MOST_FRAMES = 20


def raise_wasmedge_failure(words: str) -> NoReturn:
    """Raise what WasmEdge logged as a failure.

    Raises
    ------
    CompileError, LinkError, GuestTrap
    """
    found = _FAILED.search(words)
    stage, reason = (found[1], found[2]) if found else ("execution", " ".join(LOG.sub(b"", words.encode()).decode().split())[:200])
    if stage in ("loading", "validation"):
        offset = re.search(r"Bytecode offset: (0x[0-9a-f]+)", words)
        place = f", at byte {int(offset[1], 16)}" if offset else ""
        raise CompileError(f"wasmedge refuses the module: {reason}{place}.", remedy="Correct the module, or use a runtime that has the feature.")
    if stage == "instantiation" and ("import" in reason or "memory" not in reason):
        kind = _WASMEDGE_KINDS.get(reason)
        if kind is None:
            raise LinkError(f"wasmedge cannot link the module: {reason}.", remedy="Build it for wasm32-wasip1.")
    kind = _WASMEDGE_KINDS.get(reason, TrapKind.OTHER)
    raise GuestTrap(kind, runtime="wasmedge", detail=reason)


def raise_v8_failure(name: str, message: str, stack: str) -> NoReturn:
    """Raise what V8 threw.

    Raises
    ------
    CompileError, LinkError, LimitExceeded, GuestTrap
    """
    if name == "CompileError":
        words = message.removeprefix("WebAssembly.Module(): ")
        raise CompileError(f"v8 refuses the module: {words}.", remedy="Correct the module, or use a runtime that has the feature.")
    if name == "LinkError" or "WebAssembly.Instance(): Import" in message:
        raise LinkError(f"v8 cannot link the module: {message}.", remedy="Build it for wasm32-wasip1.")
    if "could not allocate memory" in message or "Out of memory" in message or "Array buffer allocation failed" in message:
        raise LimitExceeded(f"v8 cannot get the memory the module asks for: {message}.", remedy="Ask for less, or raise Limits(memory=…).")
    kind = next((kind for words, kind in _V8_KINDS.items() if words in message), TrapKind.OTHER)
    frames = [Frame(int(index), called, int(offset, 16)) for called, index, offset in (found.groups() for found in _V8_FRAME.finditer(stack))]
    raise GuestTrap(kind, runtime="v8", detail=message, backtrace=tuple(islice(frames, _MOST_FRAMES)))
