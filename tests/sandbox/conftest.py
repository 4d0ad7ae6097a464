"""A cache of the tests' own, so that they find it as they left it."""

from __future__ import annotations

import pytest

from tests.conftest import COMMAND_NAMES, LIBWASMER_NAMES, WASMER_NAMES, WASMTIME_NAMES, require


@pytest.fixture(scope="module", autouse=True)
def _own_cache(own_cache):
    """For every module of tests here."""


@pytest.fixture(params=[*WASMTIME_NAMES, *WASMER_NAMES, *LIBWASMER_NAMES, *COMMAND_NAMES])
def runtime_name(request: pytest.FixtureRequest) -> str:
    """Each runtime that the sandbox has, commands among them."""
    return require(request.param)
