"""Components in a worker: commands and functions built for WASI 0.2, on Wasmtime, with what they were granted."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import wasmtime
from wasmtime import component
from wasmtime.component import ValType, Variant

from labkit.errors import ArgumentError, ArtifactError, CompileError, ExportNotFound, GuestTrap, LinkError, TrapKind, Unsupported
from labkit.limits import Limits
from labkit.runtimes import artifacts
from labkit.runtimes.wasmtime_failures import backtrace
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime
from labkit.runtimes.wasmtime_store import WasmtimeStore
from labkit.sandbox.grants import Grants
from labkit.sandbox.request import Request
from labkit.sandbox.wasi_wasmtime import grant, own_streams

__all__ = ["Components"]

#: What the runtime says of each trap; of a component it gives words alone.
_TRAPS = {
    "`unreachable` instruction executed": TrapKind.UNREACHABLE,
    "integer divide by zero": TrapKind.INTEGER_DIVIDE_BY_ZERO,
    "integer overflow": TrapKind.INTEGER_OVERFLOW,
    "invalid conversion to integer": TrapKind.INVALID_CONVERSION,
    "out of bounds memory access": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS,
    "uninitialized element": TrapKind.UNDEFINED_ELEMENT,
    "indirect call type mismatch": TrapKind.INDIRECT_CALL_TYPE_MISMATCH,
    "call stack exhausted": TrapKind.STACK_OVERFLOW,
    "all fuel consumed": TrapKind.OUT_OF_FUEL,
}
#: Of each kind of number: its lowest and highest value; none for floats.
_NUMBERS: dict[type[ValType], tuple[int, int] | None] = {
    component.Bool: (0, 1),
    **{getattr(component, f"S{bits}"): (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{getattr(component, f"U{bits}"): (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    component.F32: None,
    component.F64: None,
}
_RUN = re.compile(r"wasi:cli/run@0\.2\.\d+")
#: Each byte that a guest is given passes through Python.
_MOST_RANDOM_BYTES = 2**20


class Components:
    """How a worker loads, compiles and runs components."""

    def __init__(self, runtime: WasmtimeRuntime) -> None:
        self.runtime = runtime

    def load(self, descriptor: int) -> component.Component:
        """Map what was compiled and checked before: the file holds what the runtime wrote, and nothing else."""
        try:
            return component.Component.deserialize_file(self.runtime.engine(fuel=False), f"/dev/fd/{descriptor}")
        except wasmtime.WasmtimeError as error:
            raise ArtifactError(f"{self.runtime.name} refuses the artifact: {error}.", remedy="Compile the component again.") from None
        finally:
            os.close(descriptor)

    def expect(self, _compiled: component.Component, _limits: Limits) -> None:
        """A component's store and linker take no time to make."""

    def compile(self, wasm: bytes, request: Request) -> component.Component:
        """Compile a component, with fuel where it is asked for."""
        try:
            return component.Component(self.runtime.engine(fuel=request.fuel_units is not None), wasm)
        except wasmtime.WasmtimeError as error:
            words = " ".join(str(error).split())
            raise CompileError(f"{self.runtime.name} refuses the component: {words}.", remedy="Correct the component.") from None

    def artifact(self, compiled: component.Component) -> bytes:
        """What the cache keeps: `load` maps the part that the runtime wrote."""
        return artifacts.wrap(self.runtime.fingerprint, b"", bytes(compiled.serialize()))

    def run(self, compiled: component.Component, request: Request, limits: Limits) -> dict[str, Any]:
        """Run the command, or call the function, and give the answer."""
        store = self.runtime.store(limits=limits)
        assert isinstance(store, WasmtimeStore)
        config = own_streams()
        grant(config, request.grants)
        store.native.set_wasi(config)
        imported = list(compiled.type.imports(store.native.engine))
        if _uses_http(imported):
            store.native.set_wasi_http()
        begin = time.perf_counter()
        try:
            instance = self._linker(imported, store.metered, request.grants).instantiate(store.native, compiled)
            function = _find(instance, compiled, store.native, request.export)
            arguments = _arguments(function.type(store.native), request.args, request.export)
            begin = time.perf_counter()
            value = function(store.native, *arguments)
        except wasmtime.ExitTrap as trap:
            return {"exit_code": trap.code, "wall_seconds": time.perf_counter() - begin}
        except wasmtime.WasmtimeError as error:
            _fail(store, error)
        wall_seconds = time.perf_counter() - begin
        if request.export is not None:
            return {"values": () if value is None else (value,), "wall_seconds": wall_seconds}
        return {"exit_code": 0 if isinstance(value, Variant) and value.tag == "ok" else 1, "wall_seconds": wall_seconds}

    def _linker(self, imported: Sequence[str], metered: bool, grants: Grants) -> component.Linker:
        """Offer WASI 0.2, with a random source of labkit's own where it is to be seeded."""
        linker = component.Linker(self.runtime.engine(fuel=metered))
        linker.add_wasip2()
        if _uses_http(imported):
            linker.add_wasi_http()
        linker.allow_shadowing = True
        for name in imported:
            if grants.seed is not None and name.startswith("wasi:random/"):
                with linker.root() as root, root.add_instance(name) as interface:
                    for function, draw in _seeded(name, grants.seed).items():
                        interface.add_func(function, draw)
        return linker


