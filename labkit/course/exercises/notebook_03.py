"""Exercises of notebook 03: granting just enough, what a memory limit does, what imports give away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labkit.course.answers import show, type_name
from labkit.course.exercise import Exercise
from labkit.data_files import data_folder
from labkit.errors import CourseError, UnreadableFile
from labkit.limits import Limits
from labkit.modules.anatomy import inspect
from labkit.sandbox.run import Outcome, run

__all__ = ["EXERCISES"]

_FOLDERS = ("config", "out", "keys")
_KEY = "a key that nobody else may read"
_LIMITS = Limits(time=2.0, memory="16MiB")

#: What three guests do with `memory.grow`, which is asked for 256 MiB here.
_GROWTH = {
    "polite": "(if (i32.eq (memory.grow (i32.const 4096)) (i32.const -1)) (then (call $exit (i32.const 3))))",
    "careless": "(i32.store (i32.mul (memory.grow (i32.const 4096)) (i32.const 65536)) (i32.const 1))",
    "stubborn": "(loop $again (br_if $again (i32.eq (memory.grow (i32.const 4096)) (i32.const -1))))",
}
_ENDINGS = (Outcome.EXITED, Outcome.TRAPPED, Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT)
#: The functions of WASI that change what is in a folder, or open a file so that it can be changed.
_CHANGING = frozenset(
    {
        "path_create_directory",
        "path_filestat_set_times",
        "path_link",
        "path_open",
        "path_remove_directory",
        "path_rename",
        "path_symlink",
        "path_unlink_file",
    }
)


def _sources() -> Path:
    """The guests' sources, without which these exercises cannot be checked."""
    try:
        return data_folder() / "sources"
    except UnreadableFile as error:
        raise CourseError(error.message, remedy=error.remedy) from None


@contextmanager
def _world() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        world = Path(name)
        for folder in _FOLDERS:
            (world / folder).mkdir()
        (world / "config" / "limits.txt").write_text("at most 10\n")
        (world / "keys" / "key.txt").write_text(_KEY)
        yield world


def _least_grants(answer: Any) -> str | None:
    """Run the program with what was granted, then a spy with the same."""
    if type(answer) is not dict:
        return f"Your answer is of type {type_name(answer)}; it should be a dict, as labkit.run takes it for dirs."
    too_many = "Two folders are enough; you granted more."
    if len(answer) > len(_FOLDERS):  # a spy is tried on each of them
        return too_many
    copy = _sources() / "wasi" / "copy.wat"
    with _world() as world:
        dirs: dict[Any, Any] = {}
        for guest, grant in answer.items():
            host, mode = grant if type(grant) is tuple and len(grant) == 2 else (grant, "r")
            if type(host) is not str or host.strip("./") not in ("", *_FOLDERS) or ".." in host:
                return f"{show(grant)} is no folder of the host; there are config, out and keys."
            dirs[guest] = (world / host.strip("./"), mode)

        def can(*paths: str) -> bytes:
            result = run(copy, args=paths, dirs=dirs, limits=_LIMITS)
            return result.stdout + result.stderr

        said = can("/config/limits.txt", "/out/report.txt").decode()
        if not (world / "out" / "report.txt").is_file():
            return f"With your grants the program cannot do its work; it says: {said.strip() or 'nothing'}."
        for guest in dirs:
            for folder in ("", "/config", "/keys"):
                if _KEY.encode() in can(f"{guest}{folder}/key.txt"):
                    return f"A program with your grants can read the key: through {guest!r}. Do not grant the folder keys, nor one that holds it."
                can("/config/limits.txt", f"{guest}{folder}/spoilt")
        spoilt = {path.parent.name for path in world.rglob("spoilt")} - {"out"}
        if spoilt:
            return 'A program with your grants can write where it only has to read: grant the folder config without "rw".'
        if len(dirs) > 2:
            return too_many
    return None


def _guest(body: str) -> str:
    imported = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
    return f'(module {imported} (memory (export "memory") 1) (func (export "_start") {body}))'


def _memory_endings(answer: Any) -> str | None:
    """Run each guest and see."""
    if type(answer) is not dict or set(answer) != set(_GROWTH):
        return f"Your answer should be a dict with the keys {', '.join(_GROWTH)}."
    endings = [ending.value for ending in _ENDINGS]
    for name, body in _GROWTH.items():
        if answer[name] not in endings:
            return f"{name} is {show(answer[name])}; it should be one of {', '.join(map(repr, endings))}."
        outcome = run(_guest(body), limits=Limits(time=0.5, memory="16MiB")).outcome
        if answer[name] != outcome.value:
            return f"{name} was not {answer[name]!r} when we ran it: `memory.grow` gave it -1. What does it do with that?"
    return None


