"""Thousands of hard finite instances, solved from both sides and judged in extended precision.

    python bench/sweep run small 5600 --out now.csv              # up to 60 states
    python bench/sweep run large 280 --out large.csv             # 61 to 500 states
    python bench/sweep compare before.csv now.csv --limit 2      # the tables of docs/certificates.md
    python bench/sweep precision precision.png                   # rounding floors, and what rounding really leaves

An instance follows from its number alone: the process (dense, sparse, a chain, deterministic, with ends of episodes,
with unreachable states), the discount from 0 to .9999, lambda from 1e-6 to 100 (log-uniform), the expert (uniform,
random, nearly or wholly deterministic, soft-optimal), and psi in turn.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
from dataclasses import asdict
from pathlib import Path

from report import precision, read, refuted, remarkable, table, totals
from solving import Row, solved


def main(arguments: list[str]) -> None:
    """The command line of the module docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="solve instances")
    run.add_argument("size", choices=["small", "large"])
    run.add_argument("count", type=int)
    run.add_argument("--out", type=Path, required=True)
    compare = verbs.add_parser("compare", help="compare two runs over the same instances")
    compare.add_argument("before", type=Path)
    compare.add_argument("now", type=Path)
    compare.add_argument("--limit", type=float, default=2.0, help="seconds beyond which a solve is slow")
    compare.add_argument("--remarkable", type=Path, help="CSV of what was not solved or slow")
    verbs.add_parser("precision", help="draw the rounding floors").add_argument("out", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.verb == "run":
        _run(range(chosen.count), chosen.size == "large", chosen.out)
    elif chosen.verb == "precision":
        precision(chosen.out)
    else:
        before, now = read(chosen.before), read(chosen.now)
        print(table(before, now), totals(before, now, chosen.limit), refuted(now), sep="\n\n")
        if chosen.remarkable:
            remarkable({"before": before, "now": now}, chosen.limit, chosen.remarkable)


def _run(numbers: range, large: bool, out: Path) -> None:
    with out.open("w", newline="") as file, multiprocessing.Pool(2) as pool:
        writer = csv.DictWriter(file, [*Row.__dataclass_fields__])
        writer.writeheader()
        for rows in pool.imap_unordered(_solved, [(number, large) for number in numbers]):
            writer.writerows(asdict(row) for row in rows)
            file.flush()


def _solved(task: tuple[int, bool]) -> list[Row]:
    return solved(*task)


if __name__ == "__main__":
    main(sys.argv[1:])
