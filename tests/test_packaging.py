"""One place holds each version: what conda and Binder install is what pyproject.toml pins."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]


def pins(requirements: list[str]) -> dict[str, str]:
    """Name and exact version of each requirement; whatever is not pinned exactly fails here."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([\w.-]+)==([\w.]+)(; .*)?", requirement)
        assert match, requirement
        found[match[1].lower()] = match[2]
    return found


def test_every_requirement_is_pinned_exactly():
    pins([*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"], *(item for extra in EXTRAS.values() for item in extra)])


def test_environment_yml_has_the_same_pins():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    listed = [line.strip()[2:] for line in lines if re.match(r"\s+- .*==", line)]
    wanted = [*PROJECT["project"]["dependencies"], *EXTRAS["wasmer"], *EXTRAS["lab"], *PROJECT["build-system"]["requires"]]
    found = pins(listed)
    assert found.pop("editables")  # hatchling's own requirement for an editable install without build isolation
    assert found == pins(wanted)
    assert "  - python=3.10" in lines


def test_environment_yml_names_no_local_path():
    """Binder makes the environment before it has the repository."""
    text = (ROOT / "environment.yml").read_text()
    assert not re.search(r"-e |file:|^\s+- \.", text, re.MULTILINE)


def test_postbuild_stops_at_the_first_failure_and_may_be_executed():
    script = ROOT / "postBuild"
    assert "\nset -e\n" in script.read_text()
    assert script.stat().st_mode & 0o111


def test_the_pinned_ipykernel_is_not_one_that_hangs():
    major = int(pins(EXTRAS["lab"])["ipykernel"].split(".")[0])
    assert major < 7, "7.0 to 7.3 lose wake-ups, and 7.4 needs Python 3.11"


@pytest.mark.parametrize("name", ["wasmtime", "cffi", "numpy"])
def test_what_is_installed_is_what_is_pinned(name):
    from importlib.metadata import version

    assert version(name) == pins(PROJECT["project"]["dependencies"])[name]


def test_the_whole_package_is_typed_for_others():
    assert (ROOT / "labkit/py.typed").exists()
