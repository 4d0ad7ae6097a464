"""The process a guest runs in: reads a request and a module on stdin, limits itself, writes one JSON answer."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from typing import Any

from labkit.errors import GuestTrap, LabkitError, LimitExceeded
from labkit.limits import Limits
from labkit.runtimes.registry import runtime

__all__ = ["main"]


def main() -> None:
    """Answer one request."""
    header, _, wasm = sys.stdin.buffer.read().partition(b"\n")
    # Whatever prints from here on must not garble the answer.
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with answer_to:
        json.dump(_answer(json.loads(header), wasm), answer_to)
    # Skip the interpreter's clean-up: nothing in this process is needed again.
    os._exit(0)


def _answer(request: dict[str, Any], wasm: bytes) -> dict[str, Any]:
    try:
        chosen = runtime(request["runtime"])
        enforced = {"memory": request["memory_bytes"]} if "memory" in chosen.enforces else {}
        if request["fuel_units"] is not None:
            enforced["fuel"] = request["fuel_units"]
        module = chosen.compile(wasm)
        _limit_process(request["seconds"], request["memory_bytes"])
        function = module.instantiate(limits=Limits(**enforced)).func(request["export"])
        begin = time.perf_counter()
        values = function(*request["args"])
        wall_seconds = time.perf_counter() - begin
        values = () if values is None else values if isinstance(values, tuple) else (values,)
        return {"values": values, "wall_seconds": wall_seconds}
    except GuestTrap as trap:
        return {"trap": trap.kind.value, "message": str(trap)}
    except LimitExceeded as error:
        return {"memory_limit": True, "message": str(error)}
    except LabkitError as error:
        return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def _limit_process(seconds: float, memory_bytes: int) -> None:
    """Let the system itself end this process: a guest may hold the interpreter's lock, and then nothing in Python can."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    data_bytes = int(_data_bytes()) + memory_bytes + 256 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes if hard == resource.RLIM_INFINITY else min(data_bytes, hard), hard))


def _data_bytes() -> int:
    """What this process already counts against RLIMIT_DATA."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
