"""The public surface is what `__all__` says, and importing it is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import labkit


def test_the_public_surface_is_exactly_this():
    assert labkit.__all__ == [
        "Anatomy",
        "Artifact",
        "GuestTrap",
        "LabkitError",
        "Limits",
        "Result",
        "TrapKind",
        "bench",
        "build",
        "course",
        "inspect",
        "run",
        "runtime",
        "runtimes",
        "step",
        "to_wasm",
        "to_wat",
        "toolchains",
    ]


def test_every_public_name_is_there_and_documented():
    for name in labkit.__all__:
        assert getattr(labkit, name).__doc__, name


def test_star_import_gives_the_public_names_and_no_other():
    found: dict[str, object] = {}
    exec("from labkit import *", found)
    assert set(found) - {"__builtins__"} == set(labkit.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = labkit.nonsense


def test_importing_labkit_brings_in_nothing_heavy():
    program = "import sys, labkit; print(sorted({'wasmer', 'numpy', 'IPython', 'ipywidgets', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
