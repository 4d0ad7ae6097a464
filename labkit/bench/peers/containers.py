"""Peers that are containers: the OCI runtimes crun and runc, and the engines above them, from an image that the lab makes itself."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labkit.bench.peers.images import size_of, write_bundle
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.processes import descendants
from labkit.bench.peers.start import TIMEOUT_SECONDS, first_words, sentence
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError
from labkit.toolchains.debian_root import debian_root

__all__ = ["Containerd", "Crun", "DebianImage", "Docker", "Podman", "Runc"]

#: Files and processes that a container may have.
_MOST = 4096
# Where cgroups of both versions are mounted, crun refuses; version 2 has no controllers then, and can be left out of sight.
_CGROUPS_V1 = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified && exec "$@"', "sh"]
_CGROUPS_V1_NOTE = "it refuses to run beside both versions of cgroups, so unshare hides version 2 from it, which is in the time"


def _call(command: Sequence[str], *, remedy: str) -> str:
    """Run a command that prepares something; what it prints."""
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{Path(command[0]).name} does not work here: {sentence(str(error))}", remedy=remedy) from None
    if done.returncode != 0:
        words = first_words((done.stderr or done.stdout).decode(errors="replace"))
        raise BenchError(f"{Path(command[0]).name} does not work here: {sentence(words)}", remedy=remedy)
    return done.stdout.decode(errors="replace")


class _Bundle(CommandPeer):
    """Starts an OCI bundle."""

    kind = "container"
    isolates = "namespaces, cgroup, few capabilities"
    needs = "It needs root, or user namespaces and cgroups that were given to this user."

    def make(self, workshop: Workshop) -> None:
        """The root folder has the program and nothing else."""
        self._write_bundles(workshop, self.executable, workshop.root, [f"/{workshop.program.name}"])

    def _write_bundles(self, workshop: Workshop, label: str, root: Path, program: Sequence[str], *, binds: Sequence[tuple[str, Path]] = ()) -> None:
        """Write one bundle that runs the program, and one that lets it wait."""
        self._bundles: dict[tuple[str, ...], str] = {
            arguments: str(write_bundle(workshop.folder / "-".join([label, "bundle", *arguments]), root, [*program, *arguments], binds=binds))
            for arguments in ((), ("wait",))
        }
        self._state = str(workshop.folder / f"{label}-state")
        self._container = f"{workshop.label}-{label}"
        self.image_bytes = sum(map(size_of, [root, Path(self._bundles[()]), *(source for _, source in binds)]))

    def _command(self, *arguments: str) -> list[str]:
        return [self.tool, "--root", self._state, "run", "--bundle", self._bundles[arguments], self._container]

    def remove(self) -> None:
        """Delete the container."""
        with contextlib.suppress(BenchError):
            _call([self.tool, "--root", self._state, "delete", "--force", self._container], remedy="")


class Crun(_Bundle):
    """The OCI runtime in C."""

    name = "crun"
    executable, package = "crun", "crun"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """As it is, and with what it refuses out of its sight."""
        return [("", self._command(*arguments)), (_CGROUPS_V1_NOTE, [self.find("unshare"), *_CGROUPS_V1[1:], *self._command(*arguments)])]


class Runc(_Bundle):
    """The OCI runtime in Go, which Docker and containerd use."""

    name = "runc"
    executable, package = "runc", "runc"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """As it is."""
        return [("", self._command(*arguments))]


class DebianImage(Runc):
    """The same program in a root file system of Debian's, upon which many images are laid."""

    name = "Debian image, runc"
    cost = 1

    def make(self, workshop: Workshop) -> None:
        """The program is shown to the container where Debian leaves a folder empty, so that the root file system stays as it is."""
        self._write_bundles(workshop, "debian", debian_root(), [f"/opt/{workshop.program.name}"], binds=[("/opt", workshop.root)])


_DAEMON = 'version = 2\nroot = "{0}/root"\nstate = "{0}/state"\n[grpc]\naddress = "{0}/socket"\n[ttrpc]\naddress = "{0}/socket.ttrpc"\n'
# Ends the daemon when the standard input ends, whatever ends it.
_WHILE_INPUT = '"$@" & daemon=$!; read -r line; kill "$daemon"; wait "$daemon"'


