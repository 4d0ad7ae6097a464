"""The environment report says what is here, and for what is missing what to do."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest

from labkit.course import environment, setup
from labkit.course import environment as environment_function
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
    missing = replace(report.environment, runtimes=RuntimeTable([RuntimeStatus("x", "1", None, False, "of a reason", "Do that.")]))
    assert "Missing: x, because of a reason. Do that." in str(replace(report, environment=missing))


def test_setup_loads_the_magic_once() -> None:
    from IPython.testing.globalipapp import get_ipython, start_ipython

    shell = start_ipython() or get_ipython()
    try:
        shell.extension_manager.loaded.discard("labkit")
        assert setup().magic
        assert "wasm" in shell.magics_manager.magics["cell"]
        assert setup().magic
        assert shell.user_ns.get("_exception_") is None
    finally:
        type(shell).clear_instance()


def test_course_room_does_not_import_ui() -> None:
    import subprocess
    import sys

    code = "import sys, labkit.course; sys.exit(any(name.startswith('labkit.ui') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert environment_function is environment
