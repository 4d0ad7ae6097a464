"""The peers of a WebAssembly instance: other ways to start a program, each with what it isolates, and all held to the same hello."""

from __future__ import annotations

from labkit.bench.peers.containers import Containerd, Crun, DebianImage, Docker, Podman, Runc
from labkit.bench.peers.host_processes import FreshNativeHost, FreshPython, NativeProcess, WarmWorker
from labkit.bench.peers.instances import CompiledInstance, FreshInstance, LoadedInstance, PooledInstance
from labkit.bench.peers.peer import Peer
from labkit.bench.peers.python_programs import PythonComponent, PythonImage, PythonProcess
from labkit.bench.peers.runtime_commands import FreshNode, FreshWasmedge
from labkit.bench.peers.sandboxes import Bubblewrap, Proot, Unshare
from labkit.bench.peers.workshop import Workshop

__all__ = ["PEERS", "Peer", "Workshop"]

#: Every rung of the ladder, the one the others are held against first.
PEERS: tuple[type[Peer], ...] = (
    NativeProcess,
    FreshInstance,
    PooledInstance,
    LoadedInstance,
    CompiledInstance,
    FreshNativeHost,
    FreshWasmedge,
    FreshNode,
    WarmWorker,
    FreshPython,
    Unshare,
    Bubblewrap,
    Proot,
    Crun,
    Runc,
    DebianImage,
    Containerd,
    Podman,
    Docker,
    PythonProcess,
    PythonComponent,
    PythonImage,
)
