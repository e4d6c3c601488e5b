"""The bias of generative adversarial imitation that the entropy causes (Ho & Ermon 2016, Eq. 15-16).

Let rho be the minimiser of -lambda Hbar(rho) + J(rho), J = psi_GA*(rho - rho_E), m and m_E the masses of rho and
rho_E, A the number of actions. Its objective is at most that of rho_E, and Hbar(rho) <= m log A, so

    13  JSD = J(rho) / (m + m_E) + log 2  <=  (lambda (m log A - H(pi_E)) + (m - m_E) log 2) / (m + m_E).

If no episode ends by itself, the bound is (lambda/2) (log A - (1-gamma) H(pi_E)). For different masses this JSD is
log 2 minus the entropy of the label given the pair, zero only if rho = rho_E. The bound need not vanish with lambda: at
lambda = 0 the minimiser may have longer episodes than the expert, see `uniqueness`.

Both J and Hbar at the minimiser grow with lambda.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import causal_entropy, validate_occupancy
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Logistic
from gail.exact.solution import Status
from gail.exact.statements.verdicts import Verdicts

TOLERANCE = 1e-8
"""Relative tolerance of minima: the gap up to which the solver calls its results optimal."""

ENTROPY_WEIGHTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Entropy weights of the bias curve."""

SHARES = (0.1, 0.3, 1.0)
"""Shares of the given lambda at which the check looks at the bias."""


@dataclass(frozen=True, eq=False)
class BiasCurve:
    """How far the optimum is from the expert, against the entropy weight.

    Attributes:
        entropy_weights: (N,) lambda.
        divergence: (N,) JSD of the optimum and the expert.
        bound: (N,) the upper bound on the divergence, from the module docstring.
        objective: (N,) J at the optimum.
        entropy: (N,) causal entropy of the optimum.
    """

    entropy_weights: Array
    divergence: Array
    bound: Array
    objective: Array
    entropy: Array


def bias_curve(mdp: FiniteMDP, expert_occupancy: ArrayLike, entropy_weights: ArrayLike = ENTROPY_WEIGHTS) -> BiasCurve:
    """The bias at entropy weights (N,), each positive; every optimum is certified.

    Raises:
        InvalidOccupancy, ValueError: as `match_occupancy` does.
        NotOptimal: an optimum could not be certified to a relative gap of 1e-8.
    """
    weights = np.asarray(entropy_weights, dtype=np.float64)
    expert = validate_occupancy(mdp, expert_occupancy)
    demonstrated, limit = causal_entropy(expert), float(np.log(mdp.num_actions))
    rows = []
    for weight in weights:
        solution = match_occupancy(mdp, expert, Logistic(), float(weight))
        if solution.status is not Status.OPTIMAL:  # happens at very small lambda; ascent in the cost may still converge
            solution = solve_irl(mdp, expert, Logistic(), float(weight))
        rho = solution.require_optimal(TOLERANCE).occupancy
        mass, other = float(rho.sum()), float(expert.sum())
        objective, _ = Logistic().conjugate(rho, expert)
        bound = weight * (mass * limit - demonstrated) + (mass - other) * np.log(2.0)
        rows.append((objective / (mass + other) + np.log(2.0), bound / (mass + other), objective, causal_entropy(rho)))
    return BiasCurve(weights, *np.array(rows).reshape(-1, 4).T)


def claim_bias(verdicts: Verdicts, mdp: FiniteMDP, expert: Array, entropy_weight: float) -> None:
    """The bound, and growth with lambda, at shares of the given lambda."""
    curve = bias_curve(mdp, expert, np.multiply(entropy_weight, SHARES))
    verdicts.at_most("JSD is at most the bound of the bias", curve.divergence, curve.bound, TOLERANCE)
    verdicts.at_most("JSD is not negative", -curve.divergence, 0.0)
    for name, values in (("J(rho*)", curve.objective), ("Hbar(rho*)", curve.entropy)):
        # A gap of relative size 1e-8 in the objective is one of 1e-8 / lambda in the entropy.
        scale = float(abs(curve.objective).max()) * max(1.0, 1.0 / float(curve.entropy_weights[0]))
        verdicts.at_most(f"{name} grows with lambda", values[:-1], values[1:], TOLERANCE, scale=scale)
    if mdp.terminal.any():
        return
    length = float(mdp.initial @ mdp.lifetime)
    printed = 0.5 * curve.entropy_weights * (np.log(mdp.num_actions) - causal_entropy(expert) / length)
    claim = "the bound is (lambda/2) (log A - (1-gamma) H(pi_E)), where no episode ends"
    verdicts.identity(claim, curve.bound, printed)
