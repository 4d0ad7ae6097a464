"""``labkit bench``: measure, and hold the figures against their goals."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from labkit.bench.goals import Report
from labkit.bench.process import QUICK_SECONDS, SECONDS, run_bench
from labkit.bench.registry import bench_names, find_bench
from labkit.bench.results.recording import record
from labkit.cli.output import print_json, progress_line
from labkit.cli.parsing import PROGRAM, CommandParser
from labkit.display import text_table
from labkit.errors import BenchError

__all__ = ["SENTENCE", "main"]

SENTENCE = "Measure on this machine, and hold the figures against their goals; without a name, list the benches."


def main(arguments: Sequence[str]) -> int:
    """Run the command; with ``--check``, 1 where a goal is missed."""
    parser = CommandParser("bench", SENTENCE, ["bench", "bench calls", "bench calls --quick --check", "bench calls --json > calls.json"])
    parser.add_argument("name", nargs="?", choices=bench_names(), metavar="NAME", help=f"one of {', '.join(bench_names())}")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    parser.add_argument(
        "--quick", action="store_true", help=f"measure for less time (mostly {QUICK_SECONDS:g} s in place of {SECONDS:g} s); never over 30 s in all"
    )
    parser.add_argument("--no-record", action="store_true", help="keep the run out of the result store")
    parser.add_json()
    options = parser.parse(arguments)
    if options.name is None:
        if options.check or options.quick or options.no_record:
            parser.error("--check, --quick and --no-record need the NAME of a bench")
        return _list(as_json=options.json)
    with progress_line(options.name) as progress:
        report = run_bench(options.name, quick=options.quick, progress=progress)
    if not options.no_record:
        _keep(report, f"{PROGRAM} bench {options.name}{' --quick' * options.quick}")
    if options.json:
        print_json(report.summary())
    else:
        print(report)
    return 1 if options.check and not report.met else 0


def _keep(report: Report, command: str) -> None:
    """Record a run; where the store cannot be used, what was measured is still shown, and counts."""
    try:
        record(report, command=command)
    except BenchError as error:
        print(f"labkit: The run is not recorded. {error}", file=sys.stderr)


def _list(*, as_json: bool) -> int:
    benches = [find_bench(name) for name in bench_names()]
    if as_json:
        print_json({"benches": [{"name": bench.name, "sentence": bench.sentence, "goals": bench.goals} for bench in benches]})
    else:
        rows = [row for bench in benches for row in ([bench.name, bench.sentence], *(["", f"goal: {goal.figure} {goal}"] for goal in bench.goals))]
        print(text_table(["bench", "what it shows"], rows))
    return 0
