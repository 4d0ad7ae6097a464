"""Wasmer behind labkit's interface, on the `wasmer` package of 2022 and its three compilers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn

from labkit.errors import ArtifactError, LabkitError, OutOfBounds, Unsupported
from labkit.limits import Limits
from labkit.modules.types import Export, FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Module
from labkit.runtimes.store import Store
from labkit.runtimes.values import FORMAT, is_numeric
from labkit.runtimes.wasmer_binding import VERSION, is_panic, probe, wasmer, where_it_may_panic
from labkit.runtimes.wasmer_bridges import function_cell, new_table
from labkit.runtimes.wasmer_calls import bind_function, host_function
from labkit.runtimes.wasmer_code import Code, Engine
from labkit.runtimes.wasmer_externs import HostFunction, WasmerGlobal, WasmerMemory
from labkit.runtimes.wasmer_family import WasmerFamily
from labkit.runtimes.wasmer_hazards import find_hazards, refuse_garbled, refuse_hazards
from labkit.runtimes.wasmer_initialisation import INITIALISE, defer_initialisation
from labkit.runtimes.wasmer_tables import WasmerTable
from labkit.runtimes.wasmer_words import compile_error, failure_error

__all__ = ["WasmerRuntime", "WasmerStore", "probe"]


class WasmerRuntime(WasmerFamily):
    """Wasmer in this process, for code you trust.

    It holds Python's lock while a guest runs and has no fuel, no epochs and no interruption: an endless loop blocks every
    thread, and only ending the process stops it. Its WASI does not confine files. `labkit.run` gives it a process of its own.

    Parameters
    ----------
    compiler : str
        ``"cranelift"``, ``"singlepass"`` or ``"llvm"``.
    """

    family = "wasmer"
    version = VERSION
    release_year = 2022
    enforces = frozenset()

    def _compile(self, wasm: bytes) -> Code:
        hazards = find_hazards(wasm)
        refuse_hazards(wasm, hazards, self.name, self.version)
        deferred = hazards.can_leave_functions and self._is_valid(wasm)
        return self._code(defer_initialisation(wasm) if deferred else wasm, deferred=deferred)

    def _code(self, wasm: bytes, *, deferred: bool = False) -> Code:
        try:
            return where_it_may_panic(lambda: Code.compile(self.compiler, wasm, deferred=deferred))
        except BaseException as failure:
            if isinstance(failure, RuntimeError) or is_panic(failure):
                raise compile_error(failure, self.name, self.version) from None
            raise

    def _is_valid(self, wasm: bytes) -> bool:
        try:
            return where_it_may_panic(lambda: bool(wasmer.Module.validate(Engine(self.compiler).native, wasm)))
        except BaseException as failure:
            if is_panic(failure):
                return False
            raise

    def _validate(self, wasm: bytes) -> None:
        refuse_hazards(wasm, find_hazards(wasm), self.name, self.version)
        if not self._is_valid(wasm):
            self._compile(wasm)  # which says why not

    def _serialize(self, native: Code) -> bytes:
        return bytes([native.deferred]) + native.payload

    def _deserialize(self, payload: bytes) -> Code:
        code = Code(self.compiler, payload[1:], deferred=bool(payload[0]))
        try:
            code.module(code.engine)
        except RuntimeError as error:
            raise ArtifactError(f"{self.name} refuses the artifact: {error}.", remedy="Compile the module again.") from None
        return code

    def _store(self, limits: Limits) -> WasmerStore:
        return WasmerStore(self, limits)

    def _engine_for(self, module: Module, store: WasmerStore) -> Engine:
        del store
        return module.native.engine  # type: ignore[no-any-return]

    def _compile_bridge(self, wasm: bytes) -> Code:
        return self._code(wasm)


class WasmerStore(Store):
    """A store: Wasmer links whatever lives in one engine, and frees an instance though a table may still name its functions."""

    runtime: WasmerRuntime

    def __init__(self, runtime: WasmerRuntime, limits: Limits) -> None:
        super().__init__(runtime, limits)
        #: The Python functions that its guests can call.
        self.keep: list[Any] = []
        #: Whether it runs a rewritten module, whose code is not at the offsets of the reader's.
        self.has_moved_code = False
        self._held: list[list[Any]] = []
        self._cells: dict[int, Any] = {}

    @cached_property
    def engine(self) -> Engine:
        """The engine all in it lives in: a module's own where the store was made for one instance."""
        return Engine(self.runtime.compiler)

    def hold(self, native: Any) -> list[Any]:
        """Keep an object of the binding's alive until the store closes; the list is then empty."""
        self._held.append([native])
        return self._held[-1]

    def bridge(self, wat: str, imports: dict[str, Any]) -> Any:
        """Instantiate a bridge; what the binding takes of its exports keeps it alive."""
        return wasmer.Instance(self.runtime.bridge(wat).module(self.engine), {"": imports})

    def cell_of(self, function: list[Any], type: FuncType) -> Any:
        """Get the cell with a held function in it, made once by a bridge that lives as long as the store, since tables may name it."""
        key = id(function)
        if key not in self._cells:
            bridge = self.hold(self.bridge(function_cell(type), {"function": function[0]}))
            self._cells[key] = bridge[0].exports.cell
        return self._cells[key]

    def raise_failure(self, failure: BaseException) -> NoReturn:
        """Turn the binding's exception into labkit's; what a host function raised comes out as it was."""
        pending, self.pending = self.pending, None
        if failure is pending:
            raise failure
        if is_panic(failure):
            raise self.unpanicked(failure) from None
        if type(failure) is RuntimeError:
            raise failure_error(failure, self.runtime.name, offsets=not self.has_moved_code) from None
        raise failure

    def unpanicked(self, failure: BaseException) -> LabkitError:
        """Put a panic, which no `except Exception` would catch, in the words of an error."""
        runtime = f"{self.runtime.name} {self.runtime.version}"
        if "bigger than current length" in str(failure):
            return Unsupported(
                f"{runtime} fails where a buffer that WASI is to fill ends exactly at the end of memory; one page more would do",
                remedy='Let the memory have a page more than the guest uses, or use "wasmtime".',
            )
        return Unsupported(f"The Python binding of {runtime} failed: {failure}.", remedy='Use "wasmtime" for this.')

    def numbers_only(self, what: str) -> Unsupported:
        """Refuse what is no number, by name."""
        binding = f"the Python binding of {self.runtime.name} {self.runtime.version}"
        return Unsupported(f"{what}, and {binding} carries numbers only.", remedy='Keep it among guests, or use "wasmtime" for references.')

    def _instantiate(self, module: Module, externs: list[Extern]) -> list[Any]:
        imports: dict[str, dict[str, Any]] = {}
        chosen: dict[tuple[str, str], Extern] = {}
        for wanted, extern in zip(module.imports, externs):
            if isinstance(extern, Function) and self.runtime.compiler == "singlepass":
                refuse_garbled(extern.type, isinstance(extern, HostFunction), f"{wanted.module}.{wanted.name}", self.runtime)
            first = chosen.setdefault((wanted.module, wanted.name), extern)
            if first.type != extern.type:
                raise Unsupported(
                    f"The module imports {wanted.module}.{wanted.name} with two types, and {self.runtime.name} tells imports by name alone.",
                    remedy='Give the imports two names, or use "wasmtime".',
                )
            imports.setdefault(wanted.module, {})[wanted.name] = first.native[0]
        try:
            native = self.hold(wasmer.Instance(module.native.module(self.engine), imports))
            if module.native.deferred:
                self.has_moved_code = True
                getattr(native[0].exports, INITIALISE)()
            return native
        except BaseException as failure:
            self.raise_failure(failure)

    def _export(self, native_instance: list[Any], export: Export) -> Extern:
        exports = native_instance[0].exports
        if export.name.startswith("__"):  # Python would find an attribute of the object's first
            native = self.hold(next(found for name, found in exports if name == export.name))
        else:
            native = self.hold(getattr(exports, export.name))
        if isinstance(export.type, FuncType):
            call, call_bits = bind_function(self, native, export.type, export.name)
            return Function(call, call_bits, name=export.name, type=export.type, store=self, native=native)
        if isinstance(export.type, MemoryType):
            return WasmerMemory(self, export.type, native)
        if isinstance(export.type, GlobalType):
            return WasmerGlobal(self, export.type, native)
        assert isinstance(export.type, TableType)
        return WasmerTable(self, export.type, native)

    def _func(self, call: Callable[..., Any], type: FuncType, name: str) -> Function:
        if not is_numeric(type):
            raise self.numbers_only(f"The function {name} has the type {type}")
        native = self.hold(host_function(self, call, type, name))
        guest_call, call_bits = bind_function(self, native, type, name)
        return HostFunction(guest_call, call_bits, name=name, type=type, store=self, native=native)

    def _memory(self, type: MemoryType) -> WasmerMemory:
        try:
            native = wasmer.Memory(self.engine.native, wasmer.MemoryType(type.minimum_pages, type.maximum_pages, False))
        except RuntimeError as error:
            raise OutOfBounds(f"{self.runtime.name} cannot make the memory: {error}.", remedy="Ask for less.") from None
        return WasmerMemory(self, type, self.hold(native))

    def _global(self, type: GlobalType, value: Any) -> WasmerGlobal:
        if type.content not in FORMAT:
            raise self.numbers_only(f"The global is a {type.content}")
        native = wasmer.Global(self.engine.native, getattr(wasmer.Value, type.content)(value), type.mutable)
        return WasmerGlobal(self, type, self.hold(native))

    def _table(self, type: TableType) -> WasmerTable:
        bridge = self.bridge(new_table(type.minimum, type.maximum, type.element), {})
        return WasmerTable(self, type, self.hold(bridge.exports.table))

    def _close(self) -> None:
        for native in self._held:
            native.clear()
        self._held.clear()
        self._cells.clear()
        self.keep.clear()
