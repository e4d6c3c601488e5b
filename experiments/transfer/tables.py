"""Tables of a study: the summary that answers first, the details of a pair, and CSV files.

Regrets are relative: 0 for an optimal policy, 1 for the uniform one. "0" stands for less than `ZERO`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gail.approx.atomic_files import write_text
from gail.experiments.transfer.frozen import FrozenPoint
from gail.experiments.transfer.study import PairStudy, Row, TransferStudy

ZERO = 5e-7

MISSING = "-"


def shown(number: float | None) -> str:
    """A regret or an error; digits below `ZERO` are rounding."""
    if number is None:
        return MISSING
    if abs(number) < ZERO:
        return "0"
    return f"{number:.0e}" if abs(number) < 1e-3 else f"{number:.3f}"


def summary(found: TransferStudy) -> tuple[list[str], list[list[str]]]:
    """Header and rows: each reward's relative regret at lambda = 0 on every source and target, the best target first.

    A reward counts by its worst target. Numbers without a certificate have a question mark.
    """
    header = ["reward", *(f"{one.pair.name}, {place}" for one in found.pairs for place in ("source", "target"))]
    cells = {(row.reward, row.pair, row.process): row for row in found.rows if row.entropy_weight == 0.0}
    names = list(dict.fromkeys(row.reward for row in found.rows))

    def worst(name: str) -> float:
        known = [cells[name, one.pair.name, "target"].relative_regret for one in found.pairs]
        return max((abs(value) for value in known if value is not None), default=float("inf"))

    rows = []
    for name in sorted(names, key=lambda name: round(worst(name), 6)):
        own = [cells[name, one.pair.name, place] for one in found.pairs for place in ("source", "target")]
        rows.append([name, *(_marked(row) for row in own)])
    return header, rows


def _marked(row: Row) -> str:
    return shown(row.relative_regret) + ("?" if row.certified is False else "")


def details(one: PairStudy) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one pair: regrets at both entropy weights, errors, certificates."""
    weight = one.pair.entropy_weight
    header = ["reward", "function of"]
    header += [f"{place}, lambda {value:g}" for place in ("source", "target") for value in (0.0, weight)]
    header += ["best ties, target", "error up to a constant", "up to shaping", "certified", "note"]
    rows = []
    for name in dict.fromkeys(row.reward for row in one.rows):
        own = [row for row in one.rows if row.reward == name]
        first, ties = own[0], next(row for row in own if row.process == "target" and row.entropy_weight == 0.0)
        certified = MISSING if first.certified is None else "yes" if all(row.certified for row in own) else "NO"
        numbers = [*(row.relative_regret for row in own), ties.least_relative_regret]
        numbers += [first.constant_error, first.shaping_error]
        rows.append([name, first.kind, *(shown(number) for number in numbers), certified, first.note])
    return header, rows


def ambiguity_table(found: TransferStudy) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the dimension of the rewards that explain the same experts."""
    header = ["pair", "experts on", "rewards of", "dimension", "constants only", "least value kept", "largest dropped"]
    rows = []
    for one in (ambiguity for study in found.pairs for ambiguity in study.ambiguities):
        values = [f"{value:.1e}" if 0.0 < value < float("inf") else "none" for value in (one.kept, one.dropped)]
        function_of = "states" if one.kind == "state" else "state-action pairs"
        only = "yes" if one.only_constants else "no"
        rows.append([one.pair, one.processes, function_of, str(one.dimension), only, *values])
    return header, rows


def write_tables(found: TransferStudy, folder: Path, prefix: str = "") -> None:
    """Write `transfer.csv`, and the data of the curves as `frozen.csv` and `slip.csv`."""
    frozen = [_frozen_row(one, point) for one in found.pairs for point in one.frozen.points]
    write_text(folder / "transfer.csv", csv_text([asdict(row) for row in found.rows]))
    write_text(folder / f"{prefix}frozen.csv", csv_text(frozen))
    write_text(folder / f"{prefix}slip.csv", csv_text([asdict(point) for point in found.slips]))


def _frozen_row(one: PairStudy, point: FrozenPoint) -> dict[str, Any]:
    row: dict[str, Any] = {"pair": one.pair.name, **asdict(point)}
    named = {f"correlation_{visits}": value for visits, value in row.pop("correlations").items()}
    return {**row, **named, "policy_source": one.frozen.policies[point.iteration]}


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """A CSV file's content; numbers have nine digits."""
    content = io.StringIO()
    writer = csv.DictWriter(content, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _nine_digits(value) for name, value in row.items()} for row in rows)
    return content.getvalue()


def _nine_digits(value: Any) -> Any:
    return f"{value:.9g}" if isinstance(value, float) else value