def _uses_http(imported: Sequence[str]) -> bool:
    return any(name.startswith("wasi:http/") for name in imported)


def _find(instance: component.Instance, compiled: component.Component, store: wasmtime.Store, export: str | None) -> component.Func:
    """Find the function to call: a command's is in an interface of its own."""
    if export is None:
        interface = next(name for name in compiled.type.exports(store.engine) if _RUN.fullmatch(name))
        index = instance.get_export_index(store, "run", instance.get_export_index(store, interface))
    else:
        index = instance.get_export_index(store, export)
    function = None if index is None else instance.get_func(store, index)
    if function is None:
        raise ExportNotFound(f"The component exports no function {export or 'run'!r}.", remedy="labkit.inspect lists what it exports.")
    return function


def _arguments(type: component.FuncType, args: Sequence[int | float | str], export: str | None) -> list[int | float]:
    """Convert the arguments, and refuse by name a function that takes or gives anything but numbers."""
    kinds = [kind for _, kind in type.params]
    if export is None:
        return []
    for kind in [*kinds, *([] if type.result is None else [type.result])]:
        if kind.__class__ not in _NUMBERS:
            raise Unsupported(
                f"The function {export} has the type {_name(kind)} in its signature, and labkit.run carries numbers.",
                remedy="Export one with numbers.",
            )
    if len(kinds) != len(args):
        raise ArgumentError(f"{export} takes {len(kinds)} arguments ({', '.join(map(_name, kinds))}), and got {len(args)}.", remedy="Pass those.")
    return [_number(kind, value, f"Argument {i} of {export}") for i, (kind, value) in enumerate(zip(kinds, args), 1)]


def _number(kind: ValType, value: int | float | str, what: str) -> int | float:
    bounds = _NUMBERS[kind.__class__]
    try:
        if bounds is None:
            return float(value)
        number = int(value, 0) if isinstance(value, str) else value
        if not isinstance(number, int) or not bounds[0] <= number <= bounds[1]:
            raise ValueError
    except (ValueError, OverflowError):
        wanted = "any number" if bounds is None else f"a whole number from {bounds[0]} to {bounds[1]}"
        raise ArgumentError(f"{what} is {str(value)[:40]}, which is no {_name(kind)}.", remedy=f"Pass {wanted}.") from None
    return bool(number) if kind.__class__ is component.Bool else number


def _name(kind: ValType) -> str:
    return kind.__class__.__name__.removesuffix("Type").lower()


def _fail(store: WasmtimeStore, error: wasmtime.WasmtimeError) -> NoReturn:
    """Raise a trap of the kind that the words tell; anything else as the store does."""
    words = " ".join(str(error).split())
    told = words.rpartition("wasm trap: ")[2]
    kind = next((kind for phrase, kind in _TRAPS.items() if phrase in told), None)
    if kind is not None:
        raise GuestTrap(kind, runtime=store.runtime.name, backtrace=backtrace(error)) from None
    try:
        store.raise_failure(error)
    except LinkError:
        pass
    raise LinkError(f"{store.runtime.name} cannot link the component: {words}.", remedy="Build it for WASI 0.2 as it was released.") from None


def _seeded(name: str, seed: int) -> dict[str, Callable[..., Any]]:
    """Make the functions of one of the interfaces of `wasi:random`, from a source of its own."""
    source = random.Random(f"{name.partition('@')[0]} {seed}")

    def draw_bytes(_store: object, size_bytes: int) -> bytes:
        if size_bytes > _MOST_RANDOM_BYTES:
            raise GuestTrap(TrapKind.OTHER, runtime="wasmtime", detail=f"the guest asked for {size_bytes} random bytes at once")
        return source.randbytes(size_bytes)

    def draw_number(_store: object) -> int:
        return source.getrandbits(64)

    def draw_pair(_store: object) -> tuple[int, int]:
        return source.getrandbits(64), source.getrandbits(64)

    functions: dict[str, dict[str, Callable[..., Any]]] = {
        "wasi:random/random": {"get-random-bytes": draw_bytes, "get-random-u64": draw_number},
        "wasi:random/insecure": {"get-insecure-random-bytes": draw_bytes, "get-insecure-random-u64": draw_number},
        "wasi:random/insecure-seed": {"insecure-seed": draw_pair},
    }
    return functions.get(name.partition("@")[0], {})
