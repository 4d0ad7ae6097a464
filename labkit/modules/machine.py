"""The machine that the stepper runs: frames, the stack, memories and tables, and the state that a step shows."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

from labkit.errors import TrapKind
from labkit.modules.arithmetic import Trapped
from labkit.modules.code import LARGEST_VALUE_COUNT, Code, prepare, too_large
from labkit.modules.contents import Contents
from labkit.modules.stack_values import Value, default_value
from labkit.modules.trace import GlobalWrite, MemoryWrite, State
from labkit.modules.types import FuncType

__all__ = ["Frame", "Label", "Machine", "Memory"]

DEEPEST_CALL = 1_000
LARGEST_PAGE_COUNT = 256
LARGEST_TABLE_LENGTH = 10_000
PAGE_BYTES = 65_536
_WRITTEN_BYTES_KEPT = 64


@dataclass(frozen=True)
class Label:
    """Where a branch goes, how many values it takes along, and how high the stack was below them."""

    target: int
    arity: int
    height: int
    is_loop: bool = False


@dataclass
class Frame:
    """A call that is running. Its locals are a tuple, so that a state can share them."""

    code: Code
    locals: tuple[Value, ...]
    base: int
    labels: list[Label]
    position: int = 0


@dataclass
class Memory:
    """A linear memory, and how far it may grow."""

    data: bytearray
    largest_pages: int


@dataclass
class Machine:
    """All that a call can reach. `run` in the stepper drives it."""

    contents: Contents
    known: Container[str]
    hosts: Mapping[int, Callable[[Sequence[Value]], list[Value]]]
    memories: list[Memory] = field(default_factory=list)
    tables: list[list[Value]] = field(default_factory=list)
    table_maximums: list[int] = field(default_factory=list)
    globals: list[Value] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    elements: list[list[Value]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    stack: list[Value] = field(default_factory=list)
    # What the instruction that runs has changed, and what it costs beyond one step.
    globals_written: list[GlobalWrite] = field(default_factory=list)
    memory_written: list[MemoryWrite] = field(default_factory=list)
    extra_cost: int = 0
    _codes: dict[int, Code] = field(default_factory=dict)

    @property
    def frame(self) -> Frame:
        """The call that runs."""
        return self.frames[-1]

    def pop(self) -> Value:
        """Take the top of the stack."""
        return self.stack.pop()

    def pop_bits(self) -> int:
        """Take the top of the stack, which is no reference, as its bits."""
        bits = self.stack.pop().bits
        assert bits is not None  # the module was validated
        return bits

    def pop_many(self, count: int) -> list[Value]:
        """Take that many values, the deepest first."""
        cut = len(self.stack) - count
        values = self.stack[cut:]
        del self.stack[cut:]
        return values

    def push(self, value_type: str, bits: int | None) -> None:
        """Put a value on the stack."""
        self.stack.append(Value(value_type, bits))

    def func_type(self, type_index: int) -> FuncType:
        """The function type at an index of the type section."""
        found = self.contents.declarations.types[type_index].type
        assert isinstance(found, FuncType)  # the module was validated
        return found

    def block_type(self, written: object) -> FuncType:
        """What a block takes and gives."""
        if isinstance(written, int):
            return self.func_type(written)
        return FuncType((), (written,) if isinstance(written, str) else ())

    def enter(self, function: int) -> None:
        """Call a function with the arguments on the stack: a frame for the module's own, at once for the host's."""
        if host := self.hosts.get(function):
            params = self.func_type(self.contents.declarations.functions[function]).params
            self.stack += host(self.pop_many(len(params)))
            return
        if len(self.frames) >= DEEPEST_CALL:
            raise Trapped(TrapKind.STACK_OVERFLOW)
        code = self.code(function)
        arguments = self.pop_many(len(code.type.params))
        base = len(self.stack)
        label = Label(len(code.instructions), len(code.type.results), base)
        self.frames.append(Frame(code, (*arguments, *map(default_value, code.local_types)), base, [label]))

    def leave(self) -> None:
        """Return from the running function with the results on top of the stack."""
        frame = self.frames.pop()
        results = self.pop_many(len(frame.code.type.results))
        del self.stack[frame.base :]
        self.stack += results

    def state(self) -> State:
        """Where the running function stands."""
        frame = self.frame
        stack = tuple(self.stack[frame.base :])
        if len(stack) > LARGEST_VALUE_COUNT:
            raise too_large(f"More than {LARGEST_VALUE_COUNT} values are on the stack of function {frame.code.index}")
        return State(frame.code.index, frame.position, len(self.frames), stack, frame.locals)

    def write_memory(self, index: int, address: int, data: bytes) -> None:
        """Set bytes of a memory, or trap; remember which."""
        memory = self.memories[index].data
        if address + len(data) > len(memory):
            raise Trapped(TrapKind.MEMORY_OUT_OF_BOUNDS)
        kept = data[:_WRITTEN_BYTES_KEPT]
        if data:
            before = bytes(memory[address : address + len(kept)])
            self.memory_written.append(MemoryWrite(index, address, before, bytes(kept), len(data)))
            memory[address : address + len(data)] = data

    def read_memory(self, index: int, address: int, size_bytes: int) -> bytes:
        """Read bytes of a memory, or trap."""
        memory = self.memories[index].data
        if address + size_bytes > len(memory):
            raise Trapped(TrapKind.MEMORY_OUT_OF_BOUNDS)
        return bytes(memory[address : address + size_bytes])

    def code(self, function: int) -> Code:
        """Make a function ready, once."""
        if function not in self._codes:
            self._codes[function] = prepare(self.contents, function, self.known)
        return self._codes[function]
