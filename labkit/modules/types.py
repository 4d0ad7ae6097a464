"""The types a module declares, so that every room speaks of signatures in the same words.

Value types are plain strings, spelled as in WAT: ``"i32"``, ``"v128"``, ``"funcref"``, ``"(ref null 3)"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "ArrayType",
    "DefinedType",
    "Export",
    "ExternType",
    "FuncType",
    "GlobalType",
    "Import",
    "MemoryType",
    "StructType",
    "TableType",
    "TagType",
]

PAGE_SIZE_BYTES = 65536


@dataclass(frozen=True)
class FuncType:
    """Signature of a function.

    Attributes
    ----------
    params, results : tuple of str
        Value types, in order.

    Examples
    --------
    >>> print(FuncType(("i32", "i32"), ("i32",)))
    (i32, i32) -> i32
    """

    kind: ClassVar[str] = "func"
    params: tuple[str, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        results = self.results[0] if len(self.results) == 1 else f"({', '.join(self.results)})"
        return f"({', '.join(self.params)}) -> {results}"


@dataclass(frozen=True)
class GlobalType:
    """Type of a global variable.

    Examples
    --------
    >>> print(GlobalType("i64", mutable=True))
    mut i64
    """

    kind: ClassVar[str] = "global"
    content: str
    mutable: bool

    def __str__(self) -> str:
        return f"mut {self.content}" if self.mutable else self.content


@dataclass(frozen=True)
class TableType:
    """Type of a table: what it holds, and how many entries it has at least and at most.

    Examples
    --------
    >>> print(TableType("funcref", 10, 20))
    funcref 10..20
    """

    kind: ClassVar[str] = "table"
    element: str
    minimum: int
    maximum: int | None
    is_64: bool = False

    def __str__(self) -> str:
        return f"{self.element} {_range(self.minimum, self.maximum)}{' i64' if self.is_64 else ''}"


@dataclass(frozen=True)
class MemoryType:
    """Type of a linear memory: its size in pages, at least and at most.

    Attributes
    ----------
    minimum_pages, maximum_pages : int, int or None
        No maximum means that the memory grows as far as its addresses reach.
    shared : bool
        Whether several threads may use it.
    is_64 : bool
        Whether its addresses are 64 bits wide.
    page_size_bytes : int
        65,536, unless the module chose another size.

    Examples
    --------
    >>> print(MemoryType(1, 4))
    1..4 pages
    """

    kind: ClassVar[str] = "memory"
    minimum_pages: int
    maximum_pages: int | None
    shared: bool = False
    is_64: bool = False
    page_size_bytes: int = PAGE_SIZE_BYTES

    def __str__(self) -> str:
        one = (self.minimum_pages, self.maximum_pages) == (1, 1)
        words = [_range(self.minimum_pages, self.maximum_pages), "page" if one else "pages"]
        if self.page_size_bytes != PAGE_SIZE_BYTES:
            words.append(f"of {self.page_size_bytes} bytes")
        return " ".join(words + ["shared"] * self.shared + ["i64"] * self.is_64)


@dataclass(frozen=True)
class TagType:
    """Type of an exception's tag: the values that an exception carries.

    Examples
    --------
    >>> print(TagType(("i32",)))
    (i32)
    """

    kind: ClassVar[str] = "tag"
    params: tuple[str, ...]

    def __str__(self) -> str:
        return f"({', '.join(self.params)})"


ExternType = FuncType | GlobalType | TableType | MemoryType | TagType
"""What a module can import or export."""


@dataclass(frozen=True)
class StructType:
    """A structure on the garbage-collected heap; a mutable field reads ``(mut i32)``.

    Examples
    --------
    >>> print(StructType(("i32", "(mut f64)")))
    struct {i32, (mut f64)}
    """

    kind: ClassVar[str] = "struct"
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"struct {{{', '.join(self.fields)}}}"


@dataclass(frozen=True)
class ArrayType:
    """An array on the garbage-collected heap; a mutable element reads ``(mut i8)``.

    Examples
    --------
    >>> print(ArrayType("(mut i8)"))
    array of (mut i8)
    """

    kind: ClassVar[str] = "array"
    element: str

    def __str__(self) -> str:
        return f"array of {self.element}"


DefinedType = FuncType | StructType | ArrayType
"""What a module's type section can define."""


@dataclass(frozen=True)
class Import:
    """Something a module needs from outside.

    Examples
    --------
    >>> print(Import("env", "log", FuncType(("i32",), ())))
    env.log: func (i32) -> ()
    """

    module: str
    name: str
    type: ExternType

    @property
    def kind(self) -> str:
        """``func``, ``global``, ``table``, ``memory`` or ``tag``."""
        return self.type.kind

    def __str__(self) -> str:
        return f"{self.module}.{self.name}: {self.kind} {self.type}"


@dataclass(frozen=True)
class Export:
    """Something a module offers; ``index`` counts within its kind, imports first.

    Examples
    --------
    >>> print(Export("memory", MemoryType(1, None), 0))
    memory: memory 1.. pages
    """

    name: str
    type: ExternType
    index: int

    @property
    def kind(self) -> str:
        """``func``, ``global``, ``table``, ``memory`` or ``tag``."""
        return self.type.kind

    def __str__(self) -> str:
        return f"{self.name}: {self.kind} {self.type}"


def _range(minimum: int, maximum: int | None) -> str:
    """Write ``4`` for exactly four, ``1..4``, or ``1..`` where there is no maximum."""
    if minimum == maximum:
        return str(minimum)
    return f"{minimum}.." if maximum is None else f"{minimum}..{maximum}"
