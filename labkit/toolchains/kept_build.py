"""Runs a compiler whose output nobody has yet, for what is made for this machine; the next who asks gets the same file."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import BuildError
from labkit.toolchains.cache import BuildCache
from labkit.toolchains.language import Found
from labkit.toolchains.process import run_process
from labkit.toolchains.zig import zig_environment

__all__ = ["compile_once"]

_TIMEOUT_SECONDS = 300.0
_LONGEST_WORDS = 2000


def compile_once(
    compiler: Found,
    flags: Sequence[str],
    sources: Sequence[Path],
    name: str,
    *,
    links: Sequence[str] = (),
    beside: Sequence[object] = (),
    failure: str,
) -> Path:
    """Compile C for this machine, unless that was done before; what comes out is kept by the compiler, its flags and the sources' contents.

    Parameters
    ----------
    compiler : Found
    flags : sequence of str
        Told before the sources.
    sources : sequence of Path
    name : str
        What the output is called.
    links : sequence of str, optional
        Told after the sources.
    beside : sequence, optional
        What else decides what comes out.
    failure : str
        What is said, as a whole sentence, where the compiler refuses.

    Returns
    -------
    Path
        The output, in labkit's cache.

    Raises
    ------
    BuildError
        If the compiler refuses, or does not end; with its words.
    """
    contents = [(source.name, hashlib.sha256(source.read_bytes()).hexdigest()) for source in sources]
    parts = ["native", name, str(compiler), compiler.command, list(flags), contents, list(links), list(beside)]
    key = hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()
    cache, deadline = BuildCache(), time.monotonic() + _TIMEOUT_SECONDS
    with cache.lock(key, deadline):
        if kept := cache.load(key):
            return kept[0]
        with tempfile.TemporaryDirectory(prefix="labkit-native-", ignore_cleanup_errors=True) as folder:
            output = Path(folder, name)
            environment = {**os.environ, **zig_environment(), "TMPDIR": folder, "LC_ALL": "C.UTF-8"}
            command = [*compiler.command, *flags, *(str(source.resolve()) for source in sources), *links, "-o", name]
            ended = run_process(command, folder=Path(folder), environment=environment, timeout_seconds=deadline - time.monotonic())
            if ended.stopped or ended.exit_code or not output.is_file():
                words = ended.output.strip() or f"{compiler.name} ended with exit code {ended.exit_code}."
                raise BuildError(failure, remedy="Correct the source.", language="c", diagnostics=words[:_LONGEST_WORDS])
            return cache.store(key, output, name, {})
