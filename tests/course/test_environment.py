"""The environment report says what is here, and for what is missing what to do."""

from __future__ import annotations

import platform
import subprocess
import sys
from dataclasses import replace

import pytest

from labkit.course import Status, check, environment, setup
from labkit.errors import WatError
from labkit.runtimes.registry import RuntimeStatus, RuntimeTable, runtimes


def test_environment_reports_this_machine() -> None:
    here = environment()
    assert here.python_version == platform.python_version()
    assert [row.name for row in here.runtimes] == [row.name for row in runtimes()]
    assert here.memory_bytes is None or here.memory_bytes > 2**20
    text = str(here)
    for row in here.runtimes:
        assert row.name in text
        assert row.available or row.remedy in text


def test_what_is_missing_is_greyed_with_its_remedy() -> None:
    absent = RuntimeStatus("wasmer", "1.1.0", 2022, False, "its wheels stop at Python 3.10", "Run the lab on Python 3.10.")
    here = replace(environment(), runtimes=RuntimeTable([absent]), packages={"jupyterlab": None, "ipykernel": "6.31.0"})
    assert [name for name, _, _ in here.missing] == ["wasmer", "jupyterlab"]
    assert all(remedy.endswith(".") for _, _, remedy in here.missing)
    assert "missing: its wheels stop at Python 3.10" in str(here)
    assert here._repr_html_().count("opacity") == 2


def test_setup_without_ipython_says_what_the_magic_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    report = setup()
    assert not report.magic
    assert "needs IPython" in str(report)
    rows = [RuntimeStatus(name, "1", None, False, "of a reason", "Do that.") for name in ("x", "y")]
    missing = replace(report.environment, runtimes=RuntimeTable(rows))
    assert "Missing: x, y, because of a reason. Do that." in str(replace(report, environment=missing))


@pytest.fixture
def shell():
    """An IPython in this process."""
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_setup_loads_the_magic_once(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup().magic
    assert "wasm" in shell.magics_manager.magics["cell"]
    assert setup().magic
    assert capsys.readouterr() == ("", "")


def test_answer_of_a_cell_that_is_refused_is_not_the_one_before(shell) -> None:
    setup()
    good = '(module (func (export "subtract") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1))))'
    shell.run_cell_magic("wasm", "wat --name subtract", good)
    assert check("subtract", shell.user_ns["subtract"]).status is Status.CORRECT
    with pytest.raises(WatError):
        shell.run_cell_magic("wasm", "wat --name subtract", good[:-1])
    assert check("subtract", shell.user_ns["subtract"]).status is Status.NOT_ATTEMPTED


def test_course_room_does_not_import_ui() -> None:
    code = "import sys, labkit.course; sys.exit(any(name.startswith('labkit.ui') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
