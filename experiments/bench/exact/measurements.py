"""Seconds, memory and certified gaps of the exact engine on gridworlds.

Each function measures one problem and returns a row. If there is a reference implementation, it runs in the same
process on the same instance, and the row contains the ratio of the two times, which depends less on the machine than
seconds. Times are the minimum over `repeats` runs. Memory is the peak of the whole process, including the instance and
the libraries.

The instance is a square map with random cells: 10 % walls, 1 % pits, 0.05 % goals, 1 % starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.envs.cliff_world import cliff_world
from gail.envs.finite import FiniteTask
from gail.envs.gridworlds import GridLayout, gridworld
from gail.exact import Solution, match_occupancy, occupancy_of, regularizers, solve_irl, solve_occupancy_lp, solve_rl
from gail.exact.planning.bellman import action_values, soft_backup, soft_minimum
from gail.exact.process.arrays import Array
from gail.exact.process.finite_horizon import at_every_step, by_step, time_expanded
from gail.exact.process.finite_mdp import FiniteMDP
from gail.experiments.verify.psi_choices import CHOICES

Row: TypeAlias = dict[str, Any]
Outcome = TypeVar("Outcome")

WALLS, PITS, GOALS, STARTS = 0.1, 0.01, 0.0005, 0.01


def bench_gridworld(states: int, discount: float, seed: int = 0) -> FiniteTask[GridLayout]:
    """The random map described at the top of this module, with about `states` states."""
    side = int(np.ceil(np.sqrt(states / (1.0 - WALLS))))
    draw = np.random.default_rng(seed).random((side, side))
    ends = np.cumsum([WALLS, PITS, GOALS, STARTS])
    cells = np.array(list("#PGS."))[np.searchsorted(ends, draw, side="right")]
    cells[side // 2, side // 2] = "S"
    return gridworld(["".join(row) for row in cells], discount=discount)


def soft_planning_row(
    states: int, discount: float, entropy_weight: float = 0.1, repeats: int = 1, *, reference: bool = False
) -> Row:
    """Soft RL and its occupancy; the reference is Newton's method with a sparse LU of the Markov chain per step."""
    task = bench_gridworld(states, discount)
    seconds, solution = fastest(lambda: solve_rl(task.mdp, task.cost, entropy_weight), repeats)
    values = _values(solution)
    backup = soft_minimum(action_values(task.mdp, task.cost, values), entropy_weight)
    row = _row("soft RL and occupancy", solution, seconds)
    row["relative_residual"] = float(abs(backup - values).max() / abs(values).max())
    if reference:
        plain, _ = fastest(lambda: plain_soft_values(task.mdp, task.cost, entropy_weight), 1)
        row["reference_seconds"], row["reference_over_ours"] = plain, plain / seconds
    return row


def hard_planning_row(states: int, discount: float, repeats: int = 1) -> Row:
    """Policy iteration."""
    task = bench_gridworld(states, discount)
    seconds, solution = fastest(lambda: solve_rl(task.mdp, task.cost, entropy_weight=0.0), repeats)
    return _row("policy iteration", solution, seconds)


def linear_program_row(states: int, discount: float, repeats: int = 1) -> Row:
    """The linear program over occupancy measures; the reference is policy iteration."""
    task = bench_gridworld(states, discount)
    seconds, solution = fastest(lambda: solve_occupancy_lp(task.mdp, task.cost), repeats)
    row = _row("linear program", solution, seconds)
    plain, _ = fastest(lambda: solve_rl(task.mdp, task.cost, entropy_weight=0.0), repeats)
    return {**row, "reference_seconds": plain, "reference_over_ours": plain / seconds}


def matching_row(
    states: int, discount: float, entropy_weight: float = 0.1, repeats: int = 1, *, reference: bool = False
) -> Row:
    """psi_GA matching of a soft-optimal expert; the reference is Clarabel through CVXPY."""
    task = bench_gridworld(states, discount)
    expert = solve_rl(task.mdp, task.cost, entropy_weight).occupancy
    psi = regularizers.Logistic()
    seconds, solution = fastest(lambda: match_occupancy(task.mdp, expert, psi, entropy_weight), repeats)
    row = _row("psi_GA matching", solution, seconds)
    if reference:
        plain, conic = fastest(lambda: match_occupancy(task.mdp, expert, psi, entropy_weight, "conic"), 1)
        row["reference_seconds"], row["reference_over_ours"] = plain, plain / seconds
        row["reference_relative_gap"] = conic.relative_gap
    return row


