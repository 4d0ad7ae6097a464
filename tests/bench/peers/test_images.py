"""What containers are started from: complete, and with digests that hold."""

import hashlib
import json
import os
import tarfile
from pathlib import Path

import pytest

from labkit.bench.peers.images import make_root, size_of, write_bundle, write_image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF...")
    root = make_root(tmp_path / "root", program)
    (root / "link").symlink_to("/program")
    return root


def test_the_image_is_an_oci_layout_and_a_docker_archive_at_once(root: Path, tmp_path: Path) -> None:
    path = write_image(tmp_path / "image.tar", root, name="localhost/hello:latest", command=["/program"])
    with tarfile.open(path) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}
    for name, content in files.items():
        if name.startswith("blobs/sha256/"):
            assert hashlib.sha256(content).hexdigest() == name.rpartition("/")[2]
    [listed] = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files[f"blobs/sha256/{listed['digest'].partition(':')[2]}"])
    [docker] = json.loads(files["manifest.json"])
    assert docker["RepoTags"] == ["localhost/hello:latest"] == [listed["annotations"]["io.containerd.image.name"]]
    assert docker["Config"].endswith(manifest["config"]["digest"].partition(":")[2])
    config = json.loads(files[docker["Config"]])
    assert config["config"]["Entrypoint"] == ["/program"]
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    (tmp_path / "layer.tar").write_bytes(files[docker["Layers"][0]])
    with tarfile.open(tmp_path / "layer.tar") as layer:
        entries = {entry.name: entry for entry in layer}
    assert entries["program"].mode & 0o111
    assert entries["link"].issym()
    assert {entry.uid for entry in entries.values()} == {0}


def test_the_same_root_gives_the_same_image(root: Path, tmp_path: Path) -> None:
    one, other = (write_image(tmp_path / name, root, name="a:b", command=["/program"]).read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_bundle_is_rootless_where_its_maker_is(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def linux(user: int) -> dict:
        monkeypatch.setattr(os, "geteuid", lambda: user)
        return json.loads((write_bundle(tmp_path / str(user), root, ["/program"]) / "config.json").read_text())["linux"]

    assert {"type": "user"} not in linux(0)["namespaces"]
    assert {"type": "user"} in linux(1000)["namespaces"]
    assert linux(1001)["uidMappings"] == [{"containerID": 0, "hostID": 1001, "size": 1}]


def test_links_are_not_counted(root: Path) -> None:
    os.link(root / "program", root / "another name")
    assert size_of(root) == len(b"\x7fELF...")
