"""Thousands of hard finite instances, solved from both sides and judged in extended precision.

    python bench/sweep.py small 4000 --out sweep.csv        # up to 60 states
    python bench/sweep.py large 200 --out large.csv         # 61 to 500 states
    python bench/sweep.py --table before.csv after.csv      # counts per psi, as Markdown
    python bench/sweep.py --precision precision.png         # rounding floors, and what rounding really leaves

An instance follows from its number alone: the process (dense, sparse, a chain, deterministic, with ends of episodes,
with unreachable states), the discount from 0 to .9999, lambda from 1e-6 to 100 (log-uniform), the expert (uniform,
random, nearly or wholly deterministic, soft-optimal), and psi in turn. `judged` recomputes the gap of an answer with
arithmetic that shares no code with the solvers: dense elimination and policy iteration in `numpy.longdouble`, and psi
and psi* from their formulas.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import signal
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gail.exact import FiniteMDP, Status, match_occupancy, occupancy_of, solve_irl
from gail.exact import regularizers as psi_of

Long: Any = np.longdouble
TINY = np.finfo(np.longdouble).tiny

DISCOUNTS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)
LIMIT = 120
"""Seconds after which a solve is stopped."""


@dataclass(frozen=True)
class Instance:
    """A problem of the sweep, with the words that describe it."""

    mdp: FiniteMDP
    expert: Any
    psi: Any
    weight: float
    process: str
    expert_kind: str


@dataclass(frozen=True)
class Row:
    """One solve: the instance, the verdict, and the gap in extended precision."""

    number: int
    psi: str
    route: str
    states: int
    actions: int
    discount: float
    weight: float
    process: str
    expert: str
    status: str
    relative_gap: float
    extended_gap: float
    floor: float
    seconds: float


def instance(number: int, *, large: bool = False) -> Instance:
    """The instance of a number; psi runs through the library."""
    rng = np.random.default_rng([number, int(large)])
    states = int(rng.integers(61, 501)) if large else round(np.exp(rng.uniform(0.0, np.log(60.0))))
    actions = int(rng.integers(1 if states > 1 else 2, 6))
    process = str(rng.choice(["dense", "sparse", "chain", "deterministic", "ending", "unreachable"]))
    transitions = _transitions(rng, process, states, actions)
    start = rng.dirichlet(np.full(states, float(rng.choice([0.05, 1.0]))))
    if process == "unreachable":
        start[states // 2 :] = 0.0
    if not start.sum() > 0.0:
        start[0] = 1.0
    terminal = transitions.sum(axis=2).min(axis=1) < 1.0 - 1e-9
    discount = float(rng.choice(DISCOUNTS))
    mdp = FiniteMDP(transitions, start / start.sum(), discount, terminal=terminal)
    kind = str(rng.choice(["uniform", "random", "deterministic", "nearly deterministic", "soft-optimal"]))
    weight = float(10.0 ** rng.uniform(-6.0, 2.0))
    expert = occupancy_of(mdp, _expert(rng, kind, mdp))
    makers = list(_psi_makers())
    return Instance(mdp, expert, makers[number % len(makers)](rng, states, actions), weight, process, kind)


def _transitions(rng: np.random.Generator, process: str, states: int, actions: int) -> Any:
    table = np.zeros((states, actions, states))
    for s in range(states):
        for a in range(actions):
            if process == "chain":
                table[s, a, min(states - 1, s + 1) if a == 0 else max(0, s - 1)] = 1.0
            elif process == "deterministic":
                table[s, a, rng.integers(states)] = 1.0
            elif process == "dense":
                table[s, a] = rng.dirichlet(np.ones(states))
            else:
                within = states // 2 if process == "unreachable" and s < states // 2 else states
                branches = min(3, within)
                table[s, a, rng.choice(within, branches, replace=False)] = rng.dirichlet(np.ones(branches))
    if process == "ending":
        ends = rng.random(states) < 0.3
        table[ends] *= rng.random((int(ends.sum()), actions, 1))
    return table


def _expert(rng: np.random.Generator, kind: str, mdp: FiniteMDP) -> Any:
    shape = (mdp.num_states, mdp.num_actions)
    if kind == "uniform":
        return np.full(shape, 1.0 / shape[1])
    if kind == "random":
        return rng.dirichlet(np.full(shape[1], 0.5), size=shape[0])
    if kind == "soft-optimal":
        logits = rng.normal(size=shape) * 10.0 ** rng.uniform(-1.0, 1.3)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)
    chosen = np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    if kind == "nearly deterministic":
        chosen = chosen + 10.0 ** rng.uniform(-12.0, -3.0)
    return chosen / chosen.sum(axis=1, keepdims=True)


def _psi_makers() -> Iterator[Callable[[np.random.Generator, int, int], Any]]:
    def features(rng: np.random.Generator, states: int, actions: int) -> Any:
        return rng.normal(size=(states, actions, int(rng.integers(1, 5)))) * 10.0 ** rng.uniform(-2.0, 2.0)

    def lipschitz(rng: np.random.Generator, states: int, actions: int) -> Any:
        points = rng.normal(size=(states * actions, 2))
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        if states * actions <= 100:
            return psi_of.Lipschitz(distances.reshape(states, actions, states, actions))
        from scipy import sparse

        ring = np.arange(states * actions)
        away = np.roll(ring, 1)
        lengths = distances[ring, away]
        graph = sparse.coo_array(
            (np.tile(lengths, 2), (np.append(ring, away), np.append(away, ring))), shape=2 * (len(ring),)
        )
        return psi_of.Lipschitz.on_graph(sparse.csr_array(graph))

    yield lambda rng, s, a: psi_of.Constant()
    yield lambda rng, s, a: psi_of.Quadratic(float(10.0 ** rng.uniform(-2.0, 2.0)))
    yield lambda rng, s, a: psi_of.L2Ball(features(rng, s, a))
    yield lambda rng, s, a: psi_of.Simplex(features(rng, s, a))
    yield lambda rng, s, a: psi_of.LinearSpan(features(rng, s, a))
    yield lambda rng, s, a: psi_of.LInfBall()
    yield lipschitz
    for one in (psi_of.Logistic, psi_of.Exponential, psi_of.TruncatedQuadratic, psi_of.Hinge, psi_of.Jeffreys,
                psi_of.ReverseKL, psi_of.ForwardKL):  # fmt: skip
        yield lambda rng, s, a, one=one: one()


# ------------------------------------------------------------------------------------------ arithmetic of its own


def judged(one: Instance, found: Any) -> float:
    """The answer's gap in extended precision, over its own objective and the problem's unit; nan without a cost."""
    if found.cost is None:
        return float("nan")
    policy = np.asarray(found.policy, Long)
    policy = policy / policy.sum(axis=1, keepdims=True)
    cost, expert = np.asarray(found.cost, Long), np.asarray(found.problem.expert, Long)
    transitions = np.asarray(one.mdp.transitions.toarray(), Long).reshape(*policy.shape, policy.shape[0])
    sums = transitions.sum(axis=2, keepdims=True)  # rows that sum to one up to rounding are meant to sum to one
    transitions = np.where(abs(sums - 1) < 1e-12, transitions / np.where(sums > 0, sums, 1), transitions)
    discount, weight, start = Long(one.mdp.discount), Long(one.weight), np.asarray(one.mdp.initial, Long)
    reachable = np.asarray(one.mdp.reachable)

    def chain(pi: Any) -> Any:
        return np.eye(len(start), dtype=Long) - discount * np.einsum("sa,sat->st", pi, transitions)

    visits = np.maximum(_solve(chain(policy).T.copy(), start), 0)
    rho = visits[:, None] * policy
    primal = _star(one.psi, rho, expert, cost)
    log_policy = np.log(np.where(policy > 0, policy, 1))
    primal = primal + weight * np.sum(rho * log_policy)
    values, best = np.asarray(found.values, Long), -Long(np.inf)
    for _ in range(40):
        action_values = cost + discount * transitions @ values
        least = action_values.min(axis=1)
        total = np.exp(-(action_values - least[:, None]) / weight)
        backup = least - weight * np.log(total.sum(axis=1))
        reach = np.max(np.where(reachable, values - backup, 0), initial=Long(0))
        bound = start @ values - reach * _lifetime(one.mdp, start, transitions, discount)
        if bound <= best:
            break
        best = bound
        greedy = total / total.sum(axis=1, keepdims=True)
        spent = greedy * (cost + weight * np.log(np.maximum(greedy, TINY)))
        values = _solve(chain(greedy), spent.sum(axis=1))
    dual = best - _psi(one.psi, cost, expert, found.cost, found.problem.expert) - np.sum(expert * cost)
    unit = max(abs(primal), abs(dual) if np.isfinite(dual) else 0, Long(found.problem.unit))
    return float((primal - dual) / unit)


def _lifetime(mdp: FiniteMDP, start: Any, transitions: Any, discount: Any) -> Any:
    """An upper bound on the expected discounted length of an episode under every policy."""
    return start @ np.asarray(mdp.lifetime, Long) * (1 + Long(1e-12))


def _solve(matrix: Any, right: Any) -> Any:
    """Gaussian elimination with row pivots, in extended precision."""
    matrix, right = matrix.copy(), right.copy()
    for k in range(len(right)):
        pivot = k + int(abs(matrix[k:, k]).argmax())
        matrix[[k, pivot]], right[[k, pivot]] = matrix[[pivot, k]], right[[pivot, k]]
        factors = matrix[k + 1 :, k] / matrix[k, k]
        rows = np.flatnonzero(factors) + k + 1
        matrix[rows, k:] -= factors[rows - k - 1, None] * matrix[k, k:]
        right[rows] -= factors[rows - k - 1] * right[k]
    for k in range(len(right) - 1, -1, -1):
        right[k] = (right[k] - matrix[k, k + 1 :] @ right[k + 1 :]) / matrix[k, k]
    return right


def _entr(x: Any, y: Any) -> Any:
    """x log(x / y), with 0 log 0 = 0."""
    safe = (x > 0) & (y > 0)
    return np.where(safe, x * np.log(np.where(safe, x, 1) / np.where(safe, y, 1)), np.where(x > 0, Long(np.inf), 0))


def _star(psi: Any, rho: Any, expert: Any, cost: Any) -> Any:
    """psi*(rho - rho_E)."""
    gap, name = rho - expert, type(psi).__name__
    if name in ("Constant", "LinearSpan"):  # equality up to the tolerance of psi; its own value otherwise
        return Long(psi.conjugate(np.asarray(rho, float), np.asarray(expert, float))[0])
    if name in ("L2Ball", "Simplex"):
        moved = np.einsum("sak,sa->k", np.asarray(psi.features, Long), gap)
        return np.sqrt(np.sum(moved**2)) if name == "L2Ball" else moved.max()
    if name == "Lipschitz":
        return Long(psi.conjugate(np.asarray(rho, float), np.asarray(expert, float))[0])
    both = rho + expert
    safe = np.where(both > 0, both, 1)
    entries = {
        "Quadratic": lambda: gap**2 / (2 * Long(getattr(psi, "weight", 1.0))),
        "LInfBall": lambda: abs(gap),
        "Hinge": lambda: -2 * np.minimum(rho, expert),
        "Logistic": lambda: _entr(rho, both) + _entr(expert, both),
        "Exponential": lambda: -2 * np.sqrt(rho * expert),
        "TruncatedQuadratic": lambda: -4 * rho * expert / safe,
        "Jeffreys": lambda: _entr(rho, expert) + _entr(expert, rho) - both,
        "ReverseKL": lambda: _entr(rho, expert),
        "ForwardKL": lambda: _entr(expert, rho),
    }
    return np.sum(entries[name]())


def _psi(psi: Any, cost: Any, expert: Any, cost_float: Any, expert_float: Any) -> Any:
    """psi(c) for a cost in psi's domain; the library's own verdict on whether it is."""
    own = psi.value(cost_float, expert_float)
    if not np.isfinite(own):
        return Long(own)
    seen = expert > 0
    x, name = np.where(seen, cost, -1), type(psi).__name__
    if name == "Jeffreys":  # sup over t of (t - 1) x - f(t), at t = 1 / W(e^-x): Newton's steps from double precision
        from scipy.special import wrightomega

        u = np.asarray(wrightomega(-np.asarray(x, float)), Long)
        u = np.maximum(u, TINY)
        for _ in range(3):
            u = u * (1 - x - np.log(u)) / (1 + u)
        penalty = u + 1 / u
    else:
        penalty = {
            "Logistic": lambda: -x - np.log(-np.expm1(x)),
            "Exponential": lambda: -x - 1 / x,
            "TruncatedQuadratic": lambda: 4 - 2 * x - 4 * np.sqrt(-x),
            "Hinge": lambda: 2 + 0 * x,
            "ReverseKL": lambda: np.exp(x - 1) - x,
            "ForwardKL": lambda: -1 - np.log(-x) - x,
        }.get(name, lambda: None)()
    if penalty is not None:
        return np.sum(np.where(seen, expert * penalty, 0))
    return Long(psi.weight) / 2 * np.sum(cost**2) if name == "Quadratic" else Long(0)


# ------------------------------------------------------------------------------------------------- the sweep


def solved(number: int, large: bool) -> list[Row]:
    """Both routes on one instance."""
    one = instance(number, large=large)
    return [_row(number, one, route) for route in ("matching", "irl")]


def _row(number: int, one: Instance, route: str) -> Row:
    solve = match_occupancy if route == "matching" else solve_irl
    status, found, since = "ERROR", None, time.perf_counter()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(LIMIT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = solve(one.mdp, one.expert, one.psi, one.weight)
        status = found.status.name
    except TimeoutError:
        status = "TIMEOUT"
    except Exception as error:  # the sweep goes on, and counts it
        status = f"ERROR {type(error).__name__}"
    finally:
        signal.alarm(0)
    seconds = time.perf_counter() - since
    gap = extended = floor = float("nan")
    if found is not None:
        gap = found.relative_gap
        floor = getattr(found, "rounding_floor", float("nan"))
        # Dense elimination in extended precision takes minutes beyond 100 states.
        extended = (
            judged(one, found) if one.mdp.num_states <= 100 and found.status is not Status.DUAL_NOT_ATTAINED else gap
        )
    return Row(number, type(one.psi).__name__, route, one.mdp.num_states, one.mdp.num_actions, one.mdp.discount,
               one.weight, one.process, one.expert_kind, status, gap, extended, floor, seconds)  # fmt: skip


def _stop(*_: Any) -> None:
    raise TimeoutError


def _sweep(numbers: range, large: bool, out: Path, processes: int) -> None:
    with out.open("w", newline="") as file, multiprocessing.Pool(processes) as pool:
        writer = csv.DictWriter(file, [*Row.__dataclass_fields__])
        writer.writeheader()
        for rows in pool.imap_unordered(_solved, [(number, large) for number in numbers]):
            writer.writerows(asdict(row) for row in rows)
            file.flush()


def _solved(task: tuple[int, bool]) -> list[Row]:
    return solved(*task)


def table(paths: list[Path]) -> str:
    """Counts per psi and route, one group of columns per file."""
    files = [list(csv.DictReader(path.open())) for path in paths]
    lines = []
    for name in dict.fromkeys(row["psi"] for row in files[0]):
        for route in ("matching", "irl"):
            cells = [f"`{name}`", route]
            for rows in files:
                here = [row for row in rows if row["psi"] == name and row["route"] == route]
                seconds = [float(row["seconds"]) for row in here]
                counts = [sum(row["status"] == status for row in here) for status in
                          ("OPTIMAL", "DUAL_NOT_ATTAINED", "NOT_CONVERGED")]  # fmt: skip
                cells += [
                    *map(str, counts),
                    str(len(here) - sum(counts)),
                    f"{statistics.median(seconds):.3f}",
                    f"{max(seconds):.2f}",
                ]
            lines.append("| " + " | ".join(cells) + " |")
    group = ["optimal", "no optimal cost", "not converged", "stopped or error", "median s", "worst s"]
    head = ["psi", "route", *group * len(files)]
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *lines])


def precision(out: Path) -> None:
    """Draw the stated rounding floor of planning against the horizon, with the error of the gap in many solves."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    from gail.exact import solve_rl

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


def main(arguments: list[str]) -> None:
    """The command line of the module docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", choices=["small", "large"])
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("sweep.csv"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--table", nargs="+", type=Path)
    parser.add_argument("--precision", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.precision:
        precision(chosen.precision)
        return
    if chosen.table:
        print(table(chosen.table))
        return
    _sweep(range(chosen.first, chosen.first + chosen.count), chosen.size == "large", chosen.out, chosen.processes)


if __name__ == "__main__":
    main(sys.argv[1:])
