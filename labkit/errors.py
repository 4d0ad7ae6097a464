"""Every error labkit raises, so that a reader can catch them all with one name.

Each message says what went wrong and ends with what to do about it (``remedy``)::

    LabkitError
    ├── CompileError (ValueError)            a runtime refuses the module
    │   ├── MalformedModule                  the bytes are no WebAssembly module; ``offset`` says where
    │   └── WatError                         the text is no WebAssembly text
    ├── UnreadableFile (OSError)             a file is missing, a folder, too large, or not ours to read
    ├── ArtifactError (ValueError)           a serialized module is damaged or was made by another engine
    ├── LinkError (ValueError)               an import is missing, of the wrong type, or from another store
    ├── ArgumentError (TypeError)            a call got the wrong number or type of arguments
    │   └── ArgumentRangeError (OverflowError)   a number does not fit the parameter's type
    ├── ExportNotFound (KeyError)            the instance has no such export, or of another kind
    ├── OutOfBounds (IndexError)             the host reached outside a memory or table
    ├── Closed (ValueError)                  the object was closed, or the memory under a view has grown
    ├── LimitExceeded (MemoryError)          the module needs more than its `Limits` allow
    ├── WrongThread (RuntimeError)           a store was used outside the thread that owns it
    ├── Unsupported (NotImplementedError)    this runtime, or its Python binding, cannot do that
    │   └── UnsupportedLimit                 this runtime cannot enforce the limit asked for
    ├── RuntimeUnavailable (ImportError)     the runtime does not work on this machine
    ├── ToolchainUnavailable (ImportError)   what compiles the language is not on this machine, or cannot be installed
    ├── BuildError (ValueError)              a compiler refuses the source, or does not end; ``line`` says where
    ├── BenchError (RuntimeError)            a contender of a benchmark raised, or cannot be measured
    ├── GuestTrap (RuntimeError)             the guest trapped; ``kind`` says why
    └── CourseError (ValueError)             an exercise or its progress file cannot be used
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = [
    "ArgumentError",
    "ArgumentRangeError",
    "ArtifactError",
    "BenchError",
    "BuildError",
    "Closed",
    "CompileError",
    "CourseError",
    "ExportNotFound",
    "Frame",
    "GuestTrap",
    "LabkitError",
    "LimitExceeded",
    "LinkError",
    "MalformedModule",
    "OutOfBounds",
    "RuntimeUnavailable",
    "ToolchainUnavailable",
    "TrapKind",
    "UnreadableFile",
    "Unsupported",
    "UnsupportedLimit",
    "WatError",
    "WrongThread",
]


class LabkitError(Exception):
    """Base of every error labkit raises.

    Parameters
    ----------
    message : str
        What went wrong, as a whole sentence.
    remedy : str
        What the reader can do next, as a whole sentence.

    Examples
    --------
    >>> error = LabkitError("The module has no start function.", remedy="Export one.")
    >>> str(error)
    'The module has no start function. Export one.'
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take keywords, which pickling an exception leaves out; so an error from a worker arrives whole.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[LabkitError], args: tuple[object, ...], attributes: dict[str, object]) -> LabkitError:
    """Make an error again in another process, without its constructor."""
    # Where a class has several built-in bases, only the one that it is laid out like can make it.
    base: Any = kind
    while "__new__" not in vars(base):
        base = base.__base__
    error: LabkitError = base.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class CompileError(LabkitError, ValueError):
    """A runtime refuses the module."""


class MalformedModule(CompileError):
    """The bytes are not a WebAssembly module.

    Parameters
    ----------
    message, remedy : str
        As for `LabkitError`; the byte offset is added to the message.
    offset : int
        Where in the bytes reading stopped, counted from 0.
    """

    def __init__(
        self,
        message: str,
        *,
        offset: int,
        remedy: str = "Build the module again, or look at the bytes around that offset.",
    ) -> None:
        super().__init__(f"Byte {offset} (0x{offset:x}): {message}", remedy=remedy)
        self.offset = offset


class WatError(CompileError):
    """The text is not WebAssembly text (WAT)."""


class UnreadableFile(LabkitError, OSError):
    """A file is missing, is a folder, is too large, or may not be read."""


class ArtifactError(LabkitError, ValueError):
    """A serialized module is damaged, or another engine, version or configuration made it."""


class LinkError(LabkitError, ValueError):
    """An import is missing, has the wrong type, or belongs to another store."""


class ArgumentError(LabkitError, TypeError):
    """A call got the wrong number or the wrong type of arguments or results."""


class ArgumentRangeError(ArgumentError, OverflowError):
    """A number does not fit the type of its parameter."""


class ExportNotFound(LabkitError, KeyError):
    """The instance has no export of that name and kind."""


class OutOfBounds(LabkitError, IndexError):
    """The host reached outside a guest's memory or table."""


class Closed(LabkitError, ValueError):
    """The object was closed, or the memory under a view has grown."""


class LimitExceeded(LabkitError, MemoryError):
    """The module needs more than its `Limits` allow."""


class WrongThread(LabkitError, RuntimeError):
    """A store was used outside the thread that owns it."""


class Unsupported(LabkitError, NotImplementedError):
    """This runtime, or its Python binding, cannot do what was asked."""


class UnsupportedLimit(Unsupported):
    """This runtime cannot enforce the limit that was asked for."""