class Containerd(CommandPeer):
    """The daemon under Docker and Kubernetes: one of our own, so that nobody else's is touched."""

    name = "containerd"
    kind = "container"
    isolates = "as runc; a daemon has unpacked the image"
    cost = 1
    executable, package = "containerd", "containerd"
    needs = "It needs root, and runc beside it (apt-get install runc)."
    leaves_strays = True

    def make(self, workshop: Workshop) -> None:
        """Start the daemon and give it the image."""
        self._client, self._image = self.find("ctr"), workshop.image_name
        self._container = f"{workshop.label}-containerd"
        folder = workshop.folder / "containerd"
        workshop.enter(self._daemon(folder))
        self._ctr = [self._client, "--address", str(folder / "socket")]
        _call([*self._ctr, "images", "import", str(workshop.image)], remedy=self.needs)
        self.image_bytes = workshop.image.stat().st_size

    @contextmanager
    def _daemon(self, folder: Path) -> Iterator[None]:
        folder.mkdir()
        (folder / "config.toml").write_text(_DAEMON.format(folder), encoding="utf-8")
        command = ["sh", "-c", _WHILE_INPUT, "sh", self.tool, "--config", str(folder / "config.toml")]
        with open(folder / "words", "w+b") as words:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=words, stderr=words, start_new_session=True)
        try:
            self._wait_for(folder / "socket", process, folder / "words")
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def _wait_for(self, socket: Path, process: subprocess.Popen[bytes], words: Path) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not socket.exists():
            fatal = [line for line in words.read_text(errors="replace").splitlines() if "containerd: " in line]
            if fatal or time.monotonic() > deadline or process.poll() is not None:
                raise BenchError(f"containerd does not start: {sentence(first_words(fatal[0]) if fatal else 'no socket in time')}", remedy=self.needs)
            time.sleep(0.005)

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The client, which waits for the container; no network is set up, as is its way."""
        program = ["/say_hello", *arguments]
        return [("", [*self._ctr, "run", "--rm", self._image, self._container, *program])]

    def remove(self) -> None:
        """Kill and delete the container."""
        for command in (["tasks", "kill", "--signal", "KILL", self._container], ["containers", "delete", self._container]):
            with contextlib.suppress(BenchError):
                _call([*self._ctr, *command], remedy="")


class _Engine(CommandPeer):
    """Runs a container of the image by a command that all such engines share."""

    kind = "container"
    cost = 1

    def make(self, workshop: Workshop) -> None:
        """Load the image, and have container and image removed in the end."""
        self._image, self._container = workshop.image_name, f"{workshop.label}-{self.executable}"
        workshop.janitor.will_run([self.tool, "rmi", "--force", self._image])
        workshop.janitor.will_run([self.tool, "rm", "--force", self._container])
        _call([self.tool, "load", "--input", str(workshop.image)], remedy=self.needs)
        self.image_bytes = workshop.image.stat().st_size

    def _run(self, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        stdin = ["--interactive"] if arguments else []
        return [self.tool, *options, "run", "--rm", "--name", self._container, "--network", "none", *_limits(), *stdin, self._image, *arguments]

    def remove(self) -> None:
        """Remove the container."""
        with contextlib.suppress(BenchError):
            _call([self.tool, "rm", "--force", self._container], remedy="")


def _limits() -> list[str]:
    """Limits that need no privilege: an engine's own are above this process's, and to raise them takes one that root of a sandbox can lack."""
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    hard = {name: resource.getrlimit(kind)[1] for name, kind in limits.items()}
    values = {name: _MOST if value == resource.RLIM_INFINITY else min(value, _MOST) for name, value in hard.items()}
    return [f"--ulimit={name}={value}:{value}" for name, value in values.items()]


class Podman(_Engine):
    """The engine without a daemon."""

    name = "podman"
    isolates = "as runc; image layers, filtered system calls"
    executable, package = "podman", "podman"
    needs = "It needs root, or user namespaces with ranges for this user in /etc/subuid (apt-get install uidmap), and crun or runc beside it."
    leaves_strays = True

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """With its own choice of an OCI runtime, and with runc."""
        return [
            ("", self._run(*arguments)),
            ("with runc, where its own choice of an OCI runtime fails", self._run(*arguments, options=["--runtime=runc"])),
        ]


class Docker(_Engine):
    """The engine with a daemon; the machine's own is used."""

    name = "docker"
    isolates = "as podman, by a daemon"
    executable, package = "docker", "docker.io"
    needs = "Start its daemon, and be in the group docker."

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """Its client."""
        return [("", self._run(*arguments))]

    def processes(self, known: frozenset[int]) -> Iterable[int]:
        """Its client, and what the daemon started: the container's processes and the one that watches over them."""
        state = json.loads(_call([self.tool, "inspect", self._container], remedy=self.needs))[0]["State"]
        status = Path(f"/proc/{state['Pid']}/stat").read_text()
        watcher = int(status.rpartition(")")[2].split()[1])
        return {*super().processes(known), watcher, *descendants(watcher)}
