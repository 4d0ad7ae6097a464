"""The hostile guests of `data/sources/hostile`, staged: each in a world of its own, with what it was granted and what must be left of it."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.data_files import data_folder
from labkit.display import format_seconds, html_table, text_table
from labkit.errors import ArgumentError, LabkitError, RuntimeUnavailable
from labkit.limits import Limits
from labkit.sandbox.result import Outcome, Result
from labkit.sandbox.run import run

__all__ = ["ATTACKS", "Attack", "AttackReport", "hostile_sources", "stage"]

# Small enough that a gallery of attacks takes seconds. What always ends otherwise, and well within that, has time on a busy machine, too.
_ENDLESS_LIMITS = Limits(time=0.5, memory="64MiB", output="256KiB")
_ENDING_LIMITS = Limits(time=20.0, memory="64MiB", output="256KiB")

_WELL = '(module (func (export "well") (result i32) (i32.const 42)))'
_LIMITS = frozenset({Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT, Outcome.OUTPUT_LIMIT})
_TRAPPED, _EXITED = frozenset({Outcome.TRAPPED}), frozenset({Outcome.EXITED})


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name, sentence : str
    program : str
        The guest, by its file.
    ends : frozenset of Outcome
        How it may end: that depends on the runtime.
    args : tuple of str
        ``{outside}`` in them stands for the folder that nobody was granted.
    grants_folder : bool
        Whether one folder, to read and write, is granted.
    silent_input : bool
        Whether its standard input is one that nobody ever writes to.
    """

    name: str
    sentence: str
    program: str
    ends: frozenset[Outcome]
    args: tuple[str, ...] = ()
    grants_folder: bool = False
    silent_input: bool = False

    @property
    def limits(self) -> Limits:
        """What it may use: of time, little where it may take all there is."""
        return _ENDLESS_LIMITS if Outcome.TIME_LIMIT in self.ends else _ENDING_LIMITS


_ALL = (
    Attack("loop", "Loops for ever.", "loop", frozenset({Outcome.TIME_LIMIT})),
    Attack("memory", "Takes memory until there is no more.", "grow_memory", _EXITED),
    Attack("table", "Takes table entries until there are no more.", "grow_table", _LIMITS),
    Attack("recursion", "Calls itself without an end.", "recurse", _TRAPPED | {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT}),
    Attack("files", "Opens files until there are no more.", "open_files", _EXITED | {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT}, (), True),
    Attack("nothing granted", "Reaches for a host file, and was granted nothing.", "reach", _EXITED, ("{outside}/secret",)),
    Attack("climb", "Climbs out of its folder through `..`.", "reach", _EXITED, ("../secret",), True),
    Attack("absolute path", "Names a host file by its absolute path.", "reach", _EXITED, ("{outside}/secret",), True),
    Attack("link", "Follows a link in its folder that leads out.", "reach", _EXITED, ("link",), True),
    Attack("overwrite", "Overwrites a host file by its absolute path.", "reach", _EXITED, ("{outside}/secret", "write"), True),
    Attack("bad names", "Opens and makes paths that are no text.", "bad_names", _EXITED | _TRAPPED, (), True),
    Attack("flood", "Prints without an end.", "flood", frozenset({Outcome.OUTPUT_LIMIT})),
    Attack("sleep", "Sleeps for a century.", "sleep", _TRAPPED | {Outcome.TIME_LIMIT}),
    Attack("wait", "Waits for input that never comes.", "wait_for_input", frozenset({Outcome.TIME_LIMIT}), (), False, True),
    Attack("poll", "Asks to be told when there is input.", "poll_input", _EXITED | {Outcome.TIME_LIMIT}, (), False, True),
    Attack("randomness", "Asks for 2 GiB of randomness.", "random", _LIMITS | _TRAPPED),
    Attack("wild pointers", "Hands out pointers far outside its memory.", "wild_pointers", _LIMITS | _TRAPPED | _EXITED | {Outcome.CRASHED}),
    Attack("trap in start", "Traps before it has begun.", "trap_in_start", _TRAPPED),
    Attack("odd exit code", "Exits with 4,000,000,000.", "exit", _EXITED, ("4000000000",)),
)

#: Every attack, by its name.
ATTACKS = {attack.name: attack for attack in _ALL}


