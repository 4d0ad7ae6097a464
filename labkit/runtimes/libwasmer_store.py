"""A store of the current Wasmer: what instances live in, with their fuel, and the way errors come out of it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from labkit.errors import GuestTrap, OutOfBounds, TrapKind, Unsupported
from labkit.limits import Limits
from labkit.modules.types import Export, FuncType, GlobalType, MemoryType, TableType
from labkit.runtimes.externs import Extern, Function
from labkit.runtimes.instance import Module
from labkit.runtimes.libwasmer_binding import KINDS, NO_MAXIMUM, Pair, Vector, last_error, library
from labkit.runtimes.libwasmer_calls import bind_function, host_function, write_value
from labkit.runtimes.libwasmer_code import Code, Engine, NativeModule
from labkit.runtimes.libwasmer_externs import LibwasmerGlobal, LibwasmerMemory, LibwasmerTable
from labkit.runtimes.libwasmer_fuel import START, Metered
from labkit.runtimes.libwasmer_hazards import refuse_garbled
from labkit.runtimes.libwasmer_references import Reference
from labkit.runtimes.libwasmer_words import link_error, take_trap
from labkit.runtimes.store import Store
from labkit.runtimes.wasmer_bridges import function_cell

if TYPE_CHECKING:
    from labkit.runtimes.libwasmer_runtime import LibwasmerRuntime

__all__ = ["LibwasmerStore", "NativeInstance"]


class NativeInstance:
    """An instance of the library's, and its exports from when one is asked for."""

    __slots__ = ("_exports", "_names", "_places", "native")

    def __init__(self, native: int, names: Iterable[str]) -> None:
        self.native = native
        self._names = names
        self._exports: Any = None

    def export(self, store: LibwasmerStore, name: str, kind: str) -> int | None:
        """Where an export of a kind is; None if it is of another. The store keeps it."""
        if self._exports is None:
            vector = Vector()
            library().wasm_instance_exports(self.native, ctypes.byref(vector))
            store.hold(vector, lambda vector: library().wasm_extern_vec_delete(ctypes.byref(vector)))
            self._exports = (ctypes.c_void_p * vector.size).from_address(vector.data) if vector.size else ()
            self._places = {name: i for i, name in enumerate(self._names)}
        found: int | None = getattr(library(), f"wasm_extern_as_{kind}")(self._exports[self._places[name]])
        return found


