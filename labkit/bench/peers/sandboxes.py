"""Peers that put a process behind walls of the system's without an engine for containers: unshare, Bubblewrap; and PRoot, which has none."""

from __future__ import annotations

from labkit.bench.peers.images import size_of
from labkit.bench.peers.peer import CommandPeer
from labkit.bench.peers.workshop import Workshop

__all__ = ["Bubblewrap", "Proot", "Unshare"]

_NAMESPACES_NEEDED = "Run it as root, or where users may make user namespaces (sysctl user.max_user_namespaces, and AppArmor's own switch)."


class _InRoot(CommandPeer):
    """Starts the program in the root folder."""

    kind = "sandbox"
    needs = _NAMESPACES_NEEDED

    def make(self, workshop: Workshop) -> None:
        """Make the root folder."""
        self._root = str(workshop.root)
        self._program = f"/{workshop.program.name}"
        self.image_bytes = size_of(workshop.root)


class Unshare(_InRoot):
    """Namespaces and nothing more."""

    name = "unshare"
    isolates = "namespaces and a root folder"
    executable, package = "unshare", "util-linux"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """With a user namespace, so that it takes no root; and without, for systems where root may and users may not."""
        walls = ["--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child", f"--root={self._root}", self._program, *arguments]
        return [("", [self.tool, "--user", "--map-root-user", *walls]), ("without a user namespace", [self.tool, *walls])]


class Bubblewrap(_InRoot):
    """What Flatpak starts its applications with."""

    name = "bubblewrap"
    isolates = "namespaces, its own /dev, no new privileges"
    executable, package = "bwrap", "bubblewrap"

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """Every namespace it knows."""
        walls = ["--unshare-all", "--die-with-parent", "--ro-bind", self._root, "/", "--proc", "/proc", "--dev", "/dev"]
        return [("", [self.tool, *walls, self._program, *arguments])]


class Proot(_InRoot):
    """A root folder by rewriting system calls."""

    name = "proot"
    isolates = "no isolation: it pretends a root folder"
    executable, package = "proot", "proot"
    needs = "It needs ptrace, which this system may forbid."

    def commands(self, *arguments: str) -> list[tuple[str, list[str]]]:
        """The root folder."""
        return [("", [self.tool, "-r", self._root, "-w", "/", self._program, *arguments])]
