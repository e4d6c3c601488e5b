"""Tables and a picture of the sweep, for docs/certificates.md."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from gail.exact import FiniteMDP, solve_rl

SOLVED = ("OPTIMAL", "DUAL_NOT_ATTAINED")

COARSEST = 1e-6
"""Rounding floor beyond which no answer is called optimal."""

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    """The rows of one run, in the order of the instances."""
    return sorted(csv.DictReader(path.open()), key=lambda row: int(row["number"]))


def table(before: Rows, now: Rows) -> str:
    """Counts and seconds per psi and route, of two runs over the same instances, as Markdown."""
    head = ["psi", "route", "solved before", "not solved", "median s", "worst s"]
    head += ["solved now", "not solved", "of these, rounding", "median s", "worst s"]
    lines = []
    for name in dict.fromkeys(row["psi"] for row in before):
        for route in ("matching", "irl"):
            one, other = (
                [row for row in rows if row["psi"] == name and row["route"] == route] for rows in (before, now)
            )
            cells = [
                f"`{name}`",
                route,
                *_counts(one),
                *_seconds(one),
                *_counts(other),
                _rounded(other),
                *_seconds(other),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *lines])


def totals(before: Rows, now: Rows, limit: float) -> str:
    """Shares that were not solved and solves that took longer than `limit` seconds, as Markdown."""
    lines = [f"| | lambda >= .01 | all | over {limit:g} s |", "|---|---|---|---|"]
    for label, rows in (("before", before), ("now", now)):
        shares = []
        for least in (0.01, 0.0):
            here = [row for row in rows if float(row["weight"]) >= least]
            shares.append(f"{sum(row['status'] not in SOLVED for row in here) / len(here):.2%}")
        slow = [float(row["seconds"]) for row in rows if float(row["seconds"]) > limit]
        worst = max(float(row["seconds"]) for row in rows)
        lines.append(
            f"| not solved, {label} | {' | '.join(shares)} | {len(slow)} of {len(rows)}, worst {worst:.0f} s |"
        )
    return "\n".join(lines)


def refuted(now: Rows, tolerance: float = 1e-8) -> str:
    """The answers called optimal whose gap in extended precision exceeds the tolerance and their floor."""
    lines = []
    for row in now:
        gap, floor = abs(float(row["extended_gap"])), float(row["floor"])
        if row["status"] == "OPTIMAL" and gap > max(tolerance, floor):
            lines.append(
                f"{row['number']} {row['psi']} {row['route']}: {row['states']} states, {row['actions']} actions, "
                f"gap {gap:.1e}, floor {floor:.1e}"
            )
    return "\n".join(lines)


def remarkable(runs: dict[str, Rows], limit: float, out: Path) -> None:
    """The rows that were not solved, or took longer than `limit` seconds, as a small CSV."""
    columns = [name for name in next(iter(runs.values()))[0] if name != "extended_gap"]
    numbers = ("weight", "relative_gap", "floor", "seconds")
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", *columns])
        for name, rows in runs.items():
            for row in rows:
                if row["status"] not in SOLVED or float(row["seconds"]) > limit:
                    writer.writerow([name, *(f"{float(row[c]):.3g}" if c in numbers else row[c] for c in columns)])


def _counts(rows: Rows) -> tuple[str, str]:
    solved = sum(row["status"] in SOLVED for row in rows)
    return str(solved), str(len(rows) - solved)


def _rounded(rows: Rows) -> str:
    return str(sum(row["status"] == "NOT_CONVERGED" and float(row["floor"]) > COARSEST for row in rows))


def _seconds(rows: Rows) -> tuple[str, str]:
    seconds = [float(row["seconds"]) for row in rows]
    return f"{statistics.median(seconds):.3f}", f"{max(seconds):.1f}"


def precision(out: Path) -> None:
    """Draw the stated rounding floor of planning against the horizon, with the error of the gap in many solves."""
    figure, axes = plt.subplots(figsize=(7.0, 4.5), layout="constrained")
    horizons = np.geomspace(1.5, 1e5, 12)
    for label, colour, stays in (
        ("states that lead to each other", "C0", 0.0),
        ("states that never lead to each other", "C3", 1.0),
    ):
        floors, points = [], []
        for horizon in horizons:
            here = []
            for seed in range(20):
                rng = np.random.default_rng(seed)
                mixed = rng.dirichlet(np.ones(8), size=(8, 3))
                table = stays * np.repeat(np.eye(8)[:, None], 3, axis=1) + (1.0 - stays) * mixed
                mdp = FiniteMDP(table, np.full(8, 0.125), 1.0 - 1.0 / horizon)
                found = solve_rl(mdp, rng.normal(size=(8, 3)), 0.1)
                here.append(found.rounding_floor)
                points.append((horizon, abs(found.relative_gap)))
            floors.append(max(here))
        axes.plot(horizons, floors, color=colour, label=f"stated floor: {label}")
        axes.plot(*np.array(points).T, ".", color=colour, alpha=0.4, markersize=4)
    axes.plot([], [], ".", color="grey", label="relative gaps of 20 random problems each")
    axes.set(xscale="log", yscale="log", xlabel="effective horizon 1 / (1 - gamma)", ylabel="relative duality gap")
    axes.set_ylim(bottom=1e-19)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(out, dpi=130)
