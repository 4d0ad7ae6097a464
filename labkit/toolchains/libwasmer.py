"""Builds the C library of the current Wasmer with cargo, from the crates that a lock file names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from labkit.errors import ToolchainUnavailable
from labkit.folders import cache_folder
from labkit.runtimes.libwasmer_binding import CHECKED_VERSION, FILE_NAME, describe

__all__ = ["build_libwasmer"]

#: Names the crate's version, and every other crate's with its hash.
_CRATE = Path(__file__).parent / "crates" / "libwasmer"
#: The Rust that the crate asks for.
_RUST = (1, 95)
_ELSEWHERE = "or name a library of Wasmer's own, of version 7, in LABKIT_LIBWASMER."


def build_libwasmer(folder: Path, say: Callable[[str], None]) -> None:
    """Build the library into a folder; what a build that was interrupted has compiled is used by the next.

    Parameters
    ----------
    folder : Path
        An empty folder.
    say : callable
        Gets a line of text for each step.

    Raises
    ------
    ToolchainUnavailable
        If there is no cargo of Rust 1.95 or newer, or the build fails.
    """
    cargo = _find_cargo()
    workshop = cache_folder() / "libwasmer" / CHECKED_VERSION
    crate = workshop / "crate"
    try:
        crate.mkdir(parents=True, exist_ok=True)
        for file in ("Cargo.toml", "Cargo.lock", "lib.rs"):
            shutil.copyfile(_CRATE / file, crate / file)
    except OSError as error:
        raise ToolchainUnavailable(f"{str(crate)!r} cannot be made: {error.strerror}.", remedy="Name another folder in LABKIT_CACHE.") from None
    say(f"Building Wasmer {CHECKED_VERSION} with cargo: 12 to 16 minutes on two cores. Interrupted, it goes on from there the next time.")
    # The crate's build script wants a target folder of just this name. Its rlib and archive, which cargo would build too, nobody needs.
    words = ["rustc", "--release", "--locked", "--package", "wasmer-c-api", "--crate-type", "cdylib", "--target-dir", str(workshop / "target")]
    done = subprocess.run([cargo, *words], cwd=crate, env={**os.environ, "CARGO_TERM_PROGRESS_WHEN": "auto"}, check=False)
    if done.returncode != 0:
        remedy = f"Its words above say why: it needs the network and a C compiler (`apt install gcc libc6-dev cmake`); {_ELSEWHERE}"
        raise ToolchainUnavailable(f"cargo failed with exit code {done.returncode}.", remedy=remedy)
    built = workshop / "target" / "release" / FILE_NAME
    version, _, reason = describe(built)
    if reason or version != CHECKED_VERSION:
        raise ToolchainUnavailable(f"What was built is not usable: {reason or f'it is version {version}'}.", remedy=f"Tell the project; {_ELSEWHERE}")
    shutil.copyfile(built, folder / FILE_NAME)
    shutil.rmtree(workshop, ignore_errors=True)


def _find_cargo() -> str:
    """Find a cargo whose Rust is new enough."""
    wanted = ".".join(map(str, _RUST))
    found = shutil.which("cargo") or shutil.which("cargo", path=str(Path("~/.cargo/bin").expanduser()))
    if found is None:
        raise ToolchainUnavailable("cargo is not here.", remedy=f"Install Rust {wanted} or newer (rustup.rs); {_ELSEWHERE}")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, errors="replace", check=False).stdout
    version = re.match(r"cargo (\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < _RUST:
        what = said.split("(")[0].strip() or "what is called cargo"
        raise ToolchainUnavailable(f"Wasmer's crate needs Rust {wanted}, and {what} is here.", remedy=f"Run `rustup update`; {_ELSEWHERE}")
    return found
