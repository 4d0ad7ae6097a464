"""What became of a ``%%wasm`` cell: what came out of the compiler, and what each runtime did with it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from labkit.display import format_bytes, format_seconds, html_table, text_table
from labkit.modules.component import Layer, read_layers
from labkit.modules.interface import read_interface
from labkit.modules.reader import Reader
from labkit.sandbox.result import Result
from labkit.toolchains.artifact import Artifact

__all__ = ["Call", "CellReport"]

_NAMES_SHOWN = 10


@dataclass(frozen=True)
class Call:
    """One call of a function, or one run of the program, on one runtime.

    Attributes
    ----------
    text : str
        The call as a reader would write it.
    runtime : str
    result : Result or None
        None where the runtime could not run it.
    reason : str
        Why it could not.
    """

    text: str
    runtime: str
    result: Result | None = None
    reason: str = ""

    def _row(self) -> list[str]:
        return [self.text, *(self.result._row() if self.result else [self.runtime, "not run", self.reason, "–"])]


@dataclass(frozen=True)
class CellReport:
    """What became of a cell.

    Attributes
    ----------
    wasm : bytes
    assemble_seconds : float
        From text to bytes, where the cell was WebAssembly text; else NaN.
    calls : tuple of Call
    artifact : Artifact or None
        How a compiler made the module; None where it was assembled.
    notes : tuple of str
        What else a reader should know, in whole sentences.
    """

    wasm: bytes
    assemble_seconds: float
    calls: tuple[Call, ...]
    artifact: Artifact | None = None
    notes: tuple[str, ...] = ()

    _HEADER = ("call", "runtime", "outcome", "result", "call took")

    def _sentences(self) -> list[str]:
        layers = read_layers(Reader(self.wasm))
        sizes: dict[str, int] = {}
        for section in layers[0].sections:
            sizes[section.label] = sizes.get(section.label, 0) + section.size_bytes
        sections = ", ".join(f"{label} {format_bytes(size)}" for label, size in sizes.items())
        return [*self._origin(), *self.notes, f"Sections: {sections or 'none'}.", self._interface(layers)]

    def _origin(self) -> list[str]:
        """How the bytes came to be."""
        built, size = self.artifact, format_bytes(len(self.wasm))
        if built is None:
            return [f"{size} of WebAssembly, assembled in {format_seconds(self.assemble_seconds)}."]
        if built.prebuilt:
            return [f"{size} of WebAssembly, by {built.toolchain}.", built.note]
        if built.arguments:
            return [f"{size} of WebAssembly: {built.toolchain}, which gets the cell as an argument."]
        kept = ", when this cell was first compiled" if built.from_cache else ""
        made = [f"{size} of WebAssembly, compiled by {built.toolchain} in {format_seconds(built.wall_seconds)}{kept}."]
        if built.optimizer:
            made.append(f"Before {built.optimizer}: {format_bytes(built.compiled_size_bytes)}; after it: {size}.")
        if built.note:
            made.append(built.note)
        return made

    def _interface(self, layers: list[Layer]) -> str:
        if layers[0].kind == "component":
            count = sum(layer.kind == "module" for layer in layers)
            needs, offers = ([item.name for item in items] for items in (layers[0].imports, layers[0].exports))
            return f"A component of {count} core modules. Imports: {_listed(needs)}. Exports: {_listed(offers)}."
        interface = read_interface(self.wasm)
        modules: dict[str, list[str]] = {}
        for item in interface.imports:
            modules.setdefault(item.module, []).append(item.name)
        imports = "; ".join(f"from {module}: {_listed(names)}" for module, names in modules.items())
        return f"Imports{' ' + imports if imports else ': none'}. Exports: {_listed([str(item) for item in interface.exports])}."

    def _rows(self) -> list[list[str]]:
        return [call._row() for call in self.calls]

    def _streams(self) -> list[tuple[str, str]]:
        """What programs wrote, once where several runtimes made them write the same."""
        written: dict[tuple[str, str], list[str]] = {}
        for call in self.calls:
            for stream in call.result._streams() if call.result else ():
                written.setdefault(stream, []).append(call.runtime)
        return [(f"{name} on {', '.join(names)}", text) for (name, text), names in written.items()]

    def __str__(self) -> str:
        streams = [f"\n{name}:\n{text.rstrip()}" for name, text in self._streams()]
        return "\n".join([*self._sentences(), *streams, *(["", text_table(self._HEADER, self._rows())] if self.calls else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        streams = "".join(f"<p>{escape(name)}:</p><pre>{escape(text)}</pre>" for name, text in self._streams())
        table = html_table(self._HEADER, self._rows(), grey=[i for i, call in enumerate(self.calls) if call.result is None], right=[4])
        return f"<p>{'<br>'.join(map(escape, self._sentences()))}</p>{streams}{table if self.calls else ''}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(names[:_NAMES_SHOWN]) or "none") + more
