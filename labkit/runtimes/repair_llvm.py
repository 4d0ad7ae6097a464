"""Mends the wheel of Wasmer's LLVM compiler, so that importing it no longer ends the process: python -m labkit.runtimes.repair_llvm.

The wheel carries its own libtinfo under a name with a digest, and its extension asks for that name; but the table of symbol
versions in the extension still says ``libtinfo.so.5``. Older C libraries let that pass; glibc 2.36 stops the process. So the
extension is made to ask for ``libtinfo.so.5``, a link of that name beside the library leads to it, and the search path is
the wheel's own folder alone. patchelf does it, on a copy that replaces the extension only once it has been proven to work.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from labkit.errors import RuntimeUnavailable

__all__ = ["main", "repair"]

_PACKAGE = "wasmer_compiler_llvm"
_BUNDLED = re.compile(r"libtinfo-[0-9a-f]+\.so\.5")
_NAME = "libtinfo.so.5"
_OTHERWISE = f"Reinstall it (pip install --force-reinstall {_PACKAGE}==1.1.0), or go on without wasmer-llvm."

#: Run in another process: whether the compiler loads and compiles.
_TRIAL = """
import wasmer, wasmer_compiler_llvm
store = wasmer.Store(wasmer.engine.Universal(wasmer_compiler_llvm.Compiler))
module = wasmer.Module(store, '(module (func (export "one") (result i32) i32.const 1))')
assert wasmer.Instance(module).exports.one() == 1
"""


def repair(site: Path | None = None) -> str:
    """Mend the installed wheel, where it needs that.

    Parameters
    ----------
    site : Path, optional
        The folder it is installed in; found by import unless given.

    Returns
    -------
    str
        What was done, as a sentence.

    Raises
    ------
    RuntimeUnavailable
        If it could not be mended. Everything is then as it was.
    """
    site = site or _installed_in()
    if site is None:
        return f"{_PACKAGE} is not installed: there is nothing to mend."
    if _works(site):
        return f"{_PACKAGE} works: there is nothing to mend."
    extension, libraries = _parts(site)
    bundled = _bundled_name(extension, libraries)
    link = libraries / _NAME
    made_link = not link.is_symlink()
    if made_link:
        link.symlink_to(bundled)
    try:
        with tempfile.TemporaryDirectory(dir=extension.parent, prefix=".repair-") as folder:
            copy = Path(folder) / extension.name
            shutil.copy2(extension, copy)
            _patchelf("--replace-needed", bundled, _NAME, "--set-rpath", f"$ORIGIN/../{libraries.name}", str(copy))
            backup = Path(folder) / "original"
            os.link(extension, backup)
            copy.replace(extension)
            if not _works(site):
                backup.replace(extension)
                raise RuntimeUnavailable(f"{_PACKAGE} does not work after the repair either, so it was undone.", remedy=_OTHERWISE)
    except BaseException:
        if made_link:
            link.unlink(missing_ok=True)
        raise
    return f"{_PACKAGE} is mended: it asks for {_NAME} now, which is its own {bundled}."


def _installed_in() -> Path | None:
    spec = find_spec(_PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent.parent


def _works(site: Path) -> bool:
    """Try the compiler in another process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", _TRIAL], capture_output=True, env=environment, timeout=120, check=False)
    return done.returncode == 0


def _parts(site: Path) -> tuple[Path, Path]:
    """Find the extension and the folder of the libraries it carries."""
    extensions, libraries = sorted((site / _PACKAGE).glob(f"{_PACKAGE}.*.so")), site / f"{_PACKAGE}.libs"
    if len(extensions) != 1 or not libraries.is_dir():
        raise RuntimeUnavailable(f"{_PACKAGE} is not laid out as its wheel is.", remedy=_OTHERWISE)
    return extensions[0], libraries


def _bundled_name(extension: Path, libraries: Path) -> str:
    """Find the name with the digest that the extension asks for."""
    for needed in _patchelf("--print-needed", str(extension)).splitlines():
        if _BUNDLED.fullmatch(needed) and (libraries / needed).is_file():
            return needed
    raise RuntimeUnavailable(f"{_PACKAGE} does not work, and not because of its libtinfo.", remedy=_OTHERWISE)


def _patchelf(*arguments: str) -> str:
    program = shutil.which("patchelf", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if program is None:
        raise RuntimeUnavailable("patchelf is not installed.", remedy="Install it: pip install patchelf.")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeUnavailable(f"patchelf failed: {done.stderr.strip()}.", remedy=_OTHERWISE)
    return done.stdout


def main() -> int:
    """Mend the wheel and say what was done; the exit code is 1 where it could not be mended."""
    try:
        sys.stdout.write(repair() + "\n")
    except (RuntimeUnavailable, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
