"""The set-up finds Python 3.10 where there is one, in the order that the README gives, and says what a newer one lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_python  # it runs before there is a Python

ROOT = Path(__file__).parents[2]
# What the script itself needs, so that a PATH of our own holds no Python.
TOOLS = ("sh", "sed", "tail", "env", "rm", "cat", "dirname", "cksum")


class Machine:
    """A PATH and a home of our own, with interpreters that only tell their version."""

    def __init__(self, folder: Path) -> None:
        self.home, self.bin = folder / "home", folder / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)

    def script(self, path: Path, body: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def python(self, path: Path, version: str) -> Path:
        return self.script(path, f"echo {version}")

    def find(self, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": str(self.bin), "HOME": str(self.home), **environment}
        return subprocess.run(["sh", str(ROOT / ".setup/find-python")], env=clean, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_given_python_wins(machine):
    machine.python(machine.bin / "python3.10", "3.10")
    given = machine.python(machine.home / "with space/python", "3.10")
    done = machine.find(PYTHON=str(given))
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(given), "")


def test_a_given_newer_python_is_taken_with_a_word_about_wasmer(machine):
    given = machine.python(machine.home / "python", "3.13")
    done = machine.find(PYTHON=str(given))
    assert (done.returncode, done.stdout.strip()) == (0, str(given))
    assert "Wasmer runtimes will be unavailable" in done.stderr


@pytest.mark.parametrize("version", ["3.9", "2.7"])
def test_a_given_python_that_is_too_old_is_refused(machine, version):
    machine.python(machine.bin / "python3.10", "3.10")
    given = machine.python(machine.home / "python", version)
    done = machine.find(PYTHON=str(given))
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs 3.10 or newer" in done.stderr


def test_a_given_python_that_does_not_start_is_refused(machine):
    machine.script(machine.bin / "python3.10", "echo 'command not found' >&2; exit 127")
    done = machine.find(PYTHON="python3.10")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not start" in done.stderr
    assert "uv python install 3.10" in done.stderr


def test_a_given_python_that_is_not_there_is_refused(machine):
    done = machine.find(PYTHON="python3.99")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no python3.99" in done.stderr


def test_the_order_is_path_pyenv_uv_conda(machine):
    conda = machine.python(machine.home / "conda/envs/lab/bin/python", "3.10")
    machine.script(machine.bin / "conda", f"echo '# conda environments:'; echo 'base  *  /nowhere'; echo 'lab      {conda.parents[1]}'")
    assert machine.find().stdout.strip() == str(conda)
    uv = machine.python(machine.home / "uv/bin/python3.10", "3.10")
    machine.script(machine.bin / "uv", f"echo {uv}")
    assert machine.find().stdout.strip() == str(uv)
    pyenv = machine.python(machine.home / ".pyenv/versions/3.10.13/bin/python", "3.10")
    assert machine.find().stdout.strip() == str(pyenv)
    on_path = machine.python(machine.bin / "python3", "3.10")
    assert machine.find().stdout.strip() == str(on_path)
    by_name = machine.python(machine.bin / "python3.10", "3.10")
    assert machine.find().stdout.strip() == str(by_name)


def test_a_shim_that_does_not_start_is_passed_over(machine):
    machine.script(machine.bin / "python3.10", "echo 'command not found' >&2; exit 127")
    pyenv = machine.python(machine.home / ".pyenv/versions/3.10.13/bin/python", "3.10")
    assert machine.find().stdout.strip() == str(pyenv)


def test_with_newer_pythons_only_the_newest_is_taken_and_the_lack_is_named(machine):
    machine.python(machine.bin / "python3", "3.11")
    newest = machine.python(machine.bin / "python3.13", "3.13")
    done = machine.find()
    assert (done.returncode, done.stdout.strip()) == (0, str(newest))
    assert "Wasmer runtimes will be unavailable" in done.stderr
    assert "uv python install 3.10" in done.stderr


def test_without_any_python_it_says_how_to_get_one(machine):
    machine.python(machine.bin / "python3", "3.8")
    done = machine.find()
    assert (done.returncode, done.stdout) == (1, "")
    assert "PYTHON=/path/to/python3.10" in done.stderr


def test_a_folder_that_is_no_environment_is_never_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "work.txt").write_text("mine")
    environment = {**os.environ, "VENV": str(precious)}
    done = subprocess.run(["sh", ".setup/install", "lab"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "is no Python environment" in done.stderr
    assert (precious / "work.txt").read_text() == "mine"


def test_uv_installs_where_it_is_there_and_pip_where_uv_cannot(machine, tmp_path):
    told = tmp_path / "told"
    machine.script(machine.bin / "uv", f'[ "$1" = pip ] || exit 1; echo "$@" > {told}; exit 3')
    path = f"{machine.bin}{os.pathsep}{os.environ['PATH']}"
    # An index without packages: pip cannot install them either.
    environment = {**os.environ, "PATH": path, "VENV": str(tmp_path / "venv"), "PYTHON": sys.executable, "PIP_NO_INDEX": "1"}
    done = subprocess.run(["sh", ".setup/install", "lab"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    words = told.read_text().split()
    assert words[:2] == ["pip", "install"]
    assert words[words.index("--python") + 1] == str(tmp_path / "venv/bin/python")
    assert words[-2:] == ["--editable", ".[lab]"]
    assert "uv could not install them; pip tries." in done.stderr
    assert "No matching distribution found" in done.stderr
    assert done.returncode != 0
    assert not list((tmp_path / "venv").glob("installed-*")), "what has failed is not stamped as installed"
