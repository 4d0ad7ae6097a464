"""Notebooks run through on a machine with nothing but what `make lab` installs: what their cells compile there is prebuilt."""

from __future__ import annotations

import pytest

from labkit.course.notebooks.rules import read
from labkit.course.notebooks.workshop import pairs
from labkit.toolchains.prebuilt import find_prebuilt
from labkit.toolchains.registry import language_named
from labkit.toolchains.request import make_program, make_request
from labkit.ui.cell_options import read_options

pytestmark = pytest.mark.any_python  # a notebook's outputs are those of Python 3.10, which it runs on

#: Their compilers come with the lab.
HERE = ("wat", "c", "cpp", "zig")
CELLS = [
    (path.parent.name, path.stem, *cell.source.partition("\n")[::2])
    for pair in pairs()
    for path in (pair.learner, pair.solved)
    for cell in read(path).cells
    if cell.source.startswith("%%wasm ")
]


@pytest.mark.parametrize(("folder", "notebook", "line", "text"), CELLS, ids=lambda value: value.splitlines()[0][:40] if value else "")
def test_a_cell_needs_no_compiler_that_the_lab_lacks(folder: str, notebook: str, line: str, text: str) -> None:
    options = read_options(line.removeprefix("%%wasm "))
    if options.language in HERE:
        return
    language = language_named(options.language)
    program, _ = make_program(text.encode(), options.language, None)
    request = make_request(language, kind=options.kind, target=options.target, optimize=options.optimize, features=options.features)
    assert find_prebuilt(program, language, request) is not None, f"{folder}/{notebook}: make the cell a program of data/sources, and build it"
