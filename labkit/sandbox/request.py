"""What the kernel asks of a worker, as it travels: a length, JSON, and open files beside it."""

from __future__ import annotations

import json
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any

from labkit.sandbox.grants import Folder, Grants

__all__ = ["HEADER", "Request", "read_request", "receive"]

#: Ahead of a request: the length of its JSON. With it come the descriptors of stdin, stdout and stderr, of the module, and of its artifact;
#: or, where the JSON only names a module to hold until a request comes, that of its artifact alone.
HEADER = struct.Struct("<I")


@dataclass(frozen=True)
class Request:
    """What the kernel asks for; the descriptors stand for files that are open already."""

    component: bool
    export: str | None
    args: list[int | float | str]
    grants: Grants
    seconds: float
    prepare_seconds: float
    memory_bytes: int
    fuel_units: int | None
    artifact: str | None
    files: list[int]


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Read what the kernel sends; end with it."""
    data, descriptors, _, _ = socket.recv_fds(channel, HEADER.size, 5)
    wanted = HEADER.unpack(data)[0] if len(data) == HEADER.size else 0
    data = b""
    while len(data) < wanted:
        more = channel.recv(wanted - len(data))
        if not more:
            wanted = 0
        data += more
    if not wanted:
        os._exit(0)
    return json.loads(data), descriptors


def read_request(fields: dict[str, Any], files: list[int]) -> Request:
    """Put the guest's streams in their places."""
    for target, descriptor in enumerate(files[:3]):
        os.dup2(descriptor, target)
        os.close(descriptor)
    granted = fields.pop("grants")
    folders = tuple(Folder(**folder) for folder in granted["folders"])
    env = tuple((name, value) for name, value in granted["env"])
    grants = Grants(tuple(granted["argv"]), env, folders, granted["clock_seconds"], granted["seed"])
    return Request(grants=grants, files=files[3:], **fields)
