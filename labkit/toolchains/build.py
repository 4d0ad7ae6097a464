"""Source to WebAssembly, whatever the language: found in the cache, compiled, or taken from the prebuilt modules."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError, BuildError, LabkitError, ToolchainUnavailable, UnreadableFile
from labkit.modules.interface import read_interface
from labkit.modules.load import to_wasm
from labkit.modules.types import FuncType
from labkit.toolchains.artifact import Artifact
from labkit.toolchains.cache import BuildCache
from labkit.toolchains.component import find_adapter, to_component
from labkit.toolchains.job import Job
from labkit.toolchains.language import WASIP1, WASIP2, Found, Language, Missing, Request
from labkit.toolchains.prebuilt import find_prebuilt
from labkit.toolchains.request import SourceOrPath, make_program, make_request
from labkit.toolchains.sources import Program
from labkit.toolchains.wasm_opt import find_wasm_opt, optimizer_flags
from labkit.toolchains.wasm_opt import optimize as optimize_module

__all__ = ["TIMEOUT_SECONDS", "build"]

#: How long a compiler may take.
TIMEOUT_SECONDS = 300.0
# Raise it where the same flags come to mean another build.
_RECIPE = 3
# Functions that compilers export by themselves.
_OF_THE_COMPILER = ("_start", "_initialize")


def build(
    source_or_path: SourceOrPath,
    *,
    language: str | None = None,
    kind: str = "command",
    optimize: str | None = None,
    features: Sequence[str] = (),
    target: str | None = None,
    name: str | None = None,
    output: str | os.PathLike[str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Artifact:
    """Build a WebAssembly module or component from source.

    A build is kept by its content, its toolchain and its flags: the second time it costs milliseconds. Where this machine
    lacks the toolchain and the source is one of the course's own, its prebuilt module is taken, and the artifact says so.

    Parameters
    ----------
    source_or_path : str, path or bytes
        Path of a source file, or of a folder with a ``Cargo.toml``; or source text, with ``language``.
    language : str, optional
        One of `LANGUAGE_NAMES`; a file's suffix tells it.
    kind : str, optional
        ``"command"``, a program that runs; or ``"library"``, functions to be called.
    optimize : str, optional
        ``"none"``, ``"size"`` or ``"speed"``: the compiler's level, and for the latter two wasm-opt after it where that is
        present. Left out, the compiler's level for size and nothing after it.
    features : sequence of str, optional
        Proposals that the module may use beyond what every runtime of the course takes: ``"simd"``, ``"threads"``…
    target : str, optional
        ``"freestanding"`` (no imports; what libraries are unless their language needs more), ``"wasip1"`` (what commands
        are) or ``"wasip2"`` (a component for WASI 0.2, which runs on Wasmtime).
    name : str, optional
        What the source is called in the compiler's messages, and the module on disk; of text it is ``"source"``.
    output : path, optional
        Where to put the module; it appears whole, or not at all.
    timeout_seconds : float, optional
        When the compiler is stopped.

    Returns
    -------
    Artifact

    Raises
    ------
    BuildError
        If the compiler refuses the source, or does not end; with its words, the source's own line numbers, and the first.
    ToolchainUnavailable
        If this machine lacks the toolchain; with what to do about it.
    ArgumentError
        If language, kind, target, optimisation or features are unknown, or do not go together.
    UnreadableFile
        If the source cannot be read, or the output cannot be written.

    Examples
    --------
    >>> artifact = build('(module (func (export "answer") (result i32) (i32.const 42)))', language="wat", kind="library")
    >>> artifact.size_bytes, artifact.target
    (39, 'freestanding')
    """
    program, chosen = make_program(source_or_path, language, name)
    request = make_request(chosen, kind=kind, target=target, optimize=optimize, features=features)
    if not timeout_seconds > 0 or not math.isfinite(timeout_seconds):
        raise ArgumentError(f"timeout_seconds={timeout_seconds!r} is no time.", remedy="Give seconds: build(…, timeout_seconds=300).")
    artifact = _build(program, chosen, request, time.monotonic() + timeout_seconds)
    return artifact if output is None else _put(artifact, Path(output))


def _build(program: Program, language: Language, request: Request, deadline: float) -> Artifact:
    # A language without components of its own makes a module, and the adapter a component of that.
    adapted = request.target == WASIP2 and not language.makes_component(request.kind)
    core = replace(request, target=WASIP1) if adapted else request
    adapter = find_adapter() if adapted else None
    found = language.find(core.target)
    for tool in (found, adapter):
        if isinstance(tool, Missing):
            prebuilt = find_prebuilt(program, language, request)
            if prebuilt is None:
                raise ToolchainUnavailable(f"{language.title} cannot be built here: {tool.reason}.", remedy=tool.remedy)
            return replace(prebuilt, note=f"Prebuilt, because this machine cannot build it: {tool.reason}. {tool.remedy}")
    assert isinstance(found, Found)
    optimizer = find_wasm_opt() if request.optimize in ("size", "speed") and request.target != WASIP2 else None
    tools = [tool for tool in (found, adapter, optimizer) if isinstance(tool, Found)]
    flags = (*language.flags(core), *(optimizer_flags(request) if isinstance(optimizer, Found) else ()))
    name = f"{found.name.lower()}.wasm" if language.shares(core) else f"{program.stem}.wasm"
    key = _key(program, language, request, tools, flags, name)
    shown = Artifact(
        Path(), language.name, str(found), request.kind, request.target, flags, 0.0, 0, 0, arguments=language.arguments(core, program.source)
    )
    cache = BuildCache()
    if kept := cache.load(key):
        return _restore(shown, *kept)
    with cache.lock(key, deadline):
        if kept := cache.load(key):
            return _restore(shown, *kept)
        with tempfile.TemporaryDirectory(prefix="labkit-build-", ignore_cleanup_errors=True) as folder:
            job = Job(language, core, program, found, Path(folder).resolve(), deadline)
            record = _compile(job, adapter, optimizer)
            path = cache.store(key, job.output, name, record)
    return replace(_restore(shown, path, record), from_cache=False)


def _compile(job: Job, adapter: Found | Missing | None, optimizer: Found | Missing | None) -> dict[str, Any]:
    """Build the job's module; what is worth remembering of it."""
    job.program.write(job.folder)
    begin = time.perf_counter()
    job.language.compile(job)
    if isinstance(adapter, Found):
        to_component(job, adapter)
    wall_seconds = time.perf_counter() - begin
    compiled_size_bytes = _check(job)
    if isinstance(optimizer, Found):
        optimize_module(job, optimizer)
    return {
        "wall_seconds": wall_seconds,
        "compiled_size_bytes": compiled_size_bytes,
        "size_bytes": _check(job),
        "optimizer": str(optimizer) if isinstance(optimizer, Found) else "",
        "note": _note(job),
    }


