"""The whole ladder on this machine: every rung measured, or with its error and its remedy; and nothing left behind."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.bench import Source, record
from labkit.bench.climb import RUNG_NAMES, measure_ladder
from labkit.bench.kept_ladder import kept_ladder
from labkit.bench.peers import PEERS
from labkit.bench.peers.host_processes import NativeProcess
from labkit.bench.peers.instances import FreshInstance
from labkit.bench.results import from_json, to_json
from labkit.errors import ArgumentError, BenchError

#: What runs without privileges and with nothing installed.
ALWAYS = [
    "native process",
    "wasm instance",
    "wasm instance, pooled",
    "wasm, precompiled file",
    "wasm, compiled anew",
    "wasm, fresh native host",
    "wasm, labkit.run warm",
    "wasm, fresh Python",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where these ladders are built: others may be at the same time, elsewhere."""
    usual, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("ladders"))
    yield Path(tempfile.tempdir)
    tempfile.tempdir = usual


@pytest.fixture(scope="module")
def ladder(folder: Path):
    return measure_ladder(seconds=25)


@pytest.mark.any_python
def test_every_rung_is_measured_or_says_why_not_and_what_to_do(ladder) -> None:
    assert [rung.name for rung in ladder.rungs] == list(RUNG_NAMES)
    for rung in ladder.rungs:
        assert rung.isolates
        if rung.measured_here:
            assert rung.median_seconds > 0
            assert rung.image_bytes > 0
            assert ladder.ratio(rung.name).median > 0
        else:
            assert rung.error.endswith((".", "?", "!"))
            assert rung.remedy


@pytest.mark.any_python
def test_what_needs_no_privilege_is_measured(ladder) -> None:
    missing = [name for name in ALWAYS if not ladder.rung(name).measured_here]
    # On a machine that is kept busy, the time for all of them is not enough.
    again = measure_ladder(seconds=120, names=missing) if missing else ladder
    assert [rung for rung in again.rungs if rung.name in ALWAYS and not rung.measured_here] == []


@pytest.mark.any_python
def test_memory_is_told_where_the_system_tells_it(ladder) -> None:
    if Path("/proc/self/smaps_rollup").exists():
        # One that came after the time for preparing was over is not weighed.
        assert all(rung.memory_bytes is None or rung.memory_bytes > 0 for rung in ladder.rungs)


@pytest.mark.any_python
def test_nothing_is_left(ladder, folder: Path) -> None:
    assert list(folder.glob("labkit-ladder-*")) == []
    mounts = Path("/proc/self/mounts")
    assert not mounts.exists() or str(folder) not in mounts.read_text()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert str(folder).encode() not in path.read_bytes()
        except OSError:
            continue


@pytest.mark.any_python
def test_the_report_is_for_people_and_for_json(ladder) -> None:
    assert all(name in str(ladder) for name in RUNG_NAMES)
    assert [row["name"] for row in ladder.summary()["rungs"]] == list(RUNG_NAMES)


@pytest.mark.any_python
def test_a_rung_that_fails_meanwhile_is_left_out_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(1000))

    class Fragile(NativeProcess):
        name = "fragile"

        def hello(self):
            if next(calls) > 2:  # one or two are for preparing, and at least two for calibrating
                raise BenchError("It broke.", remedy="Mend it.")
            return super().hello()

    monkeypatch.setattr("labkit.bench.climb.PEERS", (NativeProcess, Fragile, FreshInstance))
    monkeypatch.setattr("labkit.bench.climb._CHEAP_SHARE", 60.0)  # so that it is prepared, however long the others take
    ladder = measure_ladder(seconds=6)
    assert (ladder.rung("fragile").error, ladder.rung("fragile").remedy) == ("It broke.", "Mend it.")
    assert ladder.rung("wasm instance").measured_here


def test_a_name_that_is_no_rung_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no rung 'vm'"):
        measure_ladder(names=["vm"])


def test_names_say_what_they_are_once() -> None:
    assert len(set(RUNG_NAMES)) == len(PEERS)
    assert all(len(peer.isolates) <= 46 for peer in PEERS)


@pytest.mark.any_python
def test_a_ladder_comes_out_of_the_store_as_it_was(ladder, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results.sqlite"))
    rows = record(ladder, "a ladder")
    again = kept_ladder(rows, "a ladder")
    assert again.comparisons == tuple(replace(comparison, warnings=again.comparisons[i].warnings) for i, comparison in enumerate(ladder.comparisons))
    for kept, rung in zip(again.rungs, ladder.rungs):
        assert kept == replace(rung, error=f"{rung.error} {rung.remedy}".strip(), remedy="")
    assert kept_ladder(from_json(to_json(rows)), "a ladder").source is Source.RECORDED
    with pytest.raises(ArgumentError, match="bench spawn"):
        kept_ladder(rows, "another")
