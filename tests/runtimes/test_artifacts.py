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
from labkit.runtimes import artifacts

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
        if status.available and status.name != engine.name:
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


def test_a_forged_header_is_refused_as_cleanly(engine):
    def forge(made_by: bytes, interface: bytes, lengths: tuple[int, int, int]) -> bytes:
        body = struct.pack("<IIQ", *lengths) + made_by + interface
        return artifacts._MAGIC + hashlib.sha256(body).digest() + body

    fingerprint = engine.fingerprint.encode()
    for candidate in [
        artifacts._MAGIC + hashlib.sha256(b"").digest(),
        forge(b"", b"", (2**32 - 1, 2**32 - 1, 2**64 - 1)),
        forge(b"\xff\xfe", b"", (2, 0, 0)),
        forge(fingerprint, b"", (len(fingerprint), 1, 0)),
        forge(fingerprint, b"no module", (len(fingerprint), 9, 0)),
        forge(fingerprint, b"\0asm\1\0\0\0", (len(fingerprint), 8, 0)),
    ]:
        with pytest.raises(ArtifactError):
            engine.deserialize(candidate)


@pytest.mark.parametrize("source", [None, 42, "no/such/artifact", "a\0b", "."])
def test_what_is_no_artifact_is_refused(engine, source):
    with pytest.raises(ArtifactError):
        engine.deserialize(source)


@given(st.text(), st.binary(), st.binary())
def test_wrapping_is_undone_exactly(fingerprint, interface, payload):
    fingerprint = fingerprint.encode("utf-8", "ignore").decode()
    assert artifacts.unwrap(fingerprint, artifacts.wrap(fingerprint, interface, payload)) == (interface, payload)


def test_fuel_for_a_deserialized_module_is_refused_since_its_code_counts_none():
    wasmtime = labkit.runtime("wasmtime")
    module = wasmtime.deserialize(wasmtime.compile(ADD).serialize())
    with pytest.raises(Unsupported, match="without fuel"):
        module.instantiate(limits=Limits(fuel=1000))