class LibwasmerStore(Store):
    """A store of the current Wasmer."""

    runtime: LibwasmerRuntime

    def __init__(self, runtime: LibwasmerRuntime, limits: Limits) -> None:
        super().__init__(runtime, limits)
        #: The Python functions that its guests can call.
        self.keep: list[Any] = []
        #: Python's objects that its guests were given, by the number that each is known by there, with their boxes.
        self.objects: dict[int, tuple[Any, Reference]] = {}
        self._held: list[tuple[Any, Callable[[Any], object]]] = []
        self._modules: dict[int, tuple[Code, NativeModule]] = {}
        self._cells: dict[int, int] = {}
        self._made_here: set[int] = set()
        self._metered: NativeInstance | None = None
        self._moved_bytes: int | None = 0

    @cached_property
    def engine(self) -> Engine:
        """The engine all in it lives in: a module's own where the store was made for one instance."""
        return Engine(self.runtime.compiler)

    @cached_property
    def native(self) -> int:
        """Where the library's store is."""
        return int(library().wasm_store_new(self.engine.native))

    def hold(self, native: Any, delete: Callable[[Any], object]) -> Any:
        """Keep an object of the library's until the store closes."""
        self._held.append((native, delete))
        return native

    def fail(self, trap: int) -> NoReturn:
        """Raise what stopped a call: what a host function raised, or the guest's trap."""
        pending, self.pending = self.pending, None
        if pending is not None:
            library().wasm_trap_delete(trap)
            raise pending
        failure = take_trap(trap, self.runtime.name, moved_bytes=self._moved_bytes)
        if failure.kind is TrapKind.UNREACHABLE and self._metered and library().wasmer_metering_points_are_exhausted(self._metered.native):
            # What is left was too little for the instructions ahead, and nothing shall run on it.
            library().wasmer_metering_set_remaining_points(self._metered.native, 0)
            raise GuestTrap(TrapKind.OUT_OF_FUEL, runtime=self.runtime.name, detail="all fuel consumed", backtrace=failure.backtrace)
        raise failure

    @property
    def fuel(self) -> int:
        """Units of fuel left."""
        self.check()
        if self.limits.fuel_units is None:
            return super().fuel
        return int(library().wasmer_metering_get_remaining_points(self._metered.native)) if self._metered else self.limits.fuel_units

    def foreign(self, value: Any) -> Reference:
        """Box a Python object; the same one each time, for the library frees none before the store closes."""
        if id(value) not in self.objects:
            calls = library()
            reference = Reference(calls.wasm_foreign_new(self.native))
            calls.wasm_ref_set_host_info(reference.native, id(value))
            self.objects[id(value)] = (value, reference)
        return self.objects[id(value)][1]

    def reference(self, function: Function) -> Reference:
        """Box a function, out of a cell that a guest has put it in: the library ends the process when a Python function is boxed as it is."""
        if function.native not in self._cells:
            source = function_cell(function.type)
            bridge = self._new_instance(self.runtime.bridge(source), [function], ("cell",))
            self._cells[function.native] = bridge.export(self, "cell", "table") or 0
        return Reference(library().wasm_table_get(self._cells[function.native], 0))

    def _instantiate(self, module: Module, externs: list[Extern]) -> NativeInstance:
        if self.runtime.compiler == "singlepass":
            for wanted, extern in zip(module.imports, externs):
                if isinstance(extern, Function) and extern.native not in self._made_here:
                    refuse_garbled(extern.type, f"{wanted.module}.{wanted.name}", f"{self.runtime.name} {self.runtime.version}")
        if self.limits.fuel_units is None:
            return self._new_instance(module.native, externs, module.declared)
        metered = self._meter(module)
        if self._metered:
            raise Unsupported(f"{self.runtime.name} counts the fuel of one instance in a store.", remedy="Make a store for each, or leave fuel out.")
        self._moved_bytes = metered.moved_bytes
        instance = self._metered = self._new_instance(metered.code, externs, (*module.declared, START) if metered.has_start else module.declared)
        library().wasmer_metering_set_remaining_points(instance.native, min(self.limits.fuel_units, 2**64 - 2))
        if metered.has_start:
            start, _ = bind_function(self, instance.export(self, START, "func") or 0, FuncType((), ()), START)
            start()
        return instance

    def _meter(self, module: Module) -> Metered:
        if "fuel" not in module.variants:
            if module.wasm is None:
                raise Unsupported("A deserialized module was compiled without fuel.", remedy="Compile it from its bytes to limit its fuel.")
            module.variants["fuel"] = self.runtime.meter(module.wasm)
        found: Metered = module.variants["fuel"]
        return found

    def code_of(self, module: Module) -> Code:
        """The code of a module that this store runs: with fuel or without."""
        code: Code = module.native if self.limits.fuel_units is None else self._meter(module).code
        return code

    def load(self, code: Code) -> int:
        """Where a module is, loaded in the engine of this store."""
        if id(code) not in self._modules:
            self._modules[id(code)] = (code, code.module(self.engine))
        return self._modules[id(code)][1].native

    def _new_instance(self, code: Code, externs: list[Extern], names: Iterable[str]) -> NativeInstance:
        calls, trap = library(), ctypes.c_void_p()
        imports = (ctypes.c_void_p * len(externs))(*(self._extern(extern) for extern in externs))
        given = Vector(len(externs), ctypes.addressof(imports))
        native = calls.wasm_instance_new(self.native, self.load(code), ctypes.byref(given), ctypes.byref(trap))
        if native:
            return NativeInstance(self.hold(native, calls.wasm_instance_delete), names)
        if trap.value:
            self.fail(trap.value)
        raise link_error(last_error(), self.runtime.name)

    @staticmethod
    def _extern(extern: Extern) -> int:
        """Where an extern is, as what any import is."""
        found: int = getattr(library(), f"wasm_{extern.type.kind}_as_extern")(extern.native)
        return found

    def _export(self, native_instance: NativeInstance, export: Export) -> Extern:
        can_be_carried = export.kind in ("func", "memory", "global", "table") and not (isinstance(export.type, MemoryType) and export.type.shared)
        native = native_instance.export(self, export.name, export.kind) if can_be_carried else None
        if native is None:
            remedy = "Use it inside the guest."
            raise Unsupported(f"The export {export.name!r} is a {export.kind} {export.type}, which labkit cannot carry.", remedy=remedy)
        if isinstance(export.type, FuncType):
            return self._function(native, export.type, export.name)
        if isinstance(export.type, MemoryType):
            return LibwasmerMemory(self, export.type, native)
        if isinstance(export.type, GlobalType):
            return LibwasmerGlobal(self, export.type, native)
        assert isinstance(export.type, TableType)
        return LibwasmerTable(self, export.type, native)

    def _function(self, native: int, type: FuncType, name: str) -> Function:
        call, call_bits = bind_function(self, native, type, name)
        return Function(call, call_bits, name=name, type=type, store=self, native=native)

    def _func(self, call: Callable[..., Any], type: FuncType, name: str) -> Function:
        native = self.hold(host_function(self, call, type, name), library().wasm_func_delete)
        self._made_here.add(native)
        return self._function(native, type, name)

    def _memory(self, type: MemoryType) -> LibwasmerMemory:
        bounds = Pair(type.minimum_pages, NO_MAXIMUM if type.maximum_pages is None else type.maximum_pages)
        native_type = library().wasm_memorytype_new(ctypes.byref(bounds))
        native = library().wasm_memory_new(self.native, native_type)
        library().wasm_memorytype_delete(native_type)
        return LibwasmerMemory(self, type, self._made(native, "memory"))

    def _global(self, type: GlobalType, value: Any) -> LibwasmerGlobal:
        native_value, _kept = write_value(self, type.content, value, "The global's value")
        native_type = library().wasm_globaltype_new(library().wasm_valtype_new(KINDS[type.content]), int(type.mutable))
        native = library().wasm_global_new(self.native, native_type, native_value)
        library().wasm_globaltype_delete(native_type)
        return LibwasmerGlobal(self, type, self._made(native, "global"))

    def _table(self, type: TableType) -> LibwasmerTable:
        bounds = Pair(type.minimum, NO_MAXIMUM if type.maximum is None else type.maximum)
        native_type = library().wasm_tabletype_new(library().wasm_valtype_new(KINDS[type.element]), ctypes.byref(bounds))
        native = library().wasm_table_new(self.native, native_type, None)
        library().wasm_tabletype_delete(native_type)
        return LibwasmerTable(self, type, self._made(native, "table"))

    def _made(self, native: int | None, kind: str) -> int:
        if not native:
            raise OutOfBounds(f"{self.runtime.name} cannot make the {kind}: {last_error()}.", remedy="Ask for less.")
        return int(self.hold(native, getattr(library(), f"wasm_{kind}_delete")))

    def _close(self) -> None:
        for native, delete in reversed(self._held):
            delete(native)
        self._held.clear()
        self._cells.clear()
        self.objects.clear()
        if "native" in self.__dict__:
            library().wasm_store_delete(self.native)
        self._modules.clear()
        self.keep.clear()
