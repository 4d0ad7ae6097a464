"""One request, from the compiled module in the cache to a worker that has answered or was ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from labkit.errors import LabkitError, UnsupportedLimit
from labkit.limits import Limits
from labkit.runtimes.registry import runtime as get_runtime
from labkit.sandbox.cache import Entry, artifact_key, the_cache
from labkit.sandbox.checked import load_checked
from labkit.sandbox.grants import Stdin, open_stdin, to_file
from labkit.sandbox.pool import the_pool
from labkit.sandbox.watch import Observed, OnOutput, watch
from labkit.sandbox.zygote import UNREADY

__all__ = ["supervise"]

#: Workers that may be found dead before a run is given up.
_ATTEMPTS = 4


def supervise(
    wasm: bytes, runtime: str, request: dict[str, Any], stdin: Stdin, limits: Limits, on_output: OnOutput | None, cancel: threading.Event | None
) -> Observed:
    """Run a request on a worker, and on the next one where what ended a spare is nothing to do with the guest.

    Raises
    ------
    LabkitError
        If the runtime does not work here or lacks a limit, or if no worker can be started.
    """
    key = _key(wasm, runtime, request, limits)
    load = partial(_load, runtime=runtime, component=request["component"])
    kind = (runtime, not request["grants"]["folders"])
    pool = the_pool()
    failures: list[BaseException] = []
    with ExitStack() as owned:
        stdin_file = open_stdin(stdin)
        owned.callback(os.close, stdin_file)
        for attempt in range(_ATTEMPTS):
            worker = pool.take(kind, key)
            entry = None
            try:
                descriptors = [stdin_file]
                if key is not None and worker.holds == key:
                    request["artifact"] = "held"
                else:
                    entry = _add_module(descriptors, owned, wasm, key, load)
                    request["artifact"] = entry.use if entry else None
                observed = watch(worker, request, descriptors, limits=limits, on_output=on_output and _noting(on_output, failures), cancel=cancel)
            except BaseException as error:
                worker.close()
                # A worker that is gone before it was asked; what the caller's own function raises is the caller's.
                if isinstance(error, ConnectionError) and error not in failures:
                    continue
                raise
            # The reader need not wait for what only the next run will need.
            pool.later(worker.close)
            if observed.answer and observed.answer.get("lost"):
                continue
            if observed.ending and not observed.started:
                if observed.ending.exit_code == UNREADY:
                    break
                # Something else than labkit has killed it, and perhaps other spares, before it was asked. If a new one is killed too,
                # compiling is what it was killed for.
                if observed.ending.exit_code == -signal.SIGKILL and observed.stop is None and attempt == 0:
                    pool.drop(kind)
                    continue
            if observed.started or observed.answer or observed.stop or observed.ending:
                _keep(observed, entry)
                pool.later(partial(_make_spares, kind, key, request, load))
                return observed
    raise LabkitError(f"No worker process can be started: {pool.zygote.words()[-500:] or 'they end without a word'}.", remedy="Restart the kernel.")


def _noting(on_output: OnOutput, failures: list[BaseException]) -> OnOutput:
    """Remember what the caller's function raises."""

    def call(stream: str, data: bytes) -> None:
        try:
            on_output(stream, data)
        except BaseException as error:
            failures.append(error)
            raise

    return call


def _key(wasm: bytes, runtime: str, request: dict[str, Any], limits: Limits) -> str | None:
    """Name the compiled module; None where it is compiled each time: code with fuel is other code, and a command keeps none."""
    engine = get_runtime(runtime, interruptible=False)
    if limits.fuel_units is not None:
        if "fuel" not in engine.enforces:
            raise UnsupportedLimit(f"{engine.name} {engine.version} has no fuel.", remedy='Use "wasmtime", or limit the time.')
        return None
    if not engine.in_process:
        return None
    # Where labkit has to adapt the module to the limits, what becomes of it depends on more than the engine.
    adapted = "" if "memory" in engine.enforces else f" program={request['export'] is None} memory={limits.memory_bytes}"
    return artifact_key(wasm, engine.fingerprint + adapted)


def _load(key: str, *, runtime: str, component: bool) -> Entry | None:
    """Open what is compiled already. A module's artifact is checked by the worker that loads it, a component's here, once."""
    if component:
        return load_checked(the_cache(), key, get_runtime(runtime, interruptible=False).fingerprint)
    return the_cache().load(key)


def _add_module(descriptors: list[int], owned: ExitStack, wasm: bytes, key: str | None, load: Callable[[str], Entry | None]) -> Entry | None:
    """Add the module to what is sent, and its place in the cache."""
    descriptors.append(to_file(wasm))
    owned.callback(os.close, descriptors[-1])
    entry = None if key is None else load(key) or the_cache().store(key)
    if entry is not None:
        descriptors.append(entry.descriptor)
        owned.callback(entry.close)
    return entry


def _keep(observed: Observed, entry: Entry | None) -> None:
    """Keep what was compiled, and drop what was found damaged."""
    if entry is None or observed.started is None:
        return
    if entry.use == "store":
        entry.keep()
        the_cache().tidy()
    elif observed.started.get("damaged"):
        entry.drop()


def _make_spares(kind: tuple[str, bool], key: str | None, request: dict[str, Any], load: Callable[[str], Entry | None]) -> None:
    """Have the next workers made, and let them hold the module: who ran it once is likely to run it again."""
    entry = None if key is None else load(key)
    try:
        the_pool().warm(kind, key, entry.descriptor if entry else None, request["memory_bytes"], component=request["component"])
    finally:
        if entry:
            entry.close()
