"""Finding each import of a module, and refusing one that does not fit before a runtime sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labkit.errors import LinkError
from labkit.modules.types import FuncType, GlobalType, Import, MemoryType, TableType
from labkit.runtimes.externs import Extern, Table
from labkit.runtimes.memory import Memory
from labkit.runtimes.values import boundary_types, check_parameters, check_value

if TYPE_CHECKING:
    from labkit.runtimes.store import Store

__all__ = ["resolve_imports"]


def resolve_imports(declared: Sequence[Import], given: Mapping[str, Any], store: Store) -> list[Extern]:
    """Find an extern for every import, in order, all in ``store``.

    Raises
    ------
    LinkError
        If one is missing, has the wrong type or number of parameters, or lives in another store.
    """
    if not isinstance(given, Mapping):
        raise LinkError("The imports are no mapping.", remedy='Write {"module": {"name": value}}.')
    return [_resolve(wanted, given, store) for wanted in declared]


def _resolve(wanted: Import, given: Mapping[str, Any], store: Store) -> Extern:
    label = f"{wanted.module}.{wanted.name}"
    value = _look_up(wanted, given, label)
    if isinstance(value, Extern):
        _same_store(value, store, label)
        _matches(wanted, value, label)
        return value
    if isinstance(wanted.type, FuncType) and callable(value):
        boundary_types([*wanted.type.params, *wanted.type.results], f"The import {label}")
        check_parameters(value, wanted.type.params, label)
        return store._func(value, wanted.type, label)
    if isinstance(wanted.type, GlobalType) and not wanted.type.mutable and isinstance(value, (int, float)):
        boundary_types([wanted.type.content], f"The import {label}")
        return store._global(wanted.type, check_value(wanted.type.content, value, f"The import {label}"))
    raise LinkError(
        f"The import {label} must be a {wanted.kind} {wanted.type}, not a {type(value).__name__}.",
        remedy=_HOW_TO_MAKE.get(wanted.kind, "Pass another instance's export."),
    )


_HOW_TO_MAKE = {
    "func": "Pass a Python function, or another instance's export.",
    "memory": "Make one with store.memory(…), or pass another instance's export.",
    "table": "Make one with store.table(…), or pass another instance's export.",
    "global": "Make one with store.global_(…), pass a number if it is immutable, or another instance's export.",
}


def _look_up(wanted: Import, given: Mapping[str, Any], label: str) -> Any:
    namespace = given.get(wanted.module)
    namespace = getattr(namespace, "exports", namespace)
    if isinstance(namespace, Mapping) and wanted.name in namespace:
        return namespace[wanted.name]
    namespaces = {module: getattr(names, "exports", names) for module, names in given.items()}
    offered = [f"{module}.{name}" for module, names in namespaces.items() if isinstance(names, Mapping) for name in names]
    raise LinkError(
        f"The module imports {label}, a {wanted.kind} {wanted.type}, which was not given.",
        remedy=f'Instantiate it with {{"{wanted.module}": {{"{wanted.name}": …}}}} among the imports; '
        + (f"given were {', '.join(offered[:10])}." if offered else "none were given."),
    )


def _same_store(value: Extern, store: Store, label: str) -> None:
    if value.store is not store:
        raise LinkError(f"The import {label} lives in another store.", remedy="Instantiate both modules in one store: instantiate(…, store=store).")


def _matches(wanted: Import, value: Extern, label: str) -> None:
    """Import matching as the specification has it; types that name other types are left to the runtime."""
    offered = value.type
    fits = type(offered) is type(wanted.type)
    if fits and isinstance(wanted.type, FuncType):
        fits = offered == wanted.type or "(" in "".join((*wanted.type.params, *wanted.type.results))
    elif fits and isinstance(wanted.type, GlobalType):
        fits = offered == wanted.type or "(" in wanted.type.content
    elif fits and isinstance(wanted.type, MemoryType):
        assert isinstance(value, Memory)
        same = (offered.shared, offered.is_64, offered.page_size_bytes) == (
            wanted.type.shared,
            wanted.type.is_64,
            wanted.type.page_size_bytes,
        )
        fits = same and _within(value.pages, offered.maximum_pages, wanted.type.minimum_pages, wanted.type.maximum_pages)
    elif fits and isinstance(wanted.type, TableType):
        assert isinstance(value, Table)
        same = offered.is_64 == wanted.type.is_64 and (offered.element == wanted.type.element or "(" in wanted.type.element)
        fits = same and _within(value.size, offered.maximum, wanted.type.minimum, wanted.type.maximum)
    if not fits:
        raise LinkError(
            f"The import {label} must be a {wanted.kind} {wanted.type}, and the one given is {offered}.",
            remedy="Give one of that type, or change the import's type in the module.",
        )


def _within(size: int, maximum: int | None, wanted_minimum: int, wanted_maximum: int | None) -> bool:
    if size < wanted_minimum:
        return False
    return wanted_maximum is None or (maximum is not None and maximum <= wanted_maximum)
