"""Whether Wasmer works here, and why not: said truly on every Python, with or without the package."""

from __future__ import annotations

import sys

import pytest

from labkit.runtimes import wasmer_binding
from labkit.runtimes.registry import runtimes

NAMES = ["wasmer", "wasmer-singlepass", "wasmer-llvm"]


@pytest.fixture(params=["cranelift", "singlepass", "llvm"])
def compiler(request):
    return request.param


def test_on_a_newer_python_the_reason_is_the_wheels_limit(monkeypatch, compiler):
    monkeypatch.setattr(wasmer_binding, "wasmer", None)
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    assert wasmer_binding.probe(compiler) == "the wheels of wasmer 1.1.0 stop at CPython 3.10, and this is Python 3.13"


def test_a_missing_package_is_named(monkeypatch, compiler):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    monkeypatch.setattr(wasmer_binding, "wasmer", None)
    assert wasmer_binding.probe(compiler) == "the package wasmer is not installed"
    monkeypatch.setattr(wasmer_binding, "wasmer", object())
    monkeypatch.setattr(wasmer_binding, "find_spec", lambda name: None)
    assert wasmer_binding.probe(compiler) == f"the package wasmer_compiler_{compiler} is not installed"


def test_an_import_that_ends_the_process_ends_another_one(tmp_path, monkeypatch):
    (tmp_path / "fatal_module.py").write_text("import os, sys\nsys.stderr.write('the loader gave up\\n')\nsys.stderr.flush()\nos._exit(127)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert wasmer_binding._import_elsewhere("fatal_module") == "importing fatal_module ends the process: the loader gave up"


def test_every_wasmer_stands_in_the_table_with_a_reason_and_a_remedy_or_neither():
    for row in runtimes():
        if row.name in NAMES:
            assert (row.version, row.release_year) == ("1.1.0", 2022)
            assert row.available is not bool(row.reason)
            assert row.available is not bool(row.remedy)
            if sys.version_info >= (3, 11):
                assert "stop at CPython 3.10" in row.reason
