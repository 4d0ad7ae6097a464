"""How an anatomy shows itself: tables in a terminal; in a notebook the same tables under a picture of where the bytes are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, TypeVar

from labkit.display import format_bytes, html_table, shorten, text_table
from labkit.modules.contents import DataSegment, ElementSegment
from labkit.modules.picture import Piece, draw

if TYPE_CHECKING:
    from labkit.modules.anatomy import Anatomy

__all__ = ["to_html", "to_text"]

Defined = TypeVar("Defined")
HEADER_BYTES = 8
_MOST_ROWS = 20
_MOST_FUNCTIONS = 10
_MOST_OF_A_KIND = 6
_LONGEST_NAME = 60
_LONGEST_TYPE = 80


@dataclass(frozen=True)
class _Table:
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: Collection[int] = ()


def to_text(anatomy: Anatomy) -> str:
    """Write an anatomy for a terminal; long lists show their beginning."""
    parts = [_headline(anatomy)]
    parts += [f"{table.title}\n{text_table(table.header, table.rows, right=table.right)}" for table in _tables(anatomy)]
    return "\n\n".join(parts)


def to_html(anatomy: Anatomy) -> str:
    """Write an anatomy for a notebook."""
    pieces = [Piece("header", 0, HEADER_BYTES), *(Piece(_name(s.label), s.offset, s.size_bytes) for s in anatomy.sections)]
    picture = draw(_headline(anatomy), pieces)
    return f"<p>{escape(_headline(anatomy))}</p>{picture}" + "".join(
        html_table(table.header, table.rows, caption=table.title, right=table.right) for table in _tables(anatomy)
    )


def _headline(anatomy: Anatomy) -> str:
    """What it is, and how large."""
    name = f' "{_name(anatomy.name)}"' if anatomy.name else ""
    size = format_bytes(anatomy.size_bytes)
    exact = "" if anatomy.size_bytes < 1000 else f" ({anatomy.size_bytes} bytes)"
    layers = f", {len(anatomy.layers)} layers inside" if anatomy.layers else ""
    return f"{'Core module' if anatomy.kind == 'module' else 'Component'}{name}: {size}{exact}, {len(anatomy.sections)} sections{layers}"


def _tables(anatomy: Anatomy) -> Iterator[_Table]:
    """The tables that have something to say."""
    tables = (_sections(anatomy), _layers(anatomy), _items(anatomy, "imports"), _items(anatomy, "exports"), _defined(anatomy), _functions(anatomy))
    yield from (table for table in (*tables, _toolchain(anatomy)) if table.rows)


def _sections(anatomy: Anatomy) -> _Table:
    rows: list[Sequence[object]] = [("header", "", 0, HEADER_BYTES, _share(HEADER_BYTES, anatomy))]
    rows += [
        (_name(s.label), "" if s.item_count is None else s.item_count, s.offset, s.size_bytes, _share(s.size_bytes, anatomy))
        for s in anatomy.sections
    ]
    total = ("total", "", "", HEADER_BYTES + sum(section.size_bytes for section in anatomy.sections), "100.0 %")
    return _Table("Sections", ("section", "items", "offset", "bytes", "share"), [*_cut(rows, 2 * _MOST_ROWS), total], right=(1, 2, 3, 4))


def _layers(anatomy: Anatomy) -> _Table:
    rows = [
        (
            number,
            f"{'  ' * min(layer.depth - 1, 10)}{layer.kind}",
            _name(layer.name),
            layer.offset,
            layer.size_bytes,
            _share(layer.size_bytes, anatomy),
        )
        for number, layer in enumerate(anatomy.layers[: _MOST_ROWS + 1])
    ]
    return _Table("Layers", ("layer", "kind", "name", "offset", "bytes", "share"), _cut(rows, _MOST_ROWS, len(anatomy.layers)), right=(0, 3, 4, 5))


def _items(anatomy: Anatomy, which: str) -> _Table:
    """Imports or exports."""
    items = anatomy.imports if which == "imports" else anatomy.exports
    rows = []
    for item in items[:_MOST_ROWS]:
        module = getattr(item, "module", None)
        name = item.name if module is None else f"{module}.{item.name}"
        rows.append((_name(name), item.kind, shorten(str(getattr(item, "type", "")), _LONGEST_TYPE)))
    return _Table(f"{len(items)} {which if len(items) != 1 else which[:-1]}", (which[:-1], "kind", "type"), _cut(rows, _MOST_ROWS, len(items)))


def _defined(anatomy: Anatomy) -> _Table:
    """Memories, tables, globals and what fills them; imported ones are counted."""
    rows: list[Sequence[object]] = []
    for kind, found in (("memory", anatomy.memories), ("table", anatomy.tables), ("global", anatomy.globals), ("tag", anatomy.tags)):
        rows += _some(kind, found, str)
    rows += _some("element", anatomy.elements, _element)
    rows += _some("data", anatomy.data, lambda segment: f"{format_bytes(len(segment.contents))}, {_placed(segment)}")
    if anatomy.start is not None:
        rows.append(("start", anatomy.start, "this function runs at instantiation"))
    return _Table("Memories, tables, globals, segments", ("kind", "index", "what it is"), rows, right=(1,))


def _some(kind: str, found: Sequence[Defined], describe: Callable[[Defined], str]) -> Iterator[Sequence[object]]:
    """The first of a kind, and how many more there are."""
    for number, item in enumerate(found[:_MOST_OF_A_KIND]):
        yield kind, number, shorten(describe(item), _LONGEST_TYPE)
    if len(found) > _MOST_OF_A_KIND:
        yield kind, "…", f"{len(found) - _MOST_OF_A_KIND} more"


def _element(element: ElementSegment) -> str:
    count = len(element.expressions if element.functions is None else element.functions)
    return f"{count} of {element.type}, {_placed(element)}"


def _placed(segment: ElementSegment | DataSegment) -> str:
    """When a segment is copied, and where to."""
    if segment.offset is not None:
        return f"copied at instantiation to {' '.join(map(str, segment.offset[:5]))}"
    return "declared, never copied" if isinstance(segment, ElementSegment) and segment.is_declared else "copied by instructions"


def _functions(anatomy: Anatomy) -> _Table:
    largest = sorted(anatomy.functions, key=lambda function: -function.size_bytes)[:_MOST_FUNCTIONS]
    rows = [(f.index, _name(f.name), shorten(str(f.type), _LONGEST_TYPE), f.offset, f.size_bytes, _share(f.size_bytes, anatomy)) for f in largest]
    count = len(anatomy.functions)
    title = f"{count} function{'s' if count != 1 else ''}" if count <= _MOST_FUNCTIONS else f"The {_MOST_FUNCTIONS} largest of {count} functions"
    return _Table(title, ("function", "name", "type", "offset", "bytes", "share"), rows, right=(0, 3, 4, 5))


def _toolchain(anatomy: Anatomy) -> _Table:
    """What toolchains left behind."""
    rows: list[Sequence[object]] = [(_name(made.field), _name(f"{made.name} {made.version}".strip())) for made in anatomy.producers]
    rows += [(f"feature {feature.policy}", _name(feature.name)) for feature in anatomy.target_features]
    return _Table("Toolchain", ("what", "value"), _cut(rows, _MOST_ROWS))


def _cut(rows: Sequence[Sequence[object]], most: int, count: int | None = None) -> list[Sequence[object]]:
    """The first rows, and how many more there are."""
    more = (len(rows) if count is None else count) - most
    if more <= 0:
        return list(rows)
    return [*rows[:most], (f"… {more} more", *[""] * (len(rows[0]) - 1))]


def _share(size_bytes: int, anatomy: Anatomy) -> str:
    return f"{100 * size_bytes / anatomy.size_bytes:.1f} %"


def _name(name: str) -> str:
    return shorten(name, _LONGEST_NAME)
