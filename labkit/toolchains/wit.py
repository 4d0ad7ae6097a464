"""Reads the WIT that a JavaScript or Python source says it exports: both languages have no types that WebAssembly could use."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CoreFunction", "core_functions", "world"]

_LINE = re.compile(r"^[ \t]*(?://|#)[ \t]*wit:[ \t]?(.*)$", re.MULTILINE)
_FUNCTION = re.compile(r"export\s+(%?[a-zA-Z][\w-]*)\s*:\s*func\s*\(([^)]*)\)\s*(?:->\s*([\w-]+)\s*)?;")
#: WIT's numbers and what they are for C.
_C_TYPES = {
    **{f"{sign}{bits}": f"{'u' * (sign == 'u')}int{bits}_t" for sign in "su" for bits in (8, 16, 32, 64)},
    "f32": "float",
    "f64": "double",
    "bool": "bool",
}


@dataclass(frozen=True)
class CoreFunction:
    """An exported function that a core module can have: numbers in, a number or nothing out.

    Attributes
    ----------
    name : str
        As WIT spells it, with hyphens.
    params : tuple of str
        C types.
    result : str
        C type; ``"void"`` where there is none.
    """

    name: str
    params: tuple[str, ...]
    result: str


def world(source: str) -> str:
    """Gather the lines ``// wit: …`` or ``# wit: …`` of a source.

    Examples
    --------
    >>> print(world("# wit: export fib: func(n: s32) -> s32;"))
    package labkit:guest;
    world guest {
      export fib: func(n: s32) -> s32;
    }
    """
    lines = _LINE.findall(source)
    return "\n".join(["package labkit:guest;", "world guest {", *(f"  {line}" for line in lines), "}"]) if lines else ""


def core_functions(source: str) -> tuple[list[CoreFunction], str]:
    """The functions in a source's WIT, and the first type of theirs that a core module cannot have, or nothing.

    Examples
    --------
    >>> core_functions("// wit: export fib: func(n: s32) -> s32;")
    ([CoreFunction(name='fib', params=('int32_t',), result='int32_t')], '')
    """
    found = []
    for name, params, result in _FUNCTION.findall(" ".join(_LINE.findall(source))):
        types = [param.rpartition(":")[2].strip() for param in params.split(",") if param.strip()]
        for type in [*types, *([result] if result else [])]:
            if type not in _C_TYPES:
                return [], type
        found.append(CoreFunction(name.lstrip("%"), tuple(_C_TYPES[type] for type in types), _C_TYPES[result] if result else "void"))
    return found, ""
