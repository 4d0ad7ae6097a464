"""``labkit results``: show what was measured, take it elsewhere, and set two rows side by side."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from labkit.bench.results.exchange import reference, to_csv, to_json
from labkit.bench.results.ratios import side_by_side
from labkit.bench.results.row import Row, Rows
from labkit.bench.results.store import load_rows
from labkit.cli.output import print_json
from labkit.cli.parsing import CommandParser
from labkit.errors import ArgumentError, UnreadableFile

__all__ = ["SENTENCE", "main"]

SENTENCE = "Show what was measured, export it, or compare two rows; without an action, show the last runs."
_SHOWN_RUNS = 5


def main(arguments: Sequence[str]) -> int:
    """Run the command; 1 where two rows were to be compared and no ratio may be taken."""
    parser = CommandParser(
        "results",
        SENTENCE,
        [
            "results",
            "results show --reference calls",
            "results export --format csv --output results.csv",
            "results compare 12 13",
            "results compare 12 calls/2",
        ],
    )
    parser.add_argument("action", nargs="?", default="show", choices=("show", "export", "compare"), metavar="ACTION", help="show, export or compare")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="for compare: numbers of two rows; NAME/NUMBER is a row of a recorded run")
    parser.add_argument("--command", metavar="WORDS", help="only runs whose command has these words")
    parser.add_argument("--last", type=int, metavar="RUNS", help=f"only so many of the last runs (show: {_SHOWN_RUNS}; export: all)")
    parser.add_argument("--reference", metavar="NAME", help="the lab's recorded run of that name, in place of what was measured here")
    parser.add_argument("--format", default="json", choices=("json", "csv"), help="of what is exported: json, which can be read back, or csv")
    parser.add_argument("--output", type=Path, metavar="FILE", help="export to a file in place of the terminal")
    parser.add_json()
    options = parser.parse(arguments)
    if (len(options.rows) != 2) if options.action == "compare" else options.rows:
        parser.error("compare takes two rows, and the other actions none")
    if options.last is not None and options.last < 1:
        parser.error("--last takes a number from 1")
    if options.action == "compare":
        return _compare(*options.rows, as_json=options.json)
    found = _chosen(options)
    if options.action == "export":
        _export(to_csv(found) if options.format == "csv" else to_json(found), options.output)
    else:
        _show(found, options)
    return 0


def _chosen(options: argparse.Namespace) -> Rows:
    """The rows that the options leave, run by run."""
    rows = reference(options.reference) if options.reference else load_rows()
    runs = [run for run in rows.runs() if options.command is None or options.command in run[0].command]
    if rows and not runs:
        commands = "; ".join(dict.fromkeys(row.command for row in rows))
        raise ArgumentError(f"Nothing of a command with {options.command!r} in it is recorded.", remedy=f"Recorded are: {commands}.")
    return Rows(row for run in (runs if options.last is None else runs[-options.last :]) for row in run)


def _show(rows: Rows, options: argparse.Namespace) -> None:
    runs = list(rows.runs())
    shown = Rows(row for run in (runs if options.last is not None else runs[-_SHOWN_RUNS:]) for row in run)
    if options.json:
        print_json({"rows": shown})
        return
    print(shown)
    earlier = len(runs) - len(list(shown.runs()))
    if earlier:
        print(f"\n{earlier} earlier run{'s' * (earlier != 1)}: --last {len(runs)} shows all.")


def _export(text: str, output: Path | None) -> None:
    """Write all of it or nothing."""
    if output is None:
        print(text, end="")
        return
    try:
        with tempfile.NamedTemporaryFile("w", dir=output.parent, prefix=f"{output.name}.", encoding="utf-8", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                temporary.chmod(0o644)
                temporary.replace(output)
            except BaseException:
                temporary.unlink()
                raise
    except OSError as error:
        raise UnreadableFile(f"{str(output)!r} cannot be written: {error.strerror}.", remedy="Give a file in a folder you may write to.") from None


def _compare(one: str, other: str, *, as_json: bool) -> int:
    found = [_find(text) for text in (one, other)]
    # Rows of two collections are never of one run, so either one's collection will do.
    both = side_by_side(found[0][0], found[1][0], found[0][1])
    if as_json:
        print_json(both.summary())
    else:
        print(both)
    return 0 if both.ratio is not None else 1


def _find(text: str) -> tuple[Row, Rows]:
    """A row by its number, with all that it is one of."""
    name, slash, number = text.rpartition("/")
    rows = reference(name) if slash else load_rows()
    for row in rows:
        if str(row.number) == number:
            return row, rows
    where = f"The recorded run {name!r}" if slash else "The result store"
    raise ArgumentError(f"{where} has no row {number!r}.", remedy=f"Look: `python -m labkit results show{f' --reference {name}' if slash else ''}`.")
