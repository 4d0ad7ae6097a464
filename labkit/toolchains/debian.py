"""Debian's Rust and WasmEdge without root: apt fetches and checks the packages of a later release, and they are unpacked to a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from labkit.errors import ToolchainUnavailable
from labkit.toolchains.pins import DEBIAN_SUITE

__all__ = ["RUST", "WASMEDGE", "find_mirror", "unpack_packages"]

#: What compiled programs of Debian's are linked with where they bring LLVM along.
_LIBRARIES = (
    *("libc6", "libgcc-s1", "libstdc++6", "libllvm19", "zlib1g", "libzstd1", "libedit2"),
    *("libtinfo6", "libxml2", "liblzma5", "libffi8", "libbsd0", "libmd0", "libz3-4", "libgmp10"),
)
#: The compiler, its libraries for WebAssembly and for this machine (build scripts, macros), and every library it is linked with.
RUST = ("rustc", "libstd-rust-1.85", "libstd-rust-dev", "libstd-rust-dev-wasm32", *_LIBRARIES)
#: The command, its library, and every library that one is linked with.
WASMEDGE = ("wasmedge", "libwasmedge0", "libfmt10", "libspdlog1.15", *_LIBRARIES)
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack_packages(packages: Sequence[str], folder: Path, say: Callable[[str], None], *, elsewhere: str) -> None:
    """Unpack packages of Debian's to a folder.

    Parameters
    ----------
    packages : sequence of str
        Every package whose files are needed.
    folder : Path
        An empty folder.
    say : callable
        Gets a line of text for each step.
    elsewhere : str
        Where else to get it, as a whole sentence.

    Raises
    ------
    ToolchainUnavailable
        If this is no Debian machine, or its mirror does not have the packages.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and _KEYRING.is_file()):
        raise ToolchainUnavailable("This is no Debian machine, whose tools fetch and check these packages.", remedy=elsewhere)
    mirror = find_mirror()
    if not mirror:
        remedy = f"Run `sudo apt-get update` once so that apt knows its mirror. {elsewhere}"
        raise ToolchainUnavailable("This machine's apt has no mirror of Debian's.", remedy=remedy)
    with tempfile.TemporaryDirectory(prefix="labkit-apt-") as name:
        own = Path(name)
        # Without root, apt downloads as whoever runs it; with root it would want to become another user, who may not write here.
        environment = {**os.environ, "APT_CONFIG": str(_configure(own, mirror)), "LC_ALL": "C.UTF-8"}
        say(f"Reading the list of Debian {DEBIAN_SUITE}'s packages.")
        _run(["apt-get", "update", "--quiet"], environment, own, elsewhere)
        say("Downloading the packages; apt checks their signatures.")
        downloads = own / "packages"
        downloads.mkdir()
        _run(["apt-get", "download", "--quiet", *packages], environment, downloads, elsewhere)
        say("Unpacking.")
        for package in sorted(downloads.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(folder)], environment, own, elsewhere)


def find_mirror() -> str:
    """The mirror of Debian's that this machine's own apt uses; empty where it has none."""
    if not shutil.which("apt-get"):
        return ""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages"]
    listed = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    mirrors = [line.split()[0] for line in listed.splitlines() if line.endswith(" Debian") and "security" not in line]
    return mirrors[0] if mirrors else ""


def _configure(folder: Path, mirror: str) -> Path:
    """An apt of one's own: one source, and no word about or from the system's packages."""
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror} {DEBIAN_SUITE} main\n", encoding="utf-8")
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    configuration = folder / "apt.conf"
    lines = [
        f'Dir::State "{folder}/state"',
        'Dir::State::status "/dev/null"',
        f'Dir::Cache "{folder}/cache"',
        f'Dir::Etc::sourcelist "{folder}/sources.list"',
        *(f'Dir::Etc::{name} "/dev/null"' for name in ("sourceparts", "preferences", "preferencesparts")),
        'APT::Sandbox::User ""',
        'Acquire::Languages "none"',
    ]
    configuration.write_text("".join(f"{line};\n" for line in lines), encoding="utf-8")
    return configuration


def _run(command: Sequence[str], environment: dict[str, str], folder: Path, elsewhere: str) -> None:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    if done.returncode != 0:
        words = " ".join(line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.startswith("E:"))[:400]
        message = f"{command[0]} failed: {words or f'exit code {done.returncode}'}."
        raise ToolchainUnavailable(message, remedy=f"Look at the network and try again. {elsewhere}")
