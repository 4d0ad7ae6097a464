"""Modules on disk, and a way to run the command line in this process."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from labkit.__main__ import main

WAT = """
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "strange") (result f64 f64 f32) (f64.const nan) (f64.const inf) (f32.const -inf))
  (func (export "loop") (loop (br 0))))
"""


@dataclass(frozen=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def wat(tmp_path):
    path = tmp_path / "module.wat"
    path.write_text(WAT)
    return str(path)


@pytest.fixture
def labkit_main(capsys):
    def run(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
