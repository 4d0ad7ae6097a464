"""Every command does what its help says, in text and in JSON, and refuses what it cannot do with a sentence."""

from __future__ import annotations

import json
import math
import platform
import sys
from importlib.metadata import PackageNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.cli.output import to_jsonable
from labkit.data_files import data_folder
from labkit.runtimes.registry import RUNTIME_NAMES


def object_in(text: str) -> dict:
    """Parse JSON as strictly as it is defined: no NaN, no Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    found = json.loads(text, parse_constant=refuse)
    assert isinstance(found, dict)
    assert text.isascii()
    return found


def test_runtimes_lists_every_runtime(labkit_main):
    shown = labkit_main("runtimes")
    assert shown.code == 0
    assert all(name in shown.out for name in RUNTIME_NAMES)
    rows = object_in(labkit_main("runtimes", "--json").out)["runtimes"]
    assert [row["name"] for row in rows] == list(RUNTIME_NAMES)
    assert all(row["available"] or row["remedy"] for row in rows)


def test_inspect_shows_the_module_its_bytes_and_both_as_json(labkit_main, wat):
    assert "add" in labkit_main("inspect", wat).out
    assert "magic" in labkit_main("inspect", wat, "--bytes").out
    anatomy = object_in(labkit_main("inspect", wat, "--json").out)
    assert [export["name"] for export in anatomy["exports"]] == ["add", "half", "divide", "strange", "loop"]
    assert anatomy["size_bytes"] == 8 + sum(section["size_bytes"] for section in anatomy["sections"])
    assert "bytes" not in anatomy
    groups = object_in(labkit_main("inspect", "--json", wat, "--bytes").out)["bytes"]
    assert len(groups) > 20


def test_run_prints_what_the_function_returned(labkit_main, wat):
    ran = labkit_main("run", wat, "--export", "add", "2", "0x28")
    assert (ran.code, ran.err) == (0, "")
    assert "42" in ran.out


@pytest.mark.parametrize(
    "words",
    [["--export", "add", "2", "-5"], ["2", "-5", "--export", "add"], ["--export", "add", "--", "2", "-5"], ["--export", "add", "2", "--", "-5"]],
)
def test_options_and_arguments_may_stand_in_any_order(labkit_main, wat, words):
    assert object_in(labkit_main("run", wat, "--json", *words[:-2], *words[-2:]).out)["values"] == [-3]


def test_run_gives_numbers_that_json_lacks_as_text(labkit_main, wat):
    answer = object_in(labkit_main("run", wat, "--export", "strange", "--json").out)
    assert answer["values"] == ["nan", "inf", "-inf"]
    assert answer["outcome"] == "returned"
    assert object_in(labkit_main("run", wat, "--export", "half", "--json", "--", "-inf").out)["values"] == ["-inf"]


def test_a_trap_and_a_time_limit_exit_with_1_and_say_why(labkit_main, wat):
    trapped = labkit_main("run", wat, "--export", "divide", "1", "0", "--json")
    assert trapped.code == 1
    assert object_in(trapped.out)["trap"] == "integer divide by zero"
    stopped = labkit_main("run", wat, "--export", "loop", "--time", "0.2")
    assert stopped.code == 1
    assert "time limit" in stopped.out


def test_fuel_ends_a_loop(labkit_main, wat):
    assert object_in(labkit_main("run", wat, "--export", "loop", "--fuel", "1000", "--json").out)["trap"] == "out of fuel"


def test_run_without_a_function_names_those_there_are(labkit_main, wat):
    ran = labkit_main("run", wat)
    assert ran.code == 1
    assert "--export add" in ran.err


def test_step_shows_every_instruction(labkit_main, wat):
    ran = labkit_main("step", wat, "add", "2", "-3")
    assert ran.code == 0
    assert "returns -1" in ran.out
    assert "i32.add" in ran.out
    trace = object_in(labkit_main("step", wat, "0", "--json", "--", "2", "-3").out)
    assert trace["results"] == ["-1"]
    assert trace["steps"][2]["instruction"] == "i32.add"


def test_step_exits_with_1_where_the_function_traps_or_does_not_end(labkit_main, wat):
    trapped = labkit_main("step", wat, "divide", "1", "0", "--json")
    assert trapped.code == 1
    assert object_in(trapped.out)["trap"] == "integer divide by zero"
    endless = labkit_main("step", wat, "loop", "--limit", "20", "--json")
    assert endless.code == 1
    assert object_in(endless.out)["finished"] is False


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "MISSING"],
        ["inspect", "FOLDER"],
        ["inspect", "BROKEN"],
        ["run", "BROKEN", "--export", "add"],
        ["run", "WAT", "--export", "nothing"],
        ["run", "WAT", "--export", "add", "1"],
        ["run", "WAT", "--export", "add", "1", "two"],
        ["run", "WAT", "--export", "add", "1", "4294967296"],
        ["step", "WAT", "nothing"],
        ["step", "WAT", "99"],
        ["step", "WAT", "add", "1", "two"],
        ["step", "WAT", "add", "1", "2", "--limit", "-1"],
    ],
)
def test_what_cannot_be_done_is_said_on_stderr_and_exits_with_1(labkit_main, wat, tmp_path, words):
    broken = tmp_path / "broken.wasm"
    broken.write_bytes(b"\0asm\1\0\0\0\1\xff")
    places = {"MISSING": str(tmp_path / "none.wasm"), "FOLDER": str(tmp_path), "BROKEN": str(broken), "WAT": wat}
    ran = labkit_main(*(places.get(word, word) for word in words))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("labkit: ")
    assert ran.err.rstrip().endswith(".")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["run"],
        ["run", "WAT", "--runtime", "nonsense"],
        ["run", "WAT", "--time", "soon"],
        ["run", "WAT", "--time", "nan"],
        ["run", "WAT", "--time", "-1"],
        ["run", "WAT", "--memory", "64Foo"],
        ["run", "WAT", "--fuel", "1.5"],
        ["run", "WAT", "--nonsense"],
        ["step", "WAT"],
        ["inspect"],
        ["bench", "nonsense"],
        ["bench", "--check"],
        ["runtimes", "surplus"],
    ],
)
def test_wrong_usage_exits_with_2_and_shows_the_usage(labkit_main, wat, words):
    ran = labkit_main(*(wat if word == "WAT" else word for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert "usage: python -m labkit" in ran.err


@pytest.mark.parametrize("name", ["runtimes", "inspect", "run", "step", "bench"])
def test_every_command_has_help_with_examples(labkit_main, name):
    ran = labkit_main(name, "--help")
    assert ran.code == 0
    assert f"examples:\n  python -m labkit {name}" in ran.out
    assert name in labkit_main("--help").out


def test_the_version_is_the_packages_and_its_source_runs_without_being_installed(labkit_main, monkeypatch):
    assert labkit_main("--version").out.endswith(f", Python {platform.python_version()}\n")

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("labkit.__main__.version", missing)
    assert "not installed" in labkit_main("--version").out
    monkeypatch.setattr("labkit.__main__.version", lambda name: "1.2.3")
    assert labkit_main("--version").out.startswith("labkit 1.2.3, ")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(anything)
def test_whatever_a_result_holds_becomes_valid_json(value):
    text = json.dumps(to_jsonable(value), allow_nan=False)
    assert "NaN" not in json.dumps(json.loads(text)) or "NaN" in repr(value)


@given(st.floats())
def test_a_float_keeps_its_value_or_becomes_null(value):
    assert to_jsonable([value]) == [value if math.isfinite(value) else None]


def test_a_program_runs_with_what_it_is_granted_and_its_exit_code_is_the_commands(labkit_main, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    (tmp_path / "note.txt").write_text("a note\n")
    copy = str(data_folder() / "sources" / "wasi" / "copy.wat")
    ran = labkit_main("run", copy, "--dir", f"/notes={tmp_path}", "/notes/note.txt")
    assert (ran.code, ran.out, ran.err) == (0, "a note\n", "")
    refused = labkit_main("run", copy, "/notes/note.txt")
    assert (refused.code, refused.out, refused.err) == (1, "", "copy: badf\n")
    labkit_main("run", copy, "--dir-rw", f"/notes={tmp_path}", "/notes/note.txt", "/notes/again.txt")
    assert (tmp_path / "again.txt").read_text() == "a note\n"


def test_a_programs_environment_is_what_is_named(labkit_main, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    show = str(data_folder() / "sources" / "wasi" / "show.wat")
    answer = object_in(labkit_main("run", show, "--env", "NAME=va=lue", "--json", "--", "--flag").out)
    assert (answer["stdout"], answer["exit_code"]) == ("show.wat\n--flag\nNAME=va=lue\n", 0)
    assert labkit_main("run", show, "--env", "nothing").code == 2


def test_remedies_name_options_and_not_pythons_arguments(labkit_main, wat):
    stopped = labkit_main("run", wat, "--export", "loop", "--time", "0.2")
    assert "Raise --time" in stopped.out
    assert "Limits(" not in stopped.out
    refused = labkit_main("run", wat)
    assert refused.code == 1
    assert "--export add" in refused.err


def test_usage_asks_for_what_is_required_alone(labkit_main, wat):
    for command, missing in (("step", "FILE, FUNCTION"), ("run", "FILE")):
        shown = labkit_main(command)
        assert shown.code == 2
        assert shown.err.rstrip().endswith(f"required: {missing}")


def test_compiling_and_output_have_limits_of_their_own(labkit_main, wat):
    assert labkit_main("run", wat, "--export", "add", "1", "2", "--compile-time", "100").code == 0
    refused = labkit_main("run", wat, "--export", "add", "1", "2", "--compile-time", "0")
    assert (refused.code, "--compile-time" in refused.err) == (1, True)
    assert labkit_main("run", wat, "--export", "add", "1", "2", "--output", "1KiB").code == 1
