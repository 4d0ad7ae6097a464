"""The bench of precompiled modules: reading one against compiling it, labkit's reading beside Wasmtime's own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import wasmtime

from labkit.bench.contenders import PYTHON_VERSION, status_of, version
from labkit.bench.goals import Bench, Direction, Findings, Goal
from labkit.bench.interleave import Progress, compare
from labkit.data_files import data_folder
from labkit.display import format_bytes
from labkit.errors import BenchError
from labkit.runtimes.artifact_files import SETTLED_SECONDS
from labkit.runtimes.instance import Module
from labkit.runtimes.registry import runtime
from labkit.runtimes.wasmtime_runtime import WasmtimeRuntime

__all__ = ["BENCH"]

#: QuickJS, and a program in JavaScript for it.
_MODULE = "fib-js.wasm"

_READ, _FIRST = "labkit: a file it has checked", "labkit: a file it has not seen"
_RAW, _COMPILE = "wasmtime_module_deserialize_file", "labkit: compile"
_GOAL = Goal("compile / read a precompiled file", 500.0, Direction.AT_LEAST)


def _run(seconds: float, progress: Progress) -> Findings:
    chosen = runtime("wasmtime", interruptible=False)
    assert isinstance(chosen, WasmtimeRuntime)
    wasm = (data_folder() / "modules" / _MODULE).read_bytes()
    with tempfile.TemporaryDirectory(prefix="labkit-precompiled-") as folder:
        module = chosen.compile(wasm)
        artifact = module.serialize()
        found = compare(_contenders(chosen, module, wasm, artifact, Path(folder)), seconds=seconds, progress=progress)
    title = f"{_MODULE}, {format_bytes(len(wasm))}: QuickJS with a program for it"
    figures = {
        _GOAL.figure: found.ratio(_COMPILE, _READ),
        "compile / read a precompiled file for the first time": found.ratio(_COMPILE, _FIRST),
        "compile / Wasmtime's own reading, which checks nothing": found.ratio(_COMPILE, _RAW),
        "labkit reads / Wasmtime's own reading": found.ratio(_READ, _RAW),
    }
    return Findings(
        figures,
        {title: found},
        (version(status_of("wasmtime")), PYTHON_VERSION),
        (
            f"The artifact has {format_bytes(len(artifact))}. Its checksum is verified when a file is first read; after that labkit serves "
            "a sealed copy for as long as the file's identity, size and times stay the same.",
        ),
        artifacts={title: sha256(wasm).hexdigest()},
    )


def _contenders(chosen: WasmtimeRuntime, module: Module, wasm: bytes, artifact: bytes, folder: Path) -> dict[str, Callable[[], Any]]:
    checked, unseen, raw = folder / "checked", folder / "unseen", folder / "raw"
    for path, content in ((checked, artifact), (unseen, artifact), (raw, bytes(module.native.serialize()))):
        path.write_bytes(content)
    # Until it is that old a file is not trusted to stay the same.
    time.sleep(SETTLED_SECONDS + 0.1)

    def read_unseen() -> Module:
        os.utime(unseen)  # to labkit it is another file now
        return chosen.deserialize(unseen)

    contenders: dict[str, Callable[[], Module]] = {
        _READ: partial(chosen.deserialize, checked),
        _FIRST: read_unseen,
        _COMPILE: partial(chosen.compile, wasm),
    }
    for name, contender in contenders.items():
        if contender().exports != module.exports:
            raise BenchError(f"{name} gave another module, so its time means nothing.", remedy="Report this as a fault of labkit's.")
    return {**contenders, _RAW: partial(wasmtime.Module.deserialize_file, chosen.engine(fuel=False), str(raw))}


BENCH = Bench(
    "precompiled",
    "What it saves to read a module that was compiled before.",
    (_GOAL,),
    _run,
    seconds=45.0,
    quick_seconds=20.0,
)
