"""What can be run at all: checked before a process is asked to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from labkit.errors import ArgumentError, ExportNotFound, LinkError, Unsupported
from labkit.modules.component import Layer, read_layers
from labkit.modules.interface import Interface, read_interface
from labkit.modules.reader import Reader
from labkit.modules.types import FuncType, Import
from labkit.runtimes.values import boundary_types, check_value, explain
from labkit.sandbox.confinement import landlock_version
from labkit.sandbox.preview1 import NAMESPACE

__all__ = ["check_component", "check_function", "check_program", "component_of", "interface_of"]

_WASI = re.compile(r"wasi:(?P<package>[\w-]+)/(?P<interface>[\w-]+)@(?P<version>\d+\.\d+)\..+")
_RUN = re.compile(r"wasi:cli/run@0\.2\.\d+")
_PACKAGES = ("cli", "clocks", "filesystem", "http", "io", "random", "sockets")
#: The first version of Landlock that shuts off TCP.
_LANDLOCK_NETWORK = 4
_REMEDY_TRUST = "Instantiate it in this process with labkit.runtime(…).compile(…).instantiate(…), if you trust it."


@lru_cache(maxsize=8)
def interface_of(wasm: bytes) -> Interface:
    """Read a module once, however often it runs."""
    return read_interface(wasm)


@lru_cache(maxsize=8)
def component_of(wasm: bytes) -> Layer:
    """Read a component once, however often it runs."""
    return read_layers(Reader(wasm))[0]


def check_program(interface: Interface) -> None:
    """Check that a module is a program for WASI preview 1.

    Raises
    ------
    ExportNotFound, LinkError
    """
    start = next((item for item in interface.exports if item.name == "_start"), None)
    if start is None or start.type != FuncType((), ()):
        functions = [item.name for item in interface.exports if isinstance(item.type, FuncType) and item.name != "_initialize"]
        remedy = f'Name a function to call: export="{functions[0]}".' if functions else "Build it as a command for wasm32-wasip1."
        raise ExportNotFound("The module is no program: it exports no function _start without parameters and results.", remedy=remedy)
    for item in interface.imports:
        if not _is_wasi(item):
            raise LinkError(
                f"The module imports {item.module}.{item.name}, a {item.kind}, and a program is given WASI preview 1 ({NAMESPACE}) alone.",
                remedy=_REMEDY_TRUST,
            )


def check_function(interface: Interface, export: str, args: Sequence[int | float | str]) -> list[int | float]:
    """Check that a module's function can be called, and give its arguments as numbers.

    Raises
    ------
    LinkError, ExportNotFound, ArgumentError, Unsupported
    """
    for item in interface.imports:
        if not _is_wasi(item):
            raise LinkError(f"The module imports {item.module}.{item.name}, and run gives a function WASI preview 1 alone.", remedy=_REMEDY_TRUST)
    functions = {item.name: item.type for item in interface.exports if isinstance(item.type, FuncType)}
    if export not in functions:
        raise ExportNotFound(f"The module exports no function {export!r}.", remedy=f"It exports {', '.join(functions) or 'none'}.")
    type = functions[export]
    boundary_types([*type.params, *type.results], f"The function {export!r}")
    if len(args) != len(type.params):
        explain(type.params, list(args), export)
    return [_number(kind, value, f"Argument {i} of {export}") for i, (kind, value) in enumerate(zip(type.params, args), 1)]


def check_component(component: Layer, export: str | None, runtime: str) -> None:
    """Check that a component is a command for WASI 0.2, or has the function; the types of that one are for the runtime to tell.

    Raises
    ------
    Unsupported
        If the runtime has no components, or this one is for another version of WASI.
    LinkError, ExportNotFound
    """
    if not runtime.startswith("wasmtime"):
        raise Unsupported(
            f"{runtime} cannot run this: it is a component, for WASI 0.2, and of labkit's runtimes only Wasmtime has those.",
            remedy='Use runtime="wasmtime", or build it for wasm32-wasip1, which is a core module.',
        )
    for item in (*component.imports, *component.exports):
        found = _WASI.fullmatch(item.name)
        if found and (found["version"] != "0.2" or "-" in item.name.partition("@")[2]):
            raise Unsupported(
                f"The component is built for another WASI than 0.2: it names {item.name}, which Wasmtime's package for Python cannot host.",
                remedy="Build it for wasm32-wasip2.",
            )
    for item in component.imports:
        found = _WASI.fullmatch(item.name)
        if item.kind == "instance" and not (found and found["package"] in _PACKAGES):
            raise LinkError(f"The component imports {item.name}, and is given WASI 0.2 alone.", remedy="Build it as a command for wasm32-wasip2.")
        if found and found["package"] == "http" and landlock_version() < _LANDLOCK_NETWORK:
            raise Unsupported(
                f"The component imports {item.name}, and this system cannot keep it from the network: that takes Landlock, of Linux 6.7.",
                remedy="Build it without wasi:http, or run it on a newer system.",
            )
        if item.kind not in ("instance", "type"):
            raise LinkError(f"The component imports {item.name}, a {item.kind}, and run gives it no host functions.", remedy="Compose it first.")
    functions = [item.name for item in component.exports if item.kind == "func"]
    if export is not None and export not in functions:
        raise ExportNotFound(f"The component exports no function {export!r}.", remedy=f"It exports {', '.join(functions) or 'none by itself'}.")
    if export is None and not any(_RUN.fullmatch(item.name) for item in component.exports):
        others = ", ".join(item.name for item in component.exports) or "nothing"
        remedy = f'Name a function to call: export="{functions[0]}".' if functions else "Build it as a command for wasm32-wasip2."
        raise ExportNotFound(f"The component is no command: it exports {others}, and not wasi:cli/run@0.2.", remedy=remedy)


def _is_wasi(item: Import) -> bool:
    return item.module == NAMESPACE and isinstance(item.type, FuncType)


def _number(type: str, value: int | float | str, what: str) -> int | float:
    if isinstance(value, str):
        word = value[:40]
        try:
            value = int(value, 0) if type.startswith("i") else float(value)
        except ValueError:
            raise ArgumentError(f"{what} is {word!r}, which is no {type}.", remedy="Write a number.") from None
    number: int | float = check_value(type, value, what)
    return number
