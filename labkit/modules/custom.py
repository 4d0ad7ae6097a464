"""What toolchains leave in custom sections: who made the module, and which features of WebAssembly it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from labkit.errors import MalformedModule
from labkit.modules.reader import Reader

__all__ = ["Producer", "TargetFeature", "read_producers", "read_target_features"]

Item = TypeVar("Item")
_PREFIXES = {0x2B: "used", 0x2D: "disallowed", 0x3D: "required"}


@dataclass(frozen=True)
class Producer:
    """Someone who had a hand in making the module.

    Attributes
    ----------
    field : str
        ``language``, ``processed-by`` or ``sdk``.
    name, version : str

    Examples
    --------
    >>> print(Producer("processed-by", "rustc", "1.85.1"))
    processed-by rustc 1.85.1
    """

    field: str
    name: str
    version: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.field, self.name, self.version)))


@dataclass(frozen=True)
class TargetFeature:
    """A feature of WebAssembly that the compiler's target speaks of.

    Examples
    --------
    >>> print(TargetFeature("bulk-memory", "used"))
    bulk-memory (used)
    """

    name: str
    policy: str

    def __str__(self) -> str:
        return f"{self.name} ({self.policy})"


def read_producers(reader: Reader) -> tuple[Producer, ...]:
    """Read the contents of a ``producers`` section as far as they can be read.

    A damaged custom section does not make a module invalid, so this never raises; nor does `read_target_features`.

    Examples
    --------
    >>> read_producers(Reader(b"\\x01\\x08language\\x01\\x01C\\x0299"))
    (Producer(field='language', name='C', version='99'),)
    """
    return tuple(_until_damage(_producers(reader)))


def read_target_features(reader: Reader) -> tuple[TargetFeature, ...]:
    """Read the contents of a ``target_features`` section as far as they can be read.

    Examples
    --------
    >>> read_target_features(Reader(b"\\x01+\\x04simd"))
    (TargetFeature(name='simd', policy='used'),)
    """
    return tuple(_until_damage(_target_features(reader)))


def _producers(reader: Reader) -> Iterator[Producer]:
    for _ in range(reader.count("fields")):
        field = reader.name()
        reader.note('field "{}"', field)
        for _ in range(reader.count("values")):
            yield Producer(field, reader.name(), reader.name())
            reader.note("a name and a version")


def _target_features(reader: Reader) -> Iterator[TargetFeature]:
    for _ in range(reader.count("features")):
        start = reader.offset
        prefix = reader.u8()
        if prefix not in _PREFIXES:
            reader.fail(f"0x{prefix:02x} is no prefix of a feature.", offset=start)
        yield TargetFeature(reader.name(), _PREFIXES[prefix])
        reader.note("a feature")


def _until_damage(items: Iterator[Item]) -> Iterator[Item]:
    try:
        yield from items
    except MalformedModule:
        return
