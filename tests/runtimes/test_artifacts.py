"""Artifacts: whatever is not exactly what this runtime wrote is refused before the runtime sees it."""

from __future__ import annotations

import hashlib
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labkit
from labkit.errors import ArtifactError, Unsupported
from labkit.limits import Limits
from labkit.runtimes import artifact_files, artifacts

ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'


def test_an_artifact_gives_the_same_module_back(engine, tmp_path):
    module = engine.compile(ADD)
    artifact = module.serialize()
    path = tmp_path / "add.artifact"
    path.write_bytes(artifact)
    for source in (artifact, bytearray(artifact), path, str(path)):
        loaded = engine.deserialize(source)
        assert (loaded.imports, loaded.exports) == (module.imports, module.exports)
        assert loaded.instantiate().func("add")(20, 22) == 42
    assert engine.deserialize(engine.deserialize(artifact).serialize()).instantiate().func("add")(1, 2) == 3


def test_an_artifact_keeps_no_code_of_the_module_but_what_the_runtime_made(engine):
    module = engine.compile('(module (memory (export "m") 1) (data (i32.const 3) "payload") (func (export "f")) (start 0))')
    instance = engine.deserialize(module.serialize()).instantiate()
    assert instance.memory("m").read(3, 7) == b"payload"


def test_a_damaged_artifact_is_refused_wherever_the_damage_is(engine):
    artifact = engine.compile(ADD).serialize()
    chance = random.Random(7)
    places = [*range(80), *(chance.randrange(len(artifact)) for _ in range(200)), len(artifact) - 1]
    damaged = [artifact[:at] + bytes([artifact[at] ^ chance.randrange(1, 256)]) + artifact[at + 1 :] for at in places]
    damaged += [artifact[:size] for size in (0, 1, 16, 17, 48, 49, 65, 100, len(artifact) // 2, len(artifact) - 1)]
    damaged += [artifact + b"\0", artifact * 2, b"\0" * len(artifact), artifact[::-1]]
    for candidate in damaged:
        with pytest.raises(ArtifactError):
            engine.deserialize(candidate)


def test_a_foreign_artifact_is_refused_by_name(engine):
    foreign = [engine.compile(ADD).serialize()]
    for status in labkit.runtimes():
        if status.available and status.in_process and status.name != engine.name:
            made = labkit.runtime(status.name).compile(ADD).serialize()
            with pytest.raises(ArtifactError, match=rf"made by {status.name}\b.*and this is {engine.name}\b"):
                engine.deserialize(made)
            foreign.append(made)
    assert len(set(foreign)) == len(foreign) > 1
    for other in (b"\x7fELF", labkit.to_wasm(ADD), b""):
        with pytest.raises(ArtifactError):
            engine.deserialize(other)


def test_an_artifact_of_another_configuration_is_refused():
    made = labkit.runtime("wasmtime", interruptible=False).compile(ADD).serialize()
    with pytest.raises(ArtifactError, match=r"made by wasmtime epochs=False, and this is wasmtime epochs=True\."):
        labkit.runtime("wasmtime").deserialize(made)


def test_a_forged_trailer_is_refused_as_cleanly(engine, tmp_path):
    def forge(made_by: bytes, interface: bytes, lengths: tuple[int, int, int]) -> bytes:
        body = interface + made_by + struct.pack("<IIQ", *lengths)
        return body + hashlib.sha256(body).digest() + artifacts._MAGIC

    fingerprint = engine.fingerprint.encode()
    for candidate in [
        hashlib.sha256(b"").digest() + artifacts._MAGIC,
        artifacts._MAGIC,
        forge(b"", b"", (2**32 - 1, 2**32 - 1, 2**64 - 1)),
        forge(b"\xff\xfe", b"", (2, 0, 0)),
        forge(fingerprint, b"", (len(fingerprint), 1, 0)),
        forge(fingerprint, b"no module", (len(fingerprint), 9, 0)),
        forge(fingerprint, b"\0asm\1\0\0\0", (len(fingerprint), 8, 0)),
        artifacts.wrap(engine.fingerprint, b"no module", b"no code"),
    ]:
        with pytest.raises(ArtifactError):
            engine.deserialize(candidate)
        (tmp_path / "forged").write_bytes(candidate)
        with pytest.raises(ArtifactError):
            engine.deserialize(tmp_path / "forged")


@pytest.mark.parametrize("source", [None, 42, "no/such/artifact", "a\0b", "."])
def test_what_is_no_artifact_is_refused(engine, source):
    with pytest.raises(ArtifactError):
        engine.deserialize(source)


@given(st.text(), st.binary(), st.binary(min_size=1))
def test_wrapping_is_undone_exactly(fingerprint, interface, payload):
    fingerprint = fingerprint.encode("utf-8", "ignore").decode()
    assert artifacts.unwrap(fingerprint, artifacts.wrap(fingerprint, interface, payload)) == (interface, payload)


def test_fuel_for_a_deserialized_module_is_refused_since_its_code_counts_none():
    wasmtime = labkit.runtime("wasmtime")
    module = wasmtime.deserialize(wasmtime.compile(ADD).serialize())
    with pytest.raises(Unsupported, match="without fuel"):
        module.instantiate(limits=Limits(fuel=1000))


class TestFiles:
    """An artifact in a file: checked once, and never trusted after it has changed."""

    @pytest.fixture(autouse=True)
    def _settled(self, monkeypatch):
        monkeypatch.setattr(artifact_files, "SETTLED_SECONDS", -1.0)

    def test_a_file_is_checked_once_for_as_long_as_it_stays_the_same(self, engine, tmp_path, monkeypatch):
        path = tmp_path / "add.artifact"
        path.write_bytes(engine.compile(ADD).serialize())
        assert engine.deserialize(path).instantiate().func("add")(20, 22) == 42
        monkeypatch.setattr(artifacts, "unwrap", None)
        for _ in range(3):
            assert engine.deserialize(path).instantiate().func("add")(20, 22) == 42

    def test_a_file_that_changed_is_checked_again(self, engine, tmp_path):
        path, artifact = tmp_path / "add.artifact", engine.compile(ADD).serialize()
        path.write_bytes(artifact)
        engine.deserialize(path)
        path.write_bytes(artifact[:100] + b"X" + artifact[101:])
        with pytest.raises(ArtifactError, match="damaged"):
            engine.deserialize(path)
        path.write_bytes(artifact)
        assert engine.deserialize(path).instantiate().func("add")(1, 2) == 3
        path.unlink()
        with pytest.raises(ArtifactError, match="cannot be read"):
            engine.deserialize(path)

    def test_another_runtime_does_not_take_what_one_has_checked(self, tmp_path):
        path = tmp_path / "add.artifact"
        path.write_bytes(labkit.runtime("wasmtime").compile(ADD).serialize())
        labkit.runtime("wasmtime").deserialize(path)
        with pytest.raises(ArtifactError, match="made by wasmtime, and this is wasmtime-winch"):
            labkit.runtime("wasmtime-winch").deserialize(path)

    def test_a_module_runs_on_when_its_file_is_cut_short_or_gone(self, engine, tmp_path):
        path = tmp_path / "add.artifact"
        path.write_bytes(engine.compile(ADD).serialize())
        module = engine.deserialize(path)
        path.write_bytes(b"")
        assert module.instantiate().func("add")(20, 22) == 42
        path.unlink()
        assert module.instantiate().func("add")(1, 2) == 3

    def test_where_no_sealed_copy_can_be_made_the_bytes_are_taken(self, engine, tmp_path, monkeypatch):
        path = tmp_path / "add.artifact"
        path.write_bytes(engine.compile(ADD).serialize())
        monkeypatch.setattr(artifact_files, "_seal", lambda content: None)
        for _ in range(2):
            assert engine.deserialize(path).instantiate().func("add")(20, 22) == 42

    def test_no_more_is_kept_than_the_limit_and_what_goes_can_be_read_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr(artifact_files, "_KEPT_FILES", 3)
        engine = labkit.runtime("wasmtime")
        artifact, paths = engine.compile(ADD).serialize(), [tmp_path / str(number) for number in range(6)]
        for path in paths:
            path.write_bytes(artifact)
        modules = [engine.deserialize(path) for path in paths]
        assert len(artifact_files._kept) == 3
        assert all(module.instantiate().func("add")(1, 2) == 3 for module in [*modules, *map(engine.deserialize, paths)])


def test_a_file_that_was_just_written_is_checked_again(tmp_path):
    engine, path = labkit.runtime("wasmtime"), tmp_path / "add.artifact"
    path.write_bytes(engine.compile(ADD).serialize())
    before = len(artifact_files._kept)
    engine.deserialize(path)
    assert len(artifact_files._kept) == before
