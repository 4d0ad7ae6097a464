"""A container in a root file system that was installed: what it is started from, and that it starts wherever the plain one does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.bench.peers.containers import DebianImage, Runc
from labkit.bench.peers.images import size_of
from labkit.bench.peers.workshop import Workshop
from labkit.errors import BenchError, ToolchainUnavailable
from labkit.toolchains.debian_root import root_folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root file system that a test of what is around it can do with."""
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "tools"))
    for name in ("dev", "proc", "sys", "opt", "etc"):
        (root_folder() / name).mkdir(parents=True)
    (root_folder() / "etc" / "debian_version").write_text("13.2\n")
    return root_folder()


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with Workshop() as workshop:
        yield workshop


def runs(peer: Runc, workshop: Workshop) -> bool:
    try:
        return peer.prepare(workshop).hello_seconds > 0
    except BenchError:
        return False


def test_without_the_root_file_system_it_says_how_to_get_one(tmp_path: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path))
    with pytest.raises(ToolchainUnavailable, match=r"no root file system of Debian's here\.") as failure:
        DebianImage().make(workshop)
    assert "python -m labkit install debian-root" in failure.value.remedy


def test_the_program_is_shown_to_it_and_weighed_with_it(root: Path, workshop: Workshop) -> None:
    peer = DebianImage()
    peer.make(workshop)
    [(_, command)] = peer.commands("wait")
    bundle = Path(command[command.index("--bundle") + 1])
    config = json.loads((bundle / "config.json").read_text())
    assert config["root"] == {"path": str(root), "readonly": True}
    assert config["process"]["args"] == ["/opt/say_hello", "wait"]
    assert {"destination": "/opt", "type": "bind", "source": str(workshop.root), "options": ["bind", "ro"]} in config["mounts"]
    assert peer.image_bytes is not None
    assert peer.image_bytes > size_of(root) + workshop.program.stat().st_size


def test_it_runs_where_the_plain_container_does_and_leaves_the_root_as_it_was(root: Path, workshop: Workshop) -> None:
    before = sorted(root.rglob("*"))
    assert runs(DebianImage(), workshop) == runs(Runc(), workshop)
    assert sorted(root.rglob("*")) == before
