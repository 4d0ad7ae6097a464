"""What is exported can be read again, as recorded; what is no export is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import re

import pytest

from labkit.bench import Source, record, reference
from labkit.bench.results import from_json, load_rows, reference_names, to_csv, to_json
from labkit.errors import ArgumentError, BenchError


def test_a_round_trip_keeps_all_but_the_source(comparison) -> None:
    kept = record(comparison, "a thing", unavailable={"three": "It is missing."})
    again = from_json(to_json(kept))
    assert to_json(again) == to_json(kept).replace('"source": "live"', '"source": "recorded"')
    assert [row.source for row in again] == [Source.RECORDED] * 3 + [Source.UNAVAILABLE]
    assert "recorded, not measured here" in str(again)
    assert "recorded, not measured here" in again._repr_html_()


def test_the_same_comparison_comes_out_marked_as_recorded(comparison) -> None:
    kept = record(comparison, "a thing")
    again = from_json(to_json(kept)).comparison("a thing")
    assert again.source is Source.RECORDED
    assert (again.ratios, again.control, again.timings) == (comparison.ratios, comparison.control, comparison.timings)
    for shown in (str(again), again._repr_html_()):
        assert "recorded, and were not measured here" in shown
    assert kept.comparison("a thing") == comparison
    assert "recorded" not in str(kept.comparison("a thing"))


def test_csv_has_a_line_for_each_sample_and_one_for_what_was_unavailable(comparison) -> None:
    kept = record(comparison, 'a, "thing"\nof two lines', unavailable={"three": "It is missing."})
    lines = list(csv.DictReader(io.StringIO(to_csv(kept))))
    assert len(lines) == 3 * 40 + 1
    assert [float(line["sample"]) for line in lines if line["contender"] == "two"] == list(comparison.timings[1].samples_seconds)
    assert (lines[-1]["contender"], lines[-1]["error"], lines[-1]["sample"]) == ("three", "It is missing.", "")
    assert {line["comparison"] for line in lines[:-1]} == {'a, "thing"\nof two lines'}


def changed(**columns) -> str:
    (row, *_) = load_rows()
    stored = json.loads(to_json([row]))
    stored["rows"][0].update(columns)
    return json.dumps(stored)


@pytest.mark.parametrize(
    "columns",
    [
        {"samples": [1.0, "2"]},
        {"samples": [1.0, True]},
        {"samples": []},
        {"samples": None},
        {"source": "guessed"},
        {"source": "unavailable"},
        {"calls": 1.5},
        {"is_control": 1},
        {"cores": None},
        {"seed": 2**70},
        {"wall_seconds": float("nan")},
        {"versions": [1]},
        {"contender": "\udc00"},
        {"surplus": 1},
    ],
    ids=str,
)
def test_a_row_that_is_not_as_written_is_refused(columns, comparison) -> None:
    record(comparison, "a thing")
    assert len(from_json(changed())) == 1
    with pytest.raises(BenchError, match="no exported results"):
        from_json(changed(**columns))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "labkit results 3", "rows": []}', '{"format": "labkit results 1", "rows": 3}', "[" * 100_000]
)
def test_what_is_no_export_is_refused(text) -> None:
    with pytest.raises(BenchError, match="Export them again"):
        from_json(text)


def test_what_an_earlier_labkit_exported_is_read(comparison) -> None:
    record(comparison, "a thing")
    stored = json.loads(to_json(load_rows()))
    stored["format"] = "labkit results 1"
    for row in stored["rows"]:
        del row["version"], row["note"]
    again = from_json(json.dumps(stored))
    assert [(row.version, row.note) for row in again] == [("", "")] * 3
    assert again.comparison("a thing").ratios == comparison.ratios
    del stored["rows"][0]["error"]
    with pytest.raises(BenchError, match="no exported results"):
        from_json(json.dumps(stored))


@pytest.mark.parametrize("name", reference_names())
def test_a_shipped_run_is_recorded_names_its_machine_and_no_place(name) -> None:
    rows = reference(name)
    assert rows
    assert rows[0].machine.cpu in rows.where
    assert rows[0].date[:10] in rows.where
    assert {row.source for row in rows} <= {Source.RECORDED, Source.UNAVAILABLE}
    assert any(row.samples for row in rows)
    for row in rows:
        assert row.machine.cpu
        assert row.machine.cores
        assert row.machine.kernel
        assert re.fullmatch(rf"python -m labkit bench {name}", row.command)
        words = " ".join(filter(None, (row.command, row.comparison, row.contender, row.error, *row.versions, row.machine.cpu, row.machine.kernel)))
        assert os.uname().nodename not in words
        assert "/home/" not in words
        assert "/root" not in words
        assert "/tmp" not in words


def test_a_run_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ArgumentError, match="calls"):
        reference("nonsense")
    with pytest.raises(ArgumentError):
        reference("../modules/manifest")
