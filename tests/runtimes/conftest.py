"""What the runtimes' tests share: programs in a process of their own, for whatever could end one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

# On a Python that Wasmer has no wheels for, what it does cannot be tested; that it says so is tested everywhere.
collect_ignore = ["test_wasmer.py", "test_wasmer_hazards.py"] if sys.version_info >= (3, 11) else []


@pytest.fixture
def run_python() -> Callable[..., str]:
    """Run a program in another Python and give what it printed; it must end well and complain of nothing."""

    def run(program: str, *arguments: str, seconds: float = 120, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), *arguments],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        assert done.stderr == ""
        return done.stdout

    return run
