"""Runs a small function one instruction at a time and keeps every state: the stack machine made visible.

A plain interpreter, written to be read. It is exact where engines are exact (its results are tested against one), and it is
bounded everywhere: in steps, depth of calls, memory, tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from labkit.errors import ArgumentError, ArgumentRangeError, CompileError, ExportNotFound, GuestTrap, LimitExceeded, TrapKind
from labkit.modules.arithmetic import Trapped
from labkit.modules.contents import Contents, read_contents
from labkit.modules.execution import EXECUTE
from labkit.modules.instantiation import Imports, instantiate
from labkit.modules.listing import list_function
from labkit.modules.load import Source, to_wasm
from labkit.modules.machine import Machine
from labkit.modules.stack_values import Value, to_value
from labkit.modules.trace import State, Step, Trace
from labkit.modules.types import FuncType

__all__ = ["step"]


def step(
    source: Source,
    function: str | int,
    args: Sequence[int | float | None] = (),
    *,
    imports: Imports | None = None,
    limit: int = 10_000,
) -> Trace:
    """Run a function one instruction at a time, and keep what each instruction did.

    Parameters
    ----------
    source : bytes, str or path
        WebAssembly bytes, WAT text, or the path of a file with either.
    function : str or int
        Name of an exported function, or any function's index or name in the module.
    args : sequence of int or float, optional
        One for each parameter; None for a null reference.
    imports : mapping, optional
        Python functions (and numbers, for globals) by module and name: ``{"env": {"log": print}}``. Imported memories and
        tables need not be given: the stepper makes them.
    limit : int, optional
        Stop after so many steps; a bulk instruction counts one more for every 64 KiB it moves.

    Returns
    -------
    Trace
        A trap ends the trace (`Trace.trap`); so does the limit (`Trace.finished` is False).

    Raises
    ------
    CompileError
        If the source is no valid module.
    ExportNotFound
        If there is no such function.
    ArgumentError, LinkError
        If an argument or import is missing or does not fit.
    Unsupported
        If the function uses an instruction that the stepper does not know: SIMD, threads, exceptions, garbage collection.
    LimitExceeded
        If the module is too large for stepping, or its start function takes more steps than the limit.
    GuestTrap
        If a segment does not fit its memory or table, or the start function traps, so that the module cannot be instantiated.

    Examples
    --------
    >>> print(step('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))', "add", [2, 3]))
    add(2, 3) returns 5 (4 steps)
    step  instruction  stack  locals
       1  local.get 0  [2]    0=2 1=3
       2  local.get 1  [2 3]  0=2 1=3
       3  i32.add      [5]    0=2 1=3
       4  end          [5]    0=2 1=3
    """
    _check_limit(limit)
    wasm = to_wasm(source)
    contents = read_contents(wasm)
    _validate(wasm)
    index = _find(contents, function)
    values = _arguments(contents, index, args)
    machine = instantiate(contents, {} if imports is None else imports)
    if contents.declarations.start is not None:
        _run_start(machine, contents.declarations.start, limit)
    return _run(machine, index, values, limit)


def _check_limit(limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ArgumentRangeError(f"limit={limit!r} is no number of steps.", remedy="Give a whole number, 0 or more.")


def _run_start(machine: Machine, start: int, limit: int) -> None:
    """Run the start function, as instantiation does; without it there is no instance to step in."""
    if start in machine.hosts:
        machine.hosts[start]([])
        return
    trace = _run(machine, start, [], limit)
    if trace.trap is not None:
        raise GuestTrap(trace.trap, runtime="the stepper", detail="in the start function")
    if not trace.finished:
        raise LimitExceeded(f"The start function is not done after {limit} steps.", remedy="Raise `limit`, or make the start function shorter.")


def _validate(wasm: bytes) -> None:
    """Let Wasmtime's validator vouch for the types, so that the machine need not check them."""
    # Imported here, because reading a module needs no runtime.
    import wasmtime

    config = wasmtime.Config()
    for feature in ("gc", "function_references", "tail_call", "threads", "memory64", "multi_memory", "exceptions", "relaxed_simd"):
        if hasattr(wasmtime.Config, f"wasm_{feature}"):
            setattr(config, f"wasm_{feature}", True)
    try:
        wasmtime.Module.validate(wasmtime.Engine(config), wasm)
    except wasmtime.WasmtimeError as error:
        raise CompileError(f"The module is not valid: {str(error).strip()}.", remedy="Correct the function that the offset points to.") from None


def _find(contents: Contents, function: str | int) -> int:
    """The index of a function: by export, else by its name in the module."""
    declarations = contents.declarations
    exported = {export.name: export.index for export in declarations.exports if export.kind == "func"}
    named = {name: index for index, name in contents.names.spaces["func"].items()}
    count = len(declarations.functions)
    index = {**named, **exported}.get(function, -1) if isinstance(function, str) else function
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        known = ", ".join(repr(name) for name in list(exported)[:10]) or "none"
        raise ExportNotFound(f"There is no function {function!r}.", remedy=f"Exported functions: {known}; or give an index below {count}.")
    if index < contents.imported_functions:
        raise ExportNotFound(f"Function {function!r} is imported: it has no code to step through.", remedy="Step a function that calls it.")
    return index


def _arguments(contents: Contents, index: int, args: Sequence[int | float | None]) -> list[Value]:
    entry = contents.declarations.types[contents.declarations.functions[index]].type
    assert isinstance(entry, FuncType)  # the module was validated
    try:
        numbers = tuple(args)
    except TypeError:
        raise ArgumentError(
            f"The arguments must be a sequence, not {type(args).__name__}.", remedy='Put them in a list: step(…, "add", [2, 3]).'
        ) from None
    if len(numbers) != len(entry.params):
        raise ArgumentError(f"The function takes {len(entry.params)} arguments {entry}, not {len(numbers)}.", remedy="Give one for each parameter.")
    return [to_value(kind, number, f"Argument {place}") for place, (kind, number) in enumerate(zip(entry.params, numbers))]


def _run(machine: Machine, function: int, arguments: Sequence[Value], limit: int) -> Trace:
    """Step until the function returns, traps, or has used up its steps."""
    machine.stack += arguments
    machine.enter(function)
    last = start = machine.state()
    steps: list[Step] = []
    trap: TrapKind | None = None
    while machine.frames and trap is None and limit > 0:
        instruction = machine.frame.code.instructions[last.position]
        frame = machine.frame
        frame.position += 1
        machine.globals_written, machine.memory_written, machine.extra_cost = [], [], 0
        before, after = last, last
        try:
            EXECUTE[instruction.name](machine, *instruction.immediates)
            after = machine.state() if machine.frames else _final_state(machine, frame.code.index, len(frame.code.instructions), frame.locals)
        except Trapped as trapped:
            trap = trapped.kind
        steps.append(Step(instruction, before, after, tuple(machine.globals_written), tuple(machine.memory_written)))
        last = after
        limit -= 1 + machine.extra_cost
    names = machine.contents.function_names()
    ran = {start.function, *(taken.after.function for taken in steps)}
    listings = {index: list_function(machine.contents, machine.code(index), names.get(index)) for index in ran}
    return Trace(function, tuple(arguments), start, tuple(steps), trap, trap is not None or not machine.frames, listings)


def _final_state(machine: Machine, function: int, position: int, local_values: tuple[Value, ...]) -> State:
    """All calls are done: what is on the stack are the results."""
    return State(function, position, 0, tuple(machine.stack), local_values)