def psi_row(name: str, states: int, discount: float, entropy_weight: float = 0.1) -> Row:
    """Matching of a soft-optimal expert with the psi of this name in `gail verify --psi`."""
    task = bench_gridworld(states, discount)
    expert = solve_rl(task.mdp, task.cost, entropy_weight).occupancy
    psi = CHOICES[name](task.mdp)
    seconds, solution = fastest(lambda: match_occupancy(task.mdp, expert, psi, entropy_weight), 1)
    return _row(f"matching, psi {name}", solution, seconds)


def growth_exponent(rows: list[Row]) -> float:
    """Slope of log seconds against log states, by least squares."""
    states, seconds = (np.log([row[name] for row in rows]) for name in ("states", "seconds"))
    return float(np.polyfit(states, seconds, 1)[0])


def export_planning(path: Path, states: int, discount: float, tolerance: float = 1e-10) -> Row:
    """Write an instance and its certified values to an `.npz` file, which the peers solve; returns gail's own row."""
    task = bench_gridworld(states, discount)
    seconds, solution = fastest(lambda: solve_rl(task.mdp, task.cost, entropy_weight=0.0), 1)
    matrix, values = task.mdp.transitions, _values(solution)
    np.savez(
        path,
        data=matrix.data,
        indices=matrix.indices,
        indptr=matrix.indptr,
        initial=task.mdp.initial,
        cost=task.cost,
        values=values,
        discount=discount,
        tolerance=tolerance,
    )
    return _row("policy iteration", solution, seconds)


def cliff_world_row(path: Path, discount: float, horizon: int = 40, repeats: int = 5) -> Row:
    """Maximum causal entropy IRL on the cliff world, one feature per state; writes a file like `export_planning`.

    The seconds include the construction of the time-expanded process.
    """
    task = cliff_world()
    features = np.repeat(np.eye(task.mdp.num_states)[:, None], task.mdp.num_actions, axis=1)
    expanded = time_expanded(task.mdp, horizon, discount)
    expert = solve_rl(expanded, at_every_step(task.cost, horizon), 1.0).occupancy

    def solved() -> Solution:
        psi = regularizers.LinearSpan(at_every_step(features, horizon))
        return solve_irl(time_expanded(task.mdp, horizon, discount), expert, psi)

    seconds, solution = fastest(solved, repeats)
    np.savez(
        path,
        transitions=task.mdp.transitions.toarray().reshape(*task.cost.shape, -1),
        cost=task.cost,
        initial=task.mdp.initial,
        horizon=horizon,
        discount=discount,
        policy=by_step(solution.policy, horizon),
        seconds=seconds,
    )
    row = _row("maximum causal entropy IRL", solution, seconds)
    row["relative_error"] = float(abs(solution.occupancy - expert).sum() / expert.sum())
    return row


def plain_soft_values(mdp: FiniteMDP, cost: Array, entropy_weight: float, tolerance: float = 1e-10) -> Array:
    """Soft values (S,) by Newton's method from zero with a new sparse LU per step.

    It also computes the last policy's occupancy measure, so that the work is the same as in `soft_planning_row`.
    """
    values = np.zeros(mdp.num_states)
    while True:
        backup, policy = soft_backup(action_values(mdp, cost, values), entropy_weight)
        if abs(backup - values).max() <= tolerance * abs(values).max():
            break
        system = sparse.csc_array(sparse.eye_array(mdp.num_states, format="csr") - mdp.discounted_chain(policy))
        factors = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        values = values + factors.solve(backup - values)
    occupancy_of(mdp, policy)
    return values


def fastest(work: Callable[[], Outcome], repeats: int) -> tuple[float, Outcome]:
    """The minimum time over `repeats` runs in seconds, and the result of the last run."""
    least = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        outcome = work()
        least = min(least, time.perf_counter() - began)
    return float(least), outcome


def peak_memory() -> float:
    """Peak memory of this process so far, in GB (10^9 bytes); NaN without /proc/self/status."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    lines: Mapping[str, str] = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return float(lines["VmHWM"].split()[0]) * 1024.0 / 1e9


def _row(work: str, solution: Solution, seconds: float) -> Row:
    mdp = solution.problem.mdp
    return {
        "work": work,
        "states": mdp.num_states,
        "discount": mdp.discount,
        "seconds": seconds,
        "peak_gb": peak_memory(),
        "relative_gap": solution.relative_gap,
        "flow_residual": solution.flow_residual,
        "status": solution.status.name,
    }


def _values(solution: Solution) -> Array:
    assert solution.values is not None
    return solution.values
