"""Put the figures of `docs/results/exact.csv` (`gail bench exact --peers build/peers`) into `docs/how_to_choose.md`.

Run from the repository's root: `python bench/how_to_choose.py`. Every figure on the page comes from here; a place on
the page that is not found is an error, so that none goes stale unnoticed.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

Row = dict[str, str]

CSV, PAGE = Path("docs/results/exact.csv"), Path("docs/how_to_choose.md")
SMALL, MIDDLE, LARGE = "10075", "100233", "1001560"
PSI = {
    "constant": "Constant()",
    "l2-ball": "L2Ball(features)",
    "simplex": "Simplex(features)",
    "linear-span": "LinearSpan(features)",
    "linf-ball": "LInfBall()",
    "lipschitz": "Lipschitz(metric)",
    "quadratic": "Quadratic(weight)",
    "exponential": "Exponential()",
    "truncated-quadratic": "TruncatedQuadratic()",
    "hinge": "Hinge()",
    "jeffreys": "Jeffreys()",
    "reverse-kl": "ReverseKL()",
    "forward-kl": "ForwardKL()",
}


def main() -> None:
    """Rewrite the page."""
    with CSV.open(newline="") as file:
        rows = list(csv.DictReader(file))
    first: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        first.setdefault((row["work"], row["states"], row["discount"]), row)
    text = PAGE.read_text()
    for name, call in PSI.items():
        text = with_psi(text, call, first[f"matching, psi {name}", SMALL, "0.95"])
    text = with_psi(text, "Logistic()", first["psi_GA matching", SMALL, "0.95"])
    text = with_sizes(text, first)
    text = with_growth(text, first, {row["work"]: row["exponent"] for row in rows if row["exponent"]})
    PAGE.write_text(with_peers(text, rows))


def with_psi(text: str, call: str, row: Row) -> str:
    """Seconds and gap in the table of regularizers."""
    pattern = r"(\| `" + re.escape(call) + r"` \|.*\| )[\d.]+ s, gap [\de.-]+ \|"
    return once(pattern, text, lambda found: f"{found[1]}{short(row['seconds'])} s, gap {power(row['relative_gap'])} |")


def with_sizes(text: str, first: dict[tuple[str, str, str], Row]) -> str:
    """The table of work and sizes."""
    soft, slow = "soft RL and occupancy", "Newton's method with a sparse LU per step takes {} times as long"
    conic = "Clarabel through CVXPY takes {} times as long, and does not solve it (gap {})"
    for label, states, row, reference in (
        ("soft RL and its occupancy", "1,001,560", first[soft, LARGE, "0.95"], slow),
        ("... discount .99", "100,233", first[soft, MIDDLE, "0.99"], slow),
        ("... discount .999", "100,233", first[soft, MIDDLE, "0.999"], slow),
        ("policy iteration", "1,001,560", first["policy iteration", LARGE, "0.95"], ""),
        ("linear program", "10,075", first["linear program", SMALL, "0.95"], ""),
        ("psi_GA matching", "10,075", first["psi_GA matching", SMALL, "0.95"], conic),
        ("psi_GA matching", "100,233", first["growth: psi_GA matching", MIDDLE, "0.95"], ""),
    ):
        told = reference and reference.format(short(row["reference_over_ours"]), short(row["reference_relative_gap"]))
        line = f"| {label} | {states} | {short(row['seconds'])} | {short(row['peak_gb'])} GB | "
        line += f"{power(row['relative_gap'])} | {told} |"
        text = once(rf"^\| {re.escape(label)} \| {states} \|.*$", text, lambda _, line=line: line)
    return text


def with_growth(text: str, first: dict[tuple[str, str, str], Row], exponents: dict[str, str]) -> str:
    """The sentence on how time grows with the states."""
    soft, psi = (float(exponents[f"growth of {work}"]) for work in ("soft RL and occupancy", "psi_GA matching"))
    text = once(
        r"power [\d.]+ \(soft RL, from 10\^2 to 10\^6 states\) and [\d.]+ \(matching",
        text,
        lambda _: f"power {soft:.2f} (soft RL, from 10^2 to 10^6 states) and {psi:.2f} (matching",
    )

    def times(work: str) -> str:
        small, middle = (float(first[f"growth: {work}", states, "0.95"]["seconds"]) for states in (SMALL, MIDDLE))
        return f"{middle / small:.0f}"

    return once(
        r"matching takes [\d.]+ times as long,\nsoft RL [\d.]+ times",
        text,
        lambda _: (
            f"matching takes {times('psi_GA matching')} times as long,\nsoft RL {times('soft RL and occupancy')} times"
        ),
    )


def with_peers(text: str, rows: list[Row]) -> str:
    """The table beside other libraries."""
    begin, end = text.index("| ours: policy iteration"), text.index("\n\nErrors are relative: of values")
    lines = []
    for row in rows:
        if row["work"].startswith("soft RL"):
            break
        lines.append(peer_line(row))
    return text[:begin] + "\n".join(lines) + text[end:]


def peer_line(row: Row) -> str:
    """One library's row, or ours beside it."""
    work, states = row["work"], "28 x 40 steps" if row["states"] == "1120" else f"{int(row['states']):,}"
    if work == "cliff world by gail":
        work, error = "ours, by imitation's own count", power(row["relative_error"])
    elif work == "policy iteration":
        work, error = f"ours: {work}", "gap " + power(row["relative_gap"])
    elif work == "maximum causal entropy IRL":
        work, error = f"ours: {work}", power(row["relative_error"])
    else:
        error = told_error(row["relative_error"])
    over = "" if work.startswith("ours") else short(row["over_ours"])
    return f"| {work} | {states} | {row['discount']} | {short(row['seconds'])} | {over} | {error} |"


def told_error(value: str) -> str:
    """A number, or the reason why there is none."""
    try:
        return power(value) if float(value) < 1e-3 else short(value)
    except ValueError:
        return value


def once(pattern: str, text: str, new: object) -> str:
    """Replace the one place that fits."""
    text, count = re.subn(pattern, new, text, flags=re.MULTILINE)  # type: ignore[call-overload]
    if count != 1:
        raise SystemExit(f"{PAGE}: {pattern} fits {count} places, not one")
    return str(text)


def short(value: str) -> str:
    """Two digits; blank stays blank."""
    if not value:
        return ""
    return f"{float(value):.2g}" if float(value) < 100 else f"{float(value):.0f}"


def power(value: str) -> str:
    """An order of magnitude."""
    return f"{float(value):.0e}".replace("e-0", "e-")


if __name__ == "__main__":
    main()
