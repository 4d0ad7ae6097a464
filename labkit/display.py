"""How results show themselves: one table for terminals and one for notebooks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

__all__ = ["escape_controls", "format_bytes", "format_seconds", "html_table", "shorten", "text_table"]


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]], *, right: Collection[int] = ()) -> str:
    """Lay out rows as text, columns aligned.

    Parameters
    ----------
    header : sequence of str
        Titles of the columns.
    rows : sequence of sequences
        One sequence of cells a row.
    right : collection of int, optional
        Numbers of the columns to align on the right.

    Returns
    -------
    str
        The table, lines joined by newlines, none with trailing blanks.

    Examples
    --------
    >>> print(text_table(["section", "bytes"], [["type", 7], ["code", 1204]], right=[1]))
    section  bytes
    type         7
    code      1204
    """
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells)]
    lines = ("  ".join(cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    caption: str = "",
    right: Collection[int] = (),
    grey: Collection[int] = (),
) -> str:
    """Lay out rows as an HTML table that reads well in light and dark themes; every cell is escaped.

    Parameters
    ----------
    header, rows, right
        As for `text_table`.
    caption : str, optional
        What the table shows.
    grey : collection of int, optional
        Numbers of the rows to draw greyed.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> "&lt;b&gt;" in html_table(["name"], [["<b>"]])
    True
    """

    def line(tag: str, row: Sequence[object], style: str = "") -> str:
        cells = "".join(f'<{tag} style="text-align:{"right" if i in right else "left"}">{escape(str(cell))}</{tag}>' for i, cell in enumerate(row))
        return f"<tr{style}>{cells}</tr>"

    title = f'<caption style="text-align:left">{escape(caption)}</caption>' if caption else ""
    body = "".join(line("td", row, ' style="opacity:0.55"' if i in grey else "") for i, row in enumerate(rows))
    return f"<table>{title}<thead>{line('th', header)}</thead><tbody>{body}</tbody></table>"


def format_bytes(size_bytes: int) -> str:
    """Write a size for people.

    Examples
    --------
    >>> format_bytes(58_123), format_bytes(312)
    ('58.1 kB', '312 B')
    """
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95 or unit == "GB":
            break
    return f"{value:.1f} {unit}"


def format_seconds(seconds: float) -> str:
    """Write a duration for people, three figures and a unit.

    Examples
    --------
    >>> format_seconds(0.000_000_734), format_seconds(1.5)
    ('734 ns', '1.5 s')
    """
    for unit, scale in (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        # Rounded to three figures, 999.6 µs are 1 ms.
        if abs(seconds) < 999.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.0f} s"


def escape_controls(text: str) -> str:
    """Make a text from a guest safe to print: its lines and tabs stay, all other characters that do not print are escaped.

    Examples
    --------
    >>> escape_controls("red: \\x1b[31m\\n")
    'red: \\\\x1b[31m\\n'
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode("ascii") for character in text
    )


def shorten(text: str, largest: int) -> str:
    """Make a text from a guest fit to print: control characters escaped, and cut in the middle where it is longer than `largest`.

    Examples
    --------
    >>> shorten("a\\x1b[2J", 60), shorten("x" * 100, 7)
    ('a\\\\x1b[2J', 'xxx…xxx')
    """
    if len(text) > largest:
        head, tail = largest // 2, (largest - 1) // 2
        text = f"{text[:head]}…{text[len(text) - tail :]}"
    return escape_controls(text).replace("\n", "\\n").replace("\t", "\\t")