def _could_write(answer: Any) -> str | None:
    """Compare with the imports of the guests as they are."""
    if type(answer) not in (set, frozenset, list, tuple) or not all(type(name) is str for name in answer):
        return f"Your answer is of type {type_name(answer)}; it should be a set of names, such as {{'loop', 'flood'}}."
    imports = {path.stem: {item.name for item in inspect(path).imports} for path in sorted((_sources() / "hostile").glob("*.wat"))}
    for name in sorted(set(answer) - set(imports)):
        return f"There is no guest {name!r}: a name is that of the file, without `.wat`."
    for name, imported in imports.items():
        if name in answer and not imported & _CHANGING:
            words = (
                "fd_write, which writes to what is open already, and nothing that opens a file" if "fd_write" in imported else "nothing that could"
            )
            return f"{name} cannot change a folder, whatever it is granted: it imports {words}."
        if name not in answer and imported & _CHANGING:
            return f"{name} is missing: it imports {', '.join(sorted(imported & _CHANGING))}."
    return None


EXERCISES = (
    Exercise(
        name="least_grants",
        title="Grant what is needed, and no more",
        prompt=(
            "On the host there are three folders: `config` with a file `limits.txt`, `out`, which is empty, and `keys`. Somebody else's program "
            "will run as `copy /config/limits.txt /out/report.txt`. Write the `dirs` that let it do so and nothing beyond. "
            "The check makes such folders, runs the program with what you grant, and then a spy with the same."
        ),
        starter="least_grants = ...  # a dict from guest paths to host folders, as for labkit.run(dirs=…)",
        solution='least_grants = {"/config": "config", "/out": ("out", "rw")}',
        answer="least_grants",
        hints=(
            "Which folders does the command name, and what does it do in each?",
            'One folder is only read: `{"/config": "config", …}`. In the other a file is made: `(folder, "rw")`.',
        ),
        reason_wrong=_least_grants,
    ),
    Exercise(
        name="memory_endings",
        title="Predict what a memory limit does",
        prompt=(
            "Here are the bodies of three guests. Each asks for 256 MiB and may have 16 MiB, and half a second. How does each end: "
            "`'exited'`, `'trapped'`, `'stopped at its time limit'` or `'stopped at its memory limit'`? Decide before you run anything; "
            "the check runs them."
        ),
        starter="guests = {\n" + "".join(f'    "{name}": "{body}",\n' for name, body in _GROWTH.items()) + "}\n"
        'memory_endings = {"polite": ..., "careless": ..., "stubborn": ...}',
        solution='memory_endings = {"polite": "exited", "careless": "trapped", "stubborn": "stopped at its time limit"}',
        answer="memory_endings",
        hints=(
            "`memory.grow` does not end the guest where there is no more memory: it returns -1, and the guest goes on.",
            "−1 times 65536 is, as an address, 4294901760. How much memory does the guest have?",
            "The third asks until the answer is another one.",
        ),
        reason_wrong=_memory_endings,
    ),
    Exercise(
        name="could_write",
        title="Judge programs by what they import",
        prompt=(
            "Which of the lab's hostile guests could change anything in a folder (make, empty, rename or remove something), if it were "
            'granted one with `"rw"`? Nothing needs to be run to know which could not: `labkit.inspect` shows what each imports, and '
            "`fd_write` alone only reaches what is open already. Assign the set of their names, without `.wat`."
        ),
        starter="""import labkit

guests = sorted((labkit.course.data_folder() / "sources" / "hostile").glob("*.wat"))
imports = {guest.stem: [item.name for item in labkit.inspect(guest).imports] for guest in guests}
could_write = ...""",
        solution="""import labkit

guests = sorted((labkit.course.data_folder() / "sources" / "hostile").glob("*.wat"))
imports = {guest.stem: [item.name for item in labkit.inspect(guest).imports] for guest in guests}
could_write = {guest for guest, names in imports.items() if any(name.startswith("path_") for name in names)}""",
        answer="could_write",
        hints=(
            "Look at `imports`. To change a folder a guest must name something in it, and all functions that take a name begin alike.",
            "They begin with `path_`. `path_open` counts too: it can create and empty a file, if it is asked to.",
        ),
        reason_wrong=_could_write,
    ),
)
