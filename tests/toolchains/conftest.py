"""Builds in a cache of their own, and a way to run what was built; a toolchain that is missing is named and, in CI, fails the test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.toolchains.language import Missing
from labkit.toolchains.registry import language_named

SOURCES = Path(__file__).parents[2] / "data" / "sources"
HOST = Path(__file__).parent / "wasi_host.py"
HOSTS = ["wasmtime", "wasmer"] if sys.version_info < (3, 11) else ["wasmtime"]


def need(language: str, target: str) -> None:
    """Skip where a toolchain is missing, and say which."""
    found = language_named(language).find(target)
    if isinstance(found, Missing):
        pytest.skip(f"{found.name} is missing: {found.reason}. {found.remedy}")


def execute(path, host: str, **request) -> str:
    """Run a built module in a process of its own; what it printed."""
    whole = {"path": str(path), "host": host, "args": [], "env": {}, "stdin": "", "export": None, "numbers": [], **request}
    done = subprocess.run([sys.executable, str(HOST)], input=json.dumps(whole), capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
