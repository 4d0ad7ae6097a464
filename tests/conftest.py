"""What every test stands on: no skip where everything must be there, and the runtimes that must work on this Python."""

from __future__ import annotations

import os
import sys

import pytest

REQUIRE_ALL = os.environ.get("LABKIT_REQUIRE_ALL") == "1"
#: Wasmer's newest wheels stop at CPython 3.10; on a newer Python its absence is what the tests expect.
WASMER_NAMES = ["wasmer", "wasmer-singlepass", "wasmer-llvm"] if sys.version_info < (3, 11) else []
WASMTIME_NAMES = ["wasmtime", "wasmtime-winch"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn a skip into a failure where LABKIT_REQUIRE_ALL=1 says that everything is installed."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although LABKIT_REQUIRE_ALL=1: {report.longrepr}"


@pytest.fixture(params=WASMTIME_NAMES + WASMER_NAMES)
def runtime_name(request: pytest.FixtureRequest) -> str:
    """Each runtime that this Python can have; one that is missing is named and, in CI, fails."""
    from labkit.runtimes.registry import runtimes

    status = next(row for row in runtimes() if row.name == request.param)
    if not status.available:
        pytest.skip(f"{status.name} is unavailable: {status.reason}. {status.remedy}")
    return str(request.param)


@pytest.fixture
def engine(runtime_name: str):
    """A runtime, ready to compile."""
    import labkit

    return labkit.runtime(runtime_name)