class RuntimeUnavailable(LabkitError, ImportError):
    """The runtime does not work on this machine."""


class ToolchainUnavailable(LabkitError, ImportError):
    """What compiles the language is not on this machine, or cannot be installed."""


class BuildError(LabkitError, ValueError):
    """A compiler refuses the source, or does not end.

    Parameters
    ----------
    message, remedy : str
        As for `LabkitError`.
    language : str
        The language of the source.
    diagnostics : str
        The compiler's own words, with the reader's file names and line numbers.
    line : int or None
        The first line of the source that the compiler names, counted from 1.
    """

    def __init__(self, message: str, *, remedy: str, language: str = "", diagnostics: str = "", line: int | None = None) -> None:
        words = f"\n\n{diagnostics}\n\n" if diagnostics else ""
        super().__init__(message + words, remedy=remedy)
        self.language = language
        self.diagnostics = diagnostics
        self.line = line

    def __str__(self) -> str:
        return self.message + self.remedy if self.diagnostics else super().__str__()


class BenchError(LabkitError, RuntimeError):
    """A contender of a benchmark raised, or cannot be measured."""


class CourseError(LabkitError, ValueError):
    """An exercise, or the file that keeps its progress, cannot be used."""


class TrapKind(Enum):
    """Why a guest trapped: one enumeration for every runtime.

    The value is the phrase the WebAssembly specification's tests use for it, where they have one.
    """

    UNREACHABLE = "unreachable"
    INTEGER_DIVIDE_BY_ZERO = "integer divide by zero"
    INTEGER_OVERFLOW = "integer overflow"
    INVALID_CONVERSION = "invalid conversion to integer"
    MEMORY_OUT_OF_BOUNDS = "out of bounds memory access"
    TABLE_OUT_OF_BOUNDS = "out of bounds table access"
    UNDEFINED_ELEMENT = "undefined element"
    INDIRECT_CALL_TYPE_MISMATCH = "indirect call type mismatch"
    STACK_OVERFLOW = "call stack exhausted"
    OUT_OF_FUEL = "out of fuel"
    DEADLINE = "deadline reached"
    OTHER = "other"


# What a reader can do about each kind: the end of the trap's message.
_TRAP_ADVICE = {
    TrapKind.UNREACHABLE: "Guests execute `unreachable` on purpose (a panic, a failed assertion): look at the backtrace.",
    TrapKind.INTEGER_DIVIDE_BY_ZERO: "Check the divisor before dividing.",
    TrapKind.INTEGER_OVERFLOW: "The result does not fit the integer type: widen it, or check the operands first.",
    TrapKind.INVALID_CONVERSION: "The float is NaN: check it, or use the saturating conversion `trunc_sat`.",
    TrapKind.MEMORY_OUT_OF_BOUNDS: "Check the address against the memory's size, or grow the memory first.",
    TrapKind.TABLE_OUT_OF_BOUNDS: "Check the index against the table's size.",
    TrapKind.UNDEFINED_ELEMENT: "Fill that table slot with an `elem` segment before calling through it.",
    TrapKind.INDIRECT_CALL_TYPE_MISMATCH: "Call with the type that the function in that table slot has.",
    TrapKind.STACK_OVERFLOW: "Look for recursion without an end, or turn the recursion into a loop.",
    TrapKind.OUT_OF_FUEL: "Raise Limits(fuel=…), or look for a loop without an end.",
    TrapKind.DEADLINE: "Raise Limits(time=…), or look for a loop without an end.",
    TrapKind.OTHER: "Read the runtime's own words above.",
}


@dataclass(frozen=True)
class Frame:
    """One line of a guest's backtrace.

    Attributes
    ----------
    function_index : int
        Index of the function in its module, imports first.
    function_name : str or None
        From the module's name section, where it has one.
    module_offset : int or None
        Byte offset of the instruction in the module, where the runtime knows it.
    """

    function_index: int
    function_name: str | None = None
    module_offset: int | None = None

    def __str__(self) -> str:
        name = self.function_name or f"function {self.function_index}"
        return name if self.module_offset is None else f"{name} at byte 0x{self.module_offset:x}"


class GuestTrap(LabkitError, RuntimeError):
    """The guest stopped with a trap.

    Parameters
    ----------
    kind : TrapKind
        Why, in one vocabulary for every runtime.
    runtime : str
        Name of the runtime that ran the guest.
    detail : str
        The runtime's own words.
    backtrace : tuple of Frame
        Innermost frame first; empty where the runtime gives none.
    """

    def __init__(
        self,
        kind: TrapKind,
        *,
        runtime: str,
        detail: str = "",
        backtrace: tuple[Frame, ...] = (),
    ) -> None:
        words = f" ({detail})" if detail and kind is TrapKind.OTHER else ""
        where = "".join(f"\n  in {frame}" for frame in backtrace[:20])
        more = f"\n  … and {len(backtrace) - 20} more" if len(backtrace) > 20 else ""
        super().__init__(
            f"The guest trapped on {runtime}: {kind.value}{words}.{where}{more}",
            remedy=_TRAP_ADVICE[kind],
        )
        self.kind = kind
        self.runtime = runtime
        self.detail = detail
        self.backtrace = backtrace

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.backtrace else super().__str__()
