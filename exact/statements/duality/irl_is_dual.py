"""The two remarks of Ho & Ermon (2016), section 3: inverse reinforcement learning is the dual of matching.

    8a  the multipliers of rho = rho_E in  min over the flow polytope of -lambda Hbar(rho)  are an IRL cost
    8b  the policy induced by that cost, RL(c), is the primal optimum rho_E

Dual ascent, as in Ziebart's work, converges to an IRL cost that depends on the start: its steps rho_c - rho_E lie in
the kernel of the flow, so the start's component along potential shaping is kept, and costs agree only modulo shaping.
If the expert never takes some action of a reachable state, no IRL cost exists: the ascent's objective still tends to
the optimum, and its costs grow. The check covers this failure too.
"""

from __future__ import annotations

import contextlib

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from gail.exact.algorithms.dual_ascent import dual_ascent
from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import policy_of, validate_occupancy
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.process.reachability import Reachable
from gail.exact.regularizers import Constant
from gail.exact.solution import BackendFailed, Solution, Status
from gail.exact.statements.certificates import Verification, beyond
from gail.exact.statements.verdicts import ROUNDING, Verdicts

TOLERANCE = 1e-9
"""Relative tolerance of the structured solvers."""

CONIC_TOLERANCE = 1e-4
"""l1 distance from the expert, relative to the mass, of the policy that the conic program's multipliers induce."""

ASCENT_TOLERANCE = 1e-6
"""Gap, relative to the problem's unit, that the ascent must reach; the ascent runs until a tenth of it."""

ASCENT_STEPS = 3000

SAME_STEPS = 10
"""Steps over which ascents from two starts are compared."""

SAME = 1e-7
"""Relative tolerance of that comparison: rounding is amplified by step sizes computed from differences of gradients."""


def check_irl_is_dual(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, entropy_weight: float, instance: str, rng: np.random.Generator
) -> Verification:
    """Statement 8 for constant psi, lambda > 0; solutions "irl", and "conic" unless the conic solver fails.

    Raises:
        InvalidOccupancy, ValueError: as `solve_irl` does.
    """
    verdicts = Verdicts("IRL is the dual of occupancy matching", instance)
    whole = Reachable(mdp)
    part = whole.mdp
    expert = whole.restrict(validate_occupancy(mdp, expert_occupancy))
    problem = Matching(part, expert, Constant(), entropy_weight)
    irl = solve_irl(part, expert, Constant(), entropy_weight)
    solutions = {"irl": irl}
    with contextlib.suppress(BackendFailed):  # a solver's failure is no evidence against the statement
        solutions["conic"] = match_occupancy(part, expert, Constant(), entropy_weight, method="conic")
    if irl.cost is None:
        _unattained(verdicts, problem, irl)
        return Verification(tuple(verdicts.certificates), solutions)
    gap = {"primal": irl.primal_value, "dual": irl.dual_value}
    verdicts.solved("no gap between matching and IRL", irl.relative_gap, TOLERANCE, **gap)
    induced = solve_rl(part, irl.cost, entropy_weight).occupancy
    verdicts.claim("the IRL cost's policy is the primal optimum", _distance(induced, expert), TOLERANCE)
    conic = solutions.get("conic")
    if conic is not None and conic.cost is not None:
        apart = _distance(solve_rl(part, conic.cost, entropy_weight).occupancy, expert)
        claim = "the multipliers of rho = rho_E are a cost whose policy is the primal optimum"
        # If the backend reports its multipliers as inaccurate, wrong ones are no evidence against the statement.
        if apart <= CONIC_TOLERANCE or conic.status is not Status.BACKEND_INACCURATE:
            verdicts.independent_check(claim, apart, CONIC_TOLERANCE)
    _ascent(verdicts, problem, rng)
    return Verification(tuple(verdicts.certificates), solutions)


def _ascent(verdicts: Verdicts, problem: Matching, rng: np.random.Generator) -> None:
    """Ascents from two starts that differ by shaping: same occupancy, different costs."""
    mdp, accuracy = problem.mdp, 0.1 * ASCENT_TOLERANCE * problem.unit  # stricter than the tolerance of the claim
    expert_policy = policy_of(problem.expert)
    potential = rng.normal(size=mdp.num_states)
    shaping = mdp.flow_adjoint(potential)
    plain = dual_ascent(problem, ASCENT_STEPS, tolerance=accuracy)
    shaped = dual_ascent(problem, ASCENT_STEPS, start=shaping, tolerance=accuracy)
    for name, run, start in (("zero", plain, 0.0), ("a shaping", shaped, shaping)):
        assert run.cost is not None
        closes = beyond(float(run.trace[-1])) / problem.unit
        claim = f"dual ascent from {name} closes the gap"
        verdicts.premise(claim, closes, ASCENT_TOLERANCE, steps=float(run.steps[-1]))
        likelihood = float(rel_entr(expert_policy, run.policy).sum(axis=1) @ problem.expert.sum(axis=1))
        claim = f"dual ascent from {name}: its gap is the expert's divergence from the policy"
        verdicts.identity(claim, problem.entropy_weight * likelihood, run.trace[-1], TOLERANCE)
        # Simulation lemma and Pinsker: l1 <= u sum_s rho_E(s) |pi_E - pi|_1, u the longest lifetime.
        near = float(mdp.lifetime.max()) * np.sqrt(2.0 * max(likelihood, 0.0) / float(problem.expert.sum()))
        claim = f"dual ascent from {name} is as near to the expert as its gap guarantees"
        verdicts.at_most(claim, _distance(run.occupancy, problem.expert), near, TOLERANCE)
        falls = float(np.maximum(np.diff(run.trace), 0.0).max(initial=0.0))
        verdicts.claim(f"dual ascent from {name} never falls", falls / problem.unit, TOLERANCE)
        kept = float(abs(mdp.flow(run.cost - start)).max())
        unit = 1.0 + float(abs(run.cost).max())
        verdicts.claim(f"dual ascent from {name} keeps the start's shaping component", kept / unit, TOLERANCE)
    # Only the first steps coincide: later, rounding may decide whether a step is halved.
    plain, shaped = dual_ascent(problem, SAME_STEPS), dual_ascent(problem, SAME_STEPS, start=shaping)
    assert plain.cost is not None
    assert shaped.cost is not None
    verdicts.identity(
        "costs from a shaped start differ by the start's shaping only", shaped.cost - shaping, plain.cost, SAME
    )


def _unattained(verdicts: Verdicts, problem: Matching, irl: Solution) -> None:
    verdicts.claim("the solver reports that no cost exists", float(irl.status is not Status.DUAL_NOT_ATTAINED), 0.0)
    verdicts.claim("matching still returns the expert's occupancy", _distance(irl.occupancy, problem.expert), ROUNDING)
    short, long = (dual_ascent(problem, steps) for steps in (3, 200))
    assert short.cost is not None
    assert long.cost is not None
    verdicts.at_most("dual ascent's gap keeps falling", long.trace[-1], short.trace[-1])
    growth = float(np.ptp(long.cost) - np.ptp(short.cost))
    verdicts.differs("the costs of dual ascent keep growing", growth / max(float(np.ptp(short.cost)), 1e-300), 1e-3)


def _distance(occupancy: Array, expert: Array) -> float:
    return float(abs(occupancy - expert).sum() / expert.sum())
