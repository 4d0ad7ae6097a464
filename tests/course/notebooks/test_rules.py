"""Each rule notices the notebook that breaks it, and a good notebook breaks none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nbformat import NotebookNode, v4

from labkit.course.notebooks.rules import broken_rules

TITLE = "# Run it\n\n**You will do:** a. **You will learn:** b. **You need:** c.\n\nIt opens with `make lab`."


def _code(count: int, source: str = "1", tags: tuple[str, ...] = (), outputs: tuple[Any, ...] = ()) -> Any:
    return v4.new_code_cell(source, execution_count=count, metadata={"tags": list(tags)}, outputs=list(outputs))


def _good() -> Any:
    cells = [v4.new_markdown_cell(TITLE), _code(1, "import labkit\n\nlabkit.course.setup()")]
    cells += [_code(count, tags=("exercise",) if count < 4 else ()) for count in range(2, 16)]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def _error() -> Any:
    return v4.new_output("error", ename="E", evalue="e", traceback=["E: e"])


def _stream(text: str) -> Any:
    return v4.new_output("stream", name="stdout", text=text)


def _set(index: int, **fields: Any) -> Callable[[Any], None]:
    return lambda notebook: [setattr(notebook.cells[index], name, value) for name, value in fields.items()] and None


BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no title": (_set(0, source=TITLE.replace("# Run", "Run")), "must begin with a title"),
    "no verb": (_set(0, source=TITLE.replace("# Run", "# The")), "must begin with a title"),
    "no phrase": (_set(0, source=TITLE.replace("learn", "see")), "**You will learn"),
    "no way in": (_set(0, source=TITLE.replace("make lab", "luck")), "how to open"),
    "invented link": (_set(0, source=TITLE + "\n[x](https://mybinder.org/v2/gh/OWNER/REPOSITORY/HEAD)"), "names no repository"),
    "code first": (lambda notebook: notebook.cells.pop(0), "must begin with a title"),
    "no setup": (_set(1, source="import labkit"), "must call labkit.course.setup()"),
    "too few cells": (lambda notebook: notebook.cells.pop(), "has 14 code cells"),
    "too many cells": (lambda notebook: notebook.cells.extend(_code(count) for count in range(16, 27)), "has 26 code cells"),
    "one exercise": (_set(2, metadata={}), "has 1 exercises"),
    "not executed": (_set(5, execution_count=None), "not executed once each"),
    "out of order": (_set(5, execution_count=9), "not executed once each"),
    "other kernel": (lambda notebook: notebook.metadata.kernelspec.update(name="python310"), "kernel must be python3"),
    "widget state": (lambda notebook: notebook.metadata.update(widgets={"state": {}}), "state of widgets"),
    "not valid": (_set(4, outputs=[NotebookNode(output_type="none")]), "is not valid"),
    "long cell": (_set(5, source="\n".join("x" * 16)), "has more than 15 lines"),
    "empty cell": (_set(5, source=" \n"), "is empty"),
    "unknown tag": (_set(5, metadata={"tags": ["slow"]}), "unknown tags: slow"),
    "marker": (_set(5, source="# NBVAL_SKIP\n1"), "in a comment"),
    "failed": (_set(5, outputs=[_error()]), "Cell 6 failed"),
    "did not fail": (_set(5, metadata={"tags": ["raises-exception"]}), "did not fail"),
    "path in source": (_set(5, source='open("/home/someone/x")'), "names an absolute path"),
    "path in markdown": (lambda notebook: notebook.cells.append(v4.new_markdown_cell("See /home/reader/labkit.")), "names an absolute path"),
    "path in output": (_set(5, outputs=[_stream("in /tmp/x.py")]), "absolute path in its output"),
    "windows path": (_set(5, outputs=[_stream("C:\\Users\\x")]), "absolute path in its output"),
    "path in data": (_set(5, outputs=[v4.new_output("display_data", {"text/html": "<a>/usr/lib/x</a>"})]), "absolute path in its output"),
    "widget view": (_set(5, outputs=[v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})]), "view of a widget"),
    **{
        f"shell {command}": (_set(5, source=command), "runs a shell command")
        for command in ("!ls", "  !ls", "x = !ls", "%sx ls", "%%bash\nls", "%%sh\nls", "%system ls", "%%script bash\nls", "x = 1\n!ls")
    },
}


def test_good_notebook_breaks_no_rule() -> None:
    assert broken_rules(_good(), binder=None, size_bytes=1000) == []


@pytest.mark.parametrize("kind", list(BROKEN))
def test_broken_rule_is_noticed(kind: str) -> None:
    change, words = BROKEN[kind]
    notebook = _good()
    change(notebook)
    assert any(words in rule for rule in broken_rules(notebook, binder=None, size_bytes=1000))


def test_binder_link_must_be_the_derived_one() -> None:
    notebook = _good()
    assert "must link to https://b/x" in broken_rules(notebook, binder="https://b/x", size_bytes=1)[0]
    notebook.cells[0].source += "\n[Open](https://b/x)"
    assert broken_rules(notebook, binder="https://b/x", size_bytes=1) == []


def test_large_notebook_is_noticed() -> None:
    assert broken_rules(_good(), binder=None, size_bytes=300_001) == ["The file has 300001 bytes; at most 300000 are allowed."]


@pytest.mark.parametrize(
    "source", ["%%wasm wat\n(module) ;; x = !", "a != b", "x = not y", "dirs = {'/data': 'folder'}", "open('data/x')", "'https://host/usr/x'"]
)
def test_what_only_looks_like_it_is_allowed(source: str) -> None:
    notebook = _good()
    notebook.cells[5].source = source
    assert broken_rules(notebook, binder=None, size_bytes=1) == []
