"""The gallery of attacks: each holds on each runtime, and a broken promise would show."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest

import labkit
from labkit.errors import ArgumentError, UnreadableFile
from labkit.sandbox import Outcome, attacks
from labkit.sandbox.attacks import ATTACKS, hostile_sources, stage

# WASI's numbers for errors.
BAD_DESCRIPTOR, NO_ENTRY = 8, 44


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(runtime_name: str, name: str):
    report = stage(name, runtime=runtime_name)
    assert report.held, report
    assert report.attack.sentence in str(report)
    assert "<table>" in report._repr_html_()


def test_only_what_may_take_all_its_time_has_little():
    assert {name for name, attack in ATTACKS.items() if attack.limits.time_seconds < 1} == {
        name for name, attack in ATTACKS.items() if Outcome.TIME_LIMIT in attack.ends
    }


def test_every_program_is_in_the_gallery():
    assert {path.stem for path in hostile_sources().glob("*.wat")} - {attack.program for attack in ATTACKS.values()} == {"link"}


def test_a_broken_promise_shows(monkeypatch: pytest.MonkeyPatch):
    report = stage("loop")
    for broken in ({"unharmed": False}, {"next_is_well": False}, {"result": dataclasses.replace(report.result, outcome=attacks.Outcome.EXITED)}):
        assert not dataclasses.replace(report, **broken).held
    real = attacks._make_world

    def leaky(outside: Path) -> Path:
        granted = real(outside)
        (granted / "file").write_text(attacks._SECRET)
        return granted

    monkeypatch.setattr(attacks, "_make_world", leaky)
    monkeypatch.setitem(ATTACKS, "climb", dataclasses.replace(ATTACKS["climb"], args=("file",)))
    report = stage("climb")
    assert not report.unharmed
    assert not report.held


def test_without_the_sources_the_remedy_says_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    with pytest.raises(UnreadableFile, match="clone"):
        stage("loop")


def test_an_attack_can_be_cancelled_while_it_runs():
    cancel = threading.Event()
    timer = threading.Timer(0.5, cancel.set)
    timer.start()
    report = stage("loop", limits=labkit.Limits(time=600), cancel=cancel)
    timer.join()
    assert report.result is not None
    assert report.result.outcome is Outcome.CANCELLED
    assert report.unharmed
    assert stage("loop").held


def test_an_attack_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(ArgumentError, match=r"no attack 'siege'.*loop"):
        stage("siege")


def test_what_reaches_for_files_says_why_it_may_not(tmp_path: Path):
    # Not the last descriptor's error, which is that there is no such descriptor.
    result = labkit.run(hostile_sources() / "reach.wat", args=["nothing there"], dirs={"/data": tmp_path})
    assert result.exit_code == NO_ENTRY
    assert labkit.run(hostile_sources() / "reach.wat", args=["nothing there"]).exit_code == BAD_DESCRIPTOR
