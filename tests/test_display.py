"""Tables line up, cells are escaped, sizes and durations read well at every magnitude."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.display import format_bytes, format_seconds, html_table, shorten, text_table


@given(st.lists(st.tuples(st.text("abc ", max_size=9), st.integers()), max_size=6))
def test_text_tables_line_up(rows: list[tuple[str, int]]) -> None:
    lines = text_table(["name", "number"], rows, right=[1]).splitlines()
    assert len(lines) == len(rows) + 1
    assert len({len(line) for line in lines}) == 1  # the last column is aligned on the right
    assert all(line.endswith(str(number)) for line, (_, number) in zip(lines[1:], rows))


def test_text_tables_have_no_trailing_blanks() -> None:
    assert text_table(["a", "b"], [["long cell", ""], ["", None]]) == "a          b\nlong cell\n           None"
    assert text_table(["only"], []) == "only"


def test_html_tables_escape_everything_and_grey_rows() -> None:
    html = html_table(["<h>", "n"], [["<td>", 1], ["&", 2]], caption="<c>", right=[1], grey=[1])
    for hostile in ("<h>", "<c>"):
        assert hostile not in html
    assert html.count("<td ") == 4
    assert "&lt;td&gt;" in html
    assert "&amp;" in html
    assert html.count("opacity") == 1
    assert html.index("opacity") > html.index("&lt;td&gt;")
    assert html.count("text-align:right") == 3
    assert "<caption" not in html_table(["a"], [])


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999_999, "1.0 GB"),
        (5 * 10**9, "5.0 GB"),
        (10**13, "10000.0 GB"),
    ],
)
def test_bytes(size: int, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ns"),
        (1e-9, "1 ns"),
        (7.34e-7, "734 ns"),
        (1e-6, "1 µs"),
        (0.00123456, "1.23 ms"),
        (1.0, "1 s"),
        (90.0, "90 s"),
        (1234.0, "1234 s"),
        (-0.002, "-2 ms"),
        (0.9996, "1 s"),
        (9.996e-4, "1 ms"),
        (9.996e-7, "1 µs"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@given(st.floats(1e-9, 1e6))
def test_seconds_keep_three_figures(seconds: float) -> None:
    number, unit = format_seconds(seconds).split()
    assert "e" not in number
    scale = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assert math.isclose(float(number) * scale, seconds, rel_tol=0.0051)


@given(st.text(), st.integers(1, 40))
def test_shortened_text_is_short_and_printable(text: str, largest: int) -> None:
    found = shorten(text, largest)
    assert found.isprintable()
    if text.isprintable():
        assert len(found) == min(len(text), largest)
    if len(text) <= largest and text.isprintable():
        assert found == text
