"""Run a committed notebook under nbval, and count as failure all that nbval itself lets pass."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from labkit.course.notebooks.build import fresh_files
from labkit.course.notebooks.rules import read
from labkit.course.notebooks.workshop import tool

__all__ = ["replay"]

_CELL_SECONDS = 60.0
_START_SECONDS = 120.0
_SANITISE = Path(__file__).with_name("sanitise.cfg")


def replay(path: Path, *, cell_seconds: float = _CELL_SECONDS) -> list[str]:
    """Execute a notebook's cells in a process of its own and compare their outputs with those in the file.

    nbval lets pass what is a failure here: a notebook without code, a cell that was never executed (it compares nothing then), a
    cell skipped by a comment, a cell that timed out where an error was expected, and whatever follows one that timed out.

    Parameters
    ----------
    path : Path
        The notebook.
    cell_seconds : float
        How long each cell may take.

    Returns
    -------
    list of str
        What is wrong; empty where every cell ran and gave what is committed.
    """
    tool("nbval")
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    if not code:
        return ["No cell was executed: the notebook has no code."]
    never = sum(cell.execution_count is None for cell in code)
    if never:
        return [f"{never} of {len(code)} code cells were never executed, so there is nothing to compare with: build the notebook."]
    with tempfile.TemporaryDirectory() as folder, fresh_files():
        report = Path(folder) / "report.xml"
        # A configuration of its own, and neither options nor plugins of a test run around it.
        (Path(folder) / "pytest.ini").write_text("[pytest]\nxfail_strict = true\njunit_duration_report = call\n")
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(path.resolve()),
            "-p",
            "nbval.plugin",
            "--nbval",
            "--nbval-current-env",
            f"--nbval-cell-timeout={cell_seconds}",
        ]
        command += [
            f"--nbval-sanitize-with={_SANITISE}",
            "-c",
            f"{folder}/pytest.ini",
            f"--junitxml={report}",
            "--color=no",
            "-q",
            "-p",
            "no:cacheprovider",
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        seconds = _START_SECONDS + cell_seconds * len(code)
        try:
            process = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, cwd=folder, timeout=seconds)
        except subprocess.TimeoutExpired:
            return [f"nbval had not ended after {seconds:g} s."]
        if not report.is_file():
            return [f"nbval gave no report: {process.stdout[-2000:]}{process.stderr[-2000:]}"]
        found = _failures(report, len(code), cell_seconds)
    if process.returncode != 0 and not found:
        found.append(f"nbval ended with exit code {process.returncode}: {process.stdout[-2000:]}")
    return found


def _failures(report: Path, code_cells: int, cell_seconds: float) -> list[str]:
    """What a JUnit report says, read strictly: whatever did not plainly pass has failed."""
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    found = []
    for case in cases:
        for problem in case:
            if problem.tag in ("failure", "error", "skipped"):
                said = (problem.text or problem.get("message") or "").strip()
                found.append(f"{case.get('name')} {'did not run' if problem.tag == 'skipped' else 'failed'}: {said}")
        if float(case.get("time", 0)) >= cell_seconds:
            found.append(f"{case.get('name')} took longer than {cell_seconds:g} s.")
    if len(cases) != code_cells:
        found.append(f"{len(cases)} of {code_cells} code cells were executed.")
    return found
