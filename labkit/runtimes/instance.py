"""A compiled module, and an instance of it: the same on every runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from labkit.display import html_table, text_table
from labkit.errors import ArgumentError, ExportNotFound
from labkit.limits import Limits
from labkit.modules.interface import Interface, interface_bytes
from labkit.modules.types import Export, FuncType, Import
from labkit.runtimes import artifacts
from labkit.runtimes.externs import Extern, Function, Global, Table
from labkit.runtimes.linking import resolve_imports
from labkit.runtimes.memory import Memory
from labkit.runtimes.store import Store
from labkit.runtimes.values import boundary_types

if TYPE_CHECKING:
    from labkit.runtimes.interface import Runtime

__all__ = ["Exports", "Instance", "Module"]

AnyExtern = TypeVar("AnyExtern", bound=Extern)


class Module:
    """A compiled module: it can be instantiated any number of times, from any thread.

    Attributes
    ----------
    runtime : Runtime
    interface : Interface
        What it imports and exports, read by labkit's own parser.
    """

    def __init__(self, runtime: Runtime, interface: Interface, native: Any, wasm: bytes | None, stub: bytes | None = None) -> None:
        self.runtime = runtime
        self.interface = interface
        self.native = native
        self.wasm = wasm
        self._stub = stub
        #: The same module made ready in other ways: compiled with fuel, linked beforehand.
        self.variants: dict[str, Any] = {}
        #: What an instance offers, by name.
        self.declared = {export.name: export for export in interface.exports}

    @property
    def imports(self) -> tuple[Import, ...]:
        """What an instance must be given, in order."""
        return self.interface.imports

    @property
    def exports(self) -> tuple[Export, ...]:
        """What an instance offers, in order."""
        return self.interface.exports

    def serialize(self) -> bytes:
        """Write the compiled module as an artifact, for `Runtime.deserialize` on the same runtime, version and machine.

        Examples
        --------
        >>> import labkit
        >>> wasmtime = labkit.runtime("wasmtime")
        >>> artifact = wasmtime.compile('(module (func (export "one") (result i32) i32.const 1))').serialize()
        >>> wasmtime.deserialize(artifact).instantiate().func("one")()
        1
        """
        stub = self._stub if self.wasm is None else interface_bytes(self.wasm)
        return artifacts.wrap(self.runtime.fingerprint, stub or b"", self.runtime._serialize(self.native))

    def instantiate(self, imports: Mapping[str, Any] | None = None, *, limits: Limits | None = None, store: Store | None = None) -> Instance:
        """Make an instance, in a store of its own or in a given one.

        Parameters
        ----------
        imports : mapping, optional
            Module name to a mapping of name to a Python function, a number (for an immutable global), or another
            instance's export; or to an instance, for all of its exports. With exports among them the store is theirs.
        limits : Limits, optional
            For a store of its own.
        store : Store, optional
            The store to make it in.

        Returns
        -------
        Instance

        Raises
        ------
        LinkError
            If an import is missing, has the wrong type or lives in another store.
        GuestTrap
            If the module's start function, or the filling of its memory and tables, traps.
        LimitExceeded
            If the module needs more than its limits from the start.
        """
        shared = store or (_store_of(imports) if imports else None)
        if shared is not None:
            self._check_store(shared, limits)
        home = shared or self.runtime._store_for(self, limits)
        try:
            externs = resolve_imports(self.interface.imports, imports or {}, home) if imports or self.interface.imports else []
            return Instance(self, home, home._instantiate(self, externs), shared is None)
        except BaseException:
            if shared is None:
                home.close()
            raise

    def fresh(self, name: str, imports: Mapping[str, Any] | None = None, *, limits: Limits | None = None) -> Callable[..., Any]:
        """Bind an exported function so that each call gets an instance of its own, which goes with it: no call sees what another left.

        On ``runtime("wasmtime", interruptible=False, pooled_instances=1000)`` a module without imports then takes a few
        microseconds from nothing to its answer. Any thread may call it.

        Parameters
        ----------
        name : str
        imports, limits
            As for `instantiate`; the imports cannot be another instance's exports.

        Returns
        -------
        callable

        Raises
        ------
        ExportNotFound
            If there is no such function.
        Unsupported
            If its type cannot cross between Python and the guest.

        Examples
        --------
        >>> import labkit
        >>> wat = '''(module (global $g (mut i32) (i32.const 0))
        ...   (func (export "count") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))'''
        >>> count = labkit.runtime("wasmtime").compile(wat).fresh("count")
        >>> count(), count()
        (1, 1)
        """
        export = _find(self.declared, name)
        if not isinstance(export.type, FuncType):
            raise ExportNotFound(f"The export {name!r} is a {export.kind}, not a function.", remedy="Name an exported function.")
        boundary_types([*export.type.params, *export.type.results], f"The function {name!r}")
        if imports and _store_of(imports) is not None:
            raise ArgumentError("Another instance's exports live in its store, and each call has its own.", remedy="Use instantiate.")
        if not imports and limits is None and (quick := self.runtime._bind_fresh(self, export.type, name)):
            return quick

        def call(*arguments: Any, **named: Any) -> Any:
            with self.instantiate(imports, limits=limits) as instance:
                return instance.func(name)(*arguments, **named)

        return call

    def _check_store(self, store: Store, limits: Limits | None) -> None:
        """Refuse a store in which no instance of this module can be made."""
        if limits is not None:
            raise ArgumentError("Limits belong to a store, and this one exists already.", remedy="Pass them to runtime.store(limits=…).")
        if store.runtime is not self.runtime:
            raise ArgumentError(
                f"The store belongs to {store.runtime!r} and the module to {self.runtime!r}.", remedy="Compile it with store.runtime."
            )
        store.check()

    def __repr__(self) -> str:
        return f"<Module on {self.runtime.name}: {len(self.imports)} imports, {len(self.exports)} exports>"


class Exports(Mapping[str, Extern]):
    """What an instance exports, by name, in the module's order."""

    def __init__(self, declared: Mapping[str, Export], store: Store, native: Any) -> None:
        self._declared = declared
        self._store = store
        self._native = native
        self._bound: dict[str, Extern] = {}

    def __getitem__(self, name: str) -> Extern:
        self._store.check()
        if name not in self._bound:
            self._bound[name] = self._store._export(self._native, _find(self._declared, name))
        return self._bound[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def _rows(self) -> list[list[str]]:
        return [[name, export.kind, str(export.type)] for name, export in self._declared.items()]

    def __repr__(self) -> str:
        return text_table(["export", "kind", "type"], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["export", "kind", "type"], self._rows())


class Instance:
    """A module that has been given its imports and a memory of its own.

    Attributes
    ----------
    module : Module
    store : Store
    """

    __slots__ = ("__weakref__", "_exports", "_native", "_owns_store", "module", "store")

    def __init__(self, module: Module, store: Store, native: Any, owns_store: bool) -> None:
        self.module = module
        self.store = store
        self._exports: Exports | None = None
        self._native = native
        self._owns_store = owns_store

    @property
    def exports(self) -> Exports:
        """Everything it exports, by name."""
        if self._exports is None:
            self._exports = Exports(self.module.declared, self.store, self._native)
        return self._exports

    def _find(self, name: str, kind: type[AnyExtern], word: str) -> AnyExtern:
        found = self.exports[name]
        if not isinstance(found, kind):
            declared = self.exports._declared[name]
            raise ExportNotFound(f"The export {name!r} is a {declared.kind}, not a {word}.", remedy=f"Use instance.exports[{name!r}].")
        return found

    def func(self, name: str) -> Function:
        """Bind an exported function: its types are checked now, its arguments at each call.

        Raises
        ------
        ExportNotFound
            If there is no such function.
        Unsupported
            If its type cannot cross between Python and the guest.
        """
        function = self._find(name, Function, "function")
        boundary_types([*function.type.params, *function.type.results], f"The function {name!r}")
        return function

    def memory(self, name: str = "memory") -> Memory:
        """Get an exported memory."""
        return self._find(name, Memory, "memory")  # type: ignore[type-abstract]

    def global_(self, name: str) -> Global:
        """Get an exported global (``global`` itself is a word of Python's)."""
        return self._find(name, Global, "global")  # type: ignore[type-abstract]

    def table(self, name: str) -> Table:
        """Get an exported table."""
        return self._find(name, Table, "table")  # type: ignore[type-abstract]

    def close(self) -> None:
        """Free it, where its store is its own; closing twice is fine."""
        if self._owns_store:
            self.store.close()

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Instance on {self.module.runtime.name}: {', '.join(self.exports) or 'no exports'}>"


def _find(declared: Mapping[str, Export], name: str) -> Export:
    if name not in declared:
        names = ", ".join(map(repr, list(declared)[:20])) or "nothing"
        raise ExportNotFound(f"The instance has no export {name!r}.", remedy=f"It exports {names}.")
    return declared[name]


def _store_of(imports: Mapping[str, Any] | None) -> Store | None:
    """Find the store of the first export among the imports."""
    for namespace in imports.values() if isinstance(imports, Mapping) else ():
        if isinstance(namespace, Instance):
            return namespace.store
        if isinstance(namespace, Exports):
            return namespace._store
        if isinstance(namespace, Mapping):
            for value in namespace.values():
                if isinstance(value, Extern):
                    return value.store
    return None
