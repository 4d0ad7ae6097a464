"""Makes what containers are started from: a root folder, an OCI bundle around it, and an image that no registry is needed for."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import stat
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["make_root", "size_of", "write_bundle", "write_image"]

# What a container engine mounts into a container where nothing else is asked for.
_MOUNTS = (
    ("/proc", "proc", "proc", ("nosuid", "noexec", "nodev")),
    ("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    ("/dev/shm", "tmpfs", "shm", ("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")),
    ("/dev/mqueue", "mqueue", "mqueue", ("nosuid", "noexec", "nodev")),
    ("/sys", "sysfs", "sysfs", ("nosuid", "noexec", "nodev", "ro")),
)
_MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"]
_READ_ONLY = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
_CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def make_root(folder: Path, program: Path) -> Path:
    """Make a root folder with one program in it, and the places where a container's own file systems are mounted.

    Examples
    --------
    >>> import sys, tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     sorted(path.name for path in make_root(Path(name, "root"), Path(sys.executable)).iterdir())[:2]
    ['dev', 'proc']
    """
    for name in ("dev", "proc", "sys"):
        (folder / name).mkdir(parents=True)
    (folder / program.name).write_bytes(program.read_bytes())
    (folder / program.name).chmod(0o755)
    return folder


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, each once however many names it has; links are not followed."""
    found = (path.lstat() for path in folder.rglob("*"))
    return sum({(status.st_dev, status.st_ino): status.st_size for status in found if stat.S_ISREG(status.st_mode)}.values())


def write_bundle(folder: Path, root: Path, arguments: Sequence[str], *, binds: Sequence[tuple[str, Path]] = ()) -> Path:
    """Write an OCI bundle: the configuration with which ``crun`` and ``runc`` start a program in a root folder.

    Where this process is not root's, the container is rootless: it has a user namespace in which this user is root.

    Parameters
    ----------
    folder : Path
        Where to; it is made.
    root : Path
        The root folder, which the container cannot write to.
    arguments : sequence of str
        The program in the container and its arguments.
    binds : sequence of (str, Path), optional
        Places in the container, and the host's folders that it sees there and cannot write to.

    Returns
    -------
    Path
        The bundle's folder.
    """
    rootless = os.geteuid() != 0
    namespaces = ["pid", "ipc", "uts", "mount", "network", *(["user"] if rootless else [])]
    mounts = [*_MOUNTS, *((place, "bind", str(source), ("bind", "ro")) for place, source in binds)]
    user = {"uidMappings": [_mapping(os.geteuid())], "gidMappings": [_mapping(os.getegid())]} if rootless else {}
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(arguments),
            "env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), _CAPABILITIES),
            "noNewPrivileges": True,
        },
        "root": {"path": str(root), "readonly": True},
        "hostname": "hello",
        "mounts": [{"destination": place, "type": type, "source": source, "options": list(options)} for place, type, source, options in mounts],
        "linux": {"namespaces": [{"type": name} for name in namespaces], "maskedPaths": _MASKED, "readonlyPaths": _READ_ONLY, **user},
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _mapping(host_id: int) -> dict[str, int]:
    return {"containerID": 0, "hostID": host_id, "size": 1}


def write_image(path: Path, root: Path, *, name: str, command: Sequence[str]) -> Path:
    """Write an image of one layer, as an OCI layout that is also what ``docker save`` writes: each tool reads the one it knows.

    Parameters
    ----------
    path : Path
        The archive.
    root : Path
        The root folder; links stay links, and everything belongs to root.
    name : str
        The image's full name with its tag.
    command : sequence of str
        What a container of it runs.

    Returns
    -------
    Path
    """
    layer = _layer(root)
    config = _encode(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Entrypoint": list(command), "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
        }
    )
    media = "application/vnd.oci.image"
    manifest = _encode(
        {
            "schemaVersion": 2,
            "mediaType": f"{media}.manifest.v1+json",
            "config": _descriptor(f"{media}.config.v1+json", config),
            "layers": [_descriptor(f"{media}.layer.v1.tar", layer)],
        }
    )
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    files = {_blob(blob): blob for blob in (layer, config, manifest)}
    files["oci-layout"] = _encode({"imageLayoutVersion": "1.0.0"})
    files["index.json"] = _encode({"schemaVersion": 2, "manifests": [{**_descriptor(f"{media}.manifest.v1+json", manifest), "annotations": names}]})
    files["manifest.json"] = _encode([{"Config": _blob(config), "RepoTags": [name], "Layers": [_blob(layer)]}])
    _write_archive(path, files)
    return path


def _layer(root: Path) -> bytes:
    def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = 0
        return entry

    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path in sorted(root.iterdir()):
            archive.add(path, arcname=path.name, filter=owned_by_root)
    return written.getvalue()


def _write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(path, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _blob(content: bytes) -> str:
    return f"blobs/sha256/{_digest(content)}"


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{_digest(content)}", "size": len(content)}