@dataclass(frozen=True)
class AttackReport:
    """What came of an attack.

    Attributes
    ----------
    attack : Attack
    runtime : str
    result : Result or None
        None where the run was refused.
    refusal : str
        Why it was refused.
    unharmed : bool
        Whether the host's files are as they were, and what they say was not printed.
    next_is_well : bool
        Whether the next guest ran as if nothing had been.
    """

    attack: Attack
    runtime: str
    result: Result | None
    refusal: str
    unharmed: bool
    next_is_well: bool

    @property
    def held(self) -> bool:
        """Whether the sandbox did what it promises."""
        return self.unharmed and self.next_is_well and (self.result is None or self.result.outcome in self.attack.ends)

    @property
    def stopped_by(self) -> str:
        """What stopped it."""
        if self.result is None:
            return self.refusal
        if self.result.outcome is Outcome.EXITED:
            return f"it went on, and exited with {self.result.exit_code}"
        return f"{self.result.outcome.value}: {self.result.trap.value}" if self.result.trap else str(self.result.outcome.value)

    HEADER = ("attack", "runtime", "what stopped it", "took", "host unharmed", "next run")

    def row(self) -> list[str]:
        """What a table shows of it."""
        took = format_seconds(self.result.wall_seconds) if self.result and self.result.wall_seconds == self.result.wall_seconds else "–"
        yes_no = {True: "yes", False: "NO"}
        return [self.attack.name, self.runtime, self.stopped_by, took, yes_no[self.unharmed], "well" if self.next_is_well else "NOT WELL"]

    def __str__(self) -> str:
        return f"{self.attack.sentence}\n{text_table(self.HEADER, [self.row()])}"

    def _repr_html_(self) -> str:
        return html_table(self.HEADER, [self.row()], caption=self.attack.sentence)


def hostile_sources() -> Path:
    """The folder of the hostile guests.

    Raises
    ------
    UnreadableFile
        If the lab's data folder is not here: labkit can be installed without it.

    Examples
    --------
    >>> (hostile_sources() / "loop.wat").exists()
    True
    """
    return data_folder() / "sources" / "hostile"


def stage(name: str, *, runtime: str = "wasmtime", limits: Limits | None = None, cancel: threading.Event | None = None) -> AttackReport:
    """Let a hostile guest loose in a world made for it, and look at what is left.

    Parameters
    ----------
    name : str
        One of `ATTACKS`.
    runtime : str, optional
    limits : Limits, optional
        Otherwise the attack's own.
    cancel : threading.Event, optional
        Another thread sets it to end the guest; the run that follows an attack is then left out.

    Returns
    -------
    AttackReport

    Raises
    ------
    ArgumentError
        If there is no such attack.
    UnreadableFile
        If the guests' sources are not here.
    RuntimeUnavailable
        If the runtime does not work here.

    Examples
    --------
    >>> report = stage("flood")
    >>> report.stopped_by, report.held
    ('stopped at its output limit', True)
    """
    if name not in ATTACKS:
        raise ArgumentError(f"There is no attack {name!r}.", remedy=f"Choose from {', '.join(ATTACKS)}.")
    attack = ATTACKS[name]
    source = hostile_sources() / f"{attack.program}.wat"
    with ExitStack() as owned:
        outside = Path(owned.enter_context(tempfile.TemporaryDirectory()))
        granted = _make_world(outside)
        options: dict[str, Any] = {"args": [word.replace("{outside}", str(outside)) for word in attack.args]}
        if attack.grants_folder:
            options["dirs"] = {"/data": (granted, "rw")}
        if attack.silent_input:
            reader, writer = os.pipe()
            owned.callback(os.close, writer)
            options["stdin"] = owned.enter_context(os.fdopen(reader, "rb"))
        result, refusal = None, ""
        try:
            result = run(source, runtime=runtime, limits=limits or attack.limits, cancel=cancel, **options)
        except RuntimeUnavailable:
            raise
        except LabkitError as error:
            refusal = error.message
        unharmed = (outside / "secret").read_text() == _SECRET and (result is None or _SECRET.encode() not in result.stdout + result.stderr)
        unharmed = unharmed and {path.name for path in outside.iterdir()} == {"granted", "secret"}
    after = None if cancel is not None and cancel.is_set() else run(_WELL, export="well", runtime=runtime)
    return AttackReport(attack, runtime, result, refusal, unharmed, after is None or after.values == (42,))


_SECRET = "what nobody was granted"


def _make_world(outside: Path) -> Path:
    """Make a folder to grant, inside one that is not, with a link that leads out."""
    (outside / "secret").write_text(_SECRET)
    granted = outside / "granted"
    granted.mkdir()
    (granted / "file").write_text("what was granted")
    (granted / "link").symlink_to(outside / "secret")
    return granted