def _check(job: Job) -> int:
    """Make sure that a compiler which said nothing left a module; its size."""
    try:
        return len(to_wasm(job.output.read_bytes()))
    except (OSError, LabkitError):
        raise BuildError(
            f"{job.found.name} ended without an error and left no module.",
            remedy="Look whether the source defines what the kind asks for.",
            language=job.language.name,
        ) from None


def _note(job: Job) -> str:
    """Tell the reader of a library's source that exports nothing; a component's compiler refuses that itself."""
    if job.request.kind != "library" or job.request.target == WASIP2:
        return ""
    exports = read_interface(job.output.read_bytes()).exports
    if any(isinstance(item.type, FuncType) and item.name not in _OF_THE_COMPILER for item in exports):
        return ""
    return f"It exports no function that could be called. To export one in {job.language.title}, {job.language.export}."


def _key(program: Program, language: Language, request: Request, tools: Sequence[Found], flags: Sequence[str], name: str) -> str:
    """Name a build by all that decides what comes out."""
    content = [] if language.shares(request) else [program.suffix, program.shown, program.digest]
    parts = [_RECIPE, language.name, content, repr(request), [[str(tool), tool.command] for tool in tools], flags, name]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _restore(shown: Artifact, path: Path, record: dict[str, Any]) -> Artifact:
    return replace(
        shown,
        path=path,
        wall_seconds=float(record["wall_seconds"]),
        size_bytes=int(record["size_bytes"]),
        compiled_size_bytes=int(record["compiled_size_bytes"]),
        optimizer=str(record["optimizer"]),
        note=str(record["note"]),
        from_cache=True,
    )


def _put(artifact: Artifact, path: Path) -> Artifact:
    """Copy the module to the reader's place, under a temporary name until it is whole."""
    temporary = path.with_name(f".{path.name[:100]}.{os.getpid()}.new")
    try:
        shutil.copyfile(artifact.path, temporary)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()
        words = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"{str(path)[:200]!r} cannot be written: {words}.", remedy="Give a path in a folder you may write to.") from None
    return replace(artifact, path=path)
