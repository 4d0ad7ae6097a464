"""The process that holds idle instances of one runtime: says at each count how much memory they have added to it, and ends."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labkit.bench.arguments import checked_counts
from labkit.bench.peers.processes import loaded_code, need_pss, own_pss_bytes
from labkit.errors import BenchError, LabkitError, Unsupported
from labkit.modules.load import to_wasm
from labkit.runtimes.registry import runtime

__all__ = ["ADD", "IdleInstances", "hold_instances"]

#: As much as a small program of C has: a memory with data, and a function.
ADD = """
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "hello")
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
"""
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class IdleInstances:
    """Instances that were held at once, each after its first call.

    Attributes
    ----------
    host_bytes : int
        PSS of the process before the first of them: Python, the engine, the compiled module.
    points : tuple of (int, int)
        How many there were, and what they had added to that, in bytes; without the libraries, whose share changes as other processes come
        and go.
    """

    host_bytes: int
    points: tuple[tuple[int, int], ...]


def hold_instances(
    name: str, counts: Sequence[int], *, pooled: bool = False, wasm: bytes | None = None, export: str = "add", arguments: Sequence[Any] = (20, 22)
) -> IdleInstances:
    """Hold instances in a process of their own, and measure it.

    Parameters
    ----------
    name : str
        A runtime's.
    counts : sequence of int
        Rising; at each the memory is measured.
    pooled : bool, optional
        Take them from a pool, where the runtime has one.
    wasm : bytes, optional
        The module, without imports; left out, a small one with a memory.
    export, arguments : str, sequence
        The call that each has answered before it is idle.

    Raises
    ------
    BenchError
        If so many cannot be held, with the reason.
    Unsupported
        If the system does not tell how much memory a process takes; Linux does.
    """
    need_pss()
    counts = checked_counts(counts)
    wanted = {"name": name, "counts": list(counts), "pooled": pooled, "export": export, "arguments": list(arguments)}
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "labkit.bench.idle_instances", json.dumps(wanted)],
            input=to_wasm(ADD) if wasm is None else wasm,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        answer = json.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{counts[-1]:,} instances of {name} were not made in {_TIMEOUT_SECONDS:g} s.", remedy="Close what else runs.") from None
    except ValueError:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise BenchError(
            f"The process that held instances of {name} ended with exit code {ended.returncode}{': ' + said[-1][:200] if said else ''}.",
            remedy="Hold fewer, or close what else runs.",
        ) from None
    if "error" in answer:
        raise BenchError(f"{counts[-1]:,} instances of {name} cannot be held: {answer['error']}", remedy=answer["remedy"])
    return IdleInstances(answer["host_bytes"], tuple((count, added) for count, added in answer["points"]))


def _hold(name: str, counts: Sequence[int], pooled: bool, export: str, arguments: Sequence[Any], wasm: bytes) -> dict[str, Any]:
    options: dict[str, Any] = {"pooled_instances": counts[-1] + 1} if pooled else {}
    module = runtime(name, interruptible=False, **options).compile(wasm)
    held = []

    def add() -> None:
        instance = module.instantiate()
        instance.func(export)(*arguments)
        held.append(instance)

    add()  # what only the first one pays is the host's
    libraries, points = loaded_code(), []
    host_bytes, begin = _own_bytes(frozenset()), _own_bytes(libraries)
    for count in counts:
        while len(held) <= count:
            add()
        points.append((count, _own_bytes(libraries) - begin))
    return {"host_bytes": host_bytes, "points": points}


def _own_bytes(libraries: frozenset[bytes]) -> int:
    gc.collect()
    own_bytes = own_pss_bytes(without=libraries)
    if own_bytes is None:
        raise Unsupported("This system does not let a process read its own memory's size.", remedy="Allow it to read /proc/self/smaps.")
    return own_bytes


def main() -> None:
    """Hold what the command line says, of the module on standard input."""
    answers = os.fdopen(os.dup(1), "w")
    # Whatever prints from here on must not garble the answer.
    os.dup2(2, 1)
    try:
        answer = _hold(**json.loads(sys.argv[1]), wasm=sys.stdin.buffer.read())
    except LabkitError as error:
        answer = {"error": error.message, "remedy": error.remedy}
    answers.write(json.dumps(answer))
    answers.flush()
    # Freeing each of them would take longer than all that went before, and the system does it at once.
    os._exit(0)


if __name__ == "__main__":
    main()
