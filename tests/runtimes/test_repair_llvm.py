"""The repair of the LLVM wheel: on a copy of what is installed, never on the installation itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.runtimes import repair_llvm


def _listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc"}


@pytest.fixture
def broken(tmp_path):
    """A copy of the wheel in which the extension asks for its libtinfo as the wheel does."""
    site = Path(find_spec("wasmer_compiler_llvm").origin).parent.parent
    for folder in ("wasmer_compiler_llvm", "wasmer_compiler_llvm.libs"):
        shutil.copytree(site / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (extension,) = (tmp_path / "wasmer_compiler_llvm").glob("*.so")
    link = tmp_path / "wasmer_compiler_llvm.libs" / "libtinfo.so.5"
    if link.is_symlink():
        repair_llvm._patchelf("--replace-needed", "libtinfo.so.5", str(link.readlink()), str(extension))
        link.unlink()
    return tmp_path


if sys.version_info < (3, 11):

    def test_the_wheel_is_mended_once_and_then_left_alone(broken):
        if repair_llvm._works(broken):  # an older C library lets the wheel's mistake pass
            assert "works" in repair_llvm.repair(broken)
            return
        assert "mended" in repair_llvm.repair(broken)
        assert repair_llvm._works(broken)
        before = _listing(broken)
        assert repair_llvm.repair(broken) == "wasmer_compiler_llvm works: there is nothing to mend."
        assert _listing(broken) == before
        assert not list((broken / "wasmer_compiler_llvm").glob(".repair-*"))

    def test_a_repair_that_does_not_help_is_undone(broken, monkeypatch):
        before = _listing(broken)
        monkeypatch.setattr(repair_llvm, "_works", lambda site: False)
        with pytest.raises(RuntimeUnavailable, match="undone"):
            repair_llvm.repair(broken)
        assert _listing(broken) == before

    def test_a_failing_patchelf_leaves_everything(broken, monkeypatch):
        before = _listing(broken)
        monkeypatch.setattr(repair_llvm, "_works", lambda site: False)
        monkeypatch.setattr(repair_llvm.shutil, "which", lambda *_, **__: None)
        with pytest.raises(RuntimeUnavailable, match="patchelf is not installed"):
            repair_llvm.repair(broken)
        assert _listing(broken) == before


def test_another_fault_is_not_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(repair_llvm, "_works", lambda site: False)
    with pytest.raises(RuntimeUnavailable, match="not laid out"):
        repair_llvm.repair(tmp_path)


def test_without_the_package_there_is_nothing_to_mend(monkeypatch):
    monkeypatch.setattr(repair_llvm, "find_spec", lambda name: None)
    assert repair_llvm.repair() == "wasmer_compiler_llvm is not installed: there is nothing to mend."


def test_the_command_says_what_it_did():
    done = subprocess.run([sys.executable, "-m", "labkit.runtimes.repair_llvm"], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("wasmer_compiler_llvm ")
