"""The gallery of attacks: each holds on each runtime, and a broken promise would show."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from labkit.errors import UnreadableFile
from labkit.sandbox import attacks
from labkit.sandbox.attacks import ATTACKS, SOURCES, stage


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(runtime_name: str, name: str):
    report = stage(name, runtime=runtime_name)
    assert report.held, report
    assert report.attack.sentence in str(report)
    assert "<table>" in report._repr_html_()


def test_every_program_is_in_the_gallery():
    assert {path.stem for path in SOURCES.glob("*.wat")} - {attack.program for attack in ATTACKS.values()} == {"link"}


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
    monkeypatch.setattr(attacks, "SOURCES", tmp_path)
    with pytest.raises(UnreadableFile, match="clone"):
        stage("loop")
