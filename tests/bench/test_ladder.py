"""The ladder's dataclasses: what ran and what did not, beside each other."""

import pytest

from labkit.bench.comparison import Timing
from labkit.bench.conclusion import conclude
from labkit.bench.kept_ladder import kept_ladder
from labkit.bench.ladder import Ladder, Rung
from labkit.bench.load import Load
from labkit.bench.results import load_rows, record
from labkit.errors import ArgumentError


@pytest.fixture
def ladder() -> Ladder:
    native, wasm = (0.001,) * 20, (0.0001,) * 20
    comparison = conclude(
        [Timing("native process", 1, native), Timing("instance", 9, wasm)],
        native,
        load=Load(0.0, 0.0, 0.0),
        overhead_seconds=0.0,
        wall_seconds=60.0,
        seed=1,
    )
    return Ladder(
        (
            Rung("native process", "a process", native, image_bytes=3728, memory_bytes=100_000, ending_seconds=(0.002,)),
            Rung("instance", "its memory", wasm, image_bytes=700, kind="wasm"),
            Rung("<crun>", "namespaces", error="It is not installed.", remedy="apt-get install crun", kind="container"),
        ),
        (comparison,),
    )


def test_a_rung_that_did_not_run_stays_with_its_error_and_its_remedy(ladder: Ladder) -> None:
    assert "<crun> did not run: It is not installed. apt-get install crun" in str(ladder)
    html = ladder._repr_html_()
    assert "&lt;crun&gt;" in html
    assert html.count("opacity") == 1
    [row] = [row for row in ladder.measured() if row.contender == "<crun>"]
    assert row.samples == ()
    assert "apt-get install crun" in row.error


def test_ratios_are_to_the_first_rung(ladder: Ladder) -> None:
    assert ladder.ratio("instance").median == pytest.approx(0.1)
    assert ladder.ratio("native process").median == 1.0
    assert ladder.ratio("<crun>") is None
    assert ladder.rung("instance").median_seconds == pytest.approx(0.0001)
    with pytest.raises(ArgumentError, match="no rung 'runc'"):
        ladder.rung("runc")


def test_a_ladder_comes_out_of_the_store_with_versions_and_notes(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results.sqlite"))
    native = (0.001,) * 20
    timings = [Timing("native process", 1, native), Timing("crun", 1, (0.01,) * 20, "crun 1.2.3", "without cgroups")]
    slow = conclude(timings, native, load=Load(0.0, 0.0, 0.0), overhead_seconds=0.0, wall_seconds=60.0, seed=1)
    crun = Rung("crun", "namespaces", (0.01,) * 20, image_bytes=5400, kind="container", version="crun 1.2.3", note="without cgroups")
    rows = record(Ladder((Rung("native process", "its memory", native), crun), (slow,)), "The ladder")
    assert {(row.version, row.note) for row in rows if row.contender.startswith("crun")} == {("crun 1.2.3", "without cgroups")}
    assert rows[0].versions[0] == "crun 1.2.3"
    kept = kept_ladder(load_rows())
    assert (kept.rung("crun").version, kept.rung("crun").note, kept.rung("native process").note) == ("crun 1.2.3", "without cgroups", "")
    assert "crun: without cgroups" in str(kept)


def test_the_store_gets_times_and_sizes_with_their_units(ladder: Ladder) -> None:
    rows = {row.contender: row for row in ladder.measured()}
    assert rows["native process: ending"].unit == "s"
    assert rows["native process: image"].samples == (3728.0,)
    assert rows["native process: memory"].unit == "B"
    assert "instance: memory" not in rows
