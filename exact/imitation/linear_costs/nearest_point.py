"""Feature matching without entropy: the point of the feature expectations that is nearest to the expert's.

    min over occupancies rho of  |F^T (rho - m)|,        dual  max over |w| <= 1 of  V_0(F w) - <m, F w>

(Ho & Ermon 2016, Eq. 10-11; Abbeel & Ng 2004). The differences x = F^T (rho - m) of all occupancies form a polytope;
planning with the cost F x finds the vertex that is farthest in the direction -x. Abbeel and Ng's projection method
moves towards it along a line. Here x is the nearest point of the hull of all vertices in use (Wolfe 1976). The method
ends after finitely many steps, at weights w = x / |x| whose gap

    |x| - min over vertices y of <x, y> / |x|

vanishes. The nearest point of a hull is a nonnegative least squares problem: min |Y^T a|^2 + M^2 (1 - sum a)^2 over
a >= 0 is minimised by a multiple of its weights, for every M > 0.
"""

from __future__ import annotations

import numpy as np

from gail.exact.occupancy import feature_expectations, occupancy_of, policy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import L2Ball

MAX_ITERATIONS = 5000

SETTLED = 1e-12
"""Gap or distance, relative to the farthest vertex, that is rounding."""

ACCURACY = 1e-10
"""Gap, relative to the distance, at which the search ends."""

LEAST_PROGRESS = 1e-14
"""Relative decrease of the distance that is rounding."""


def nearest_policy(problem: Matching, psi: L2Ball, trace: list[float]) -> tuple[Array, Array]:
    """The optimal policy (S, A) and weights (k,), for lambda = 0; appends the gap of each iteration to the trace."""
    mdp, features = problem.mdp, psi.features
    occupancies = [occupancy_of(mdp, policy_of(problem.expert))]
    points = [feature_expectations(occupancies[0] - problem.expert, features)]
    shares, here, farthest = np.ones(1), points[0], float(np.linalg.norm(points[0]))
    weights = np.zeros_like(here)  # the gap of zero weights is the distance
    for _ in range(MAX_ITERATIONS):
        distance = float(np.linalg.norm(here))
        if distance <= SETTLED * farthest:
            break
        answer = solve_rl(mdp, features @ (here / distance), entropy_weight=0.0).occupancy
        vertex = feature_expectations(answer - problem.expert, features)
        gap = float(here @ (here - vertex)) / distance
        weights = here / distance if gap < distance else np.zeros_like(here)
        trace.append(min(gap, distance))
        farthest = max(farthest, float(np.linalg.norm(vertex)))
        if trace[-1] <= max(SETTLED * farthest, ACCURACY * distance):
            break
        tried = _nearest(np.array([*points, vertex]))
        nearer = tried @ np.array([*points, vertex])
        if np.linalg.norm(nearer) >= (1.0 - LEAST_PROGRESS) * distance:
            break
        used = np.flatnonzero(tried)
        occupancies, points = [[*occupancies, answer][one] for one in used], [[*points, vertex][one] for one in used]
        shares, here = tried[used], nearer
    mixed = np.tensordot(shares, np.array(occupancies), axes=1)
    return policy_of(mixed), weights


def _nearest(points: Array) -> Array:
    """(n,) weights of the point nearest to the origin in the hull of points (n, k)."""
    from scipy.optimize import nnls  # here, as the import takes a tenth of a second

    size = float(np.linalg.norm(points, axis=1).max())
    system = np.vstack([points.T, np.full((1, len(points)), size)])
    target = np.append(np.zeros(points.shape[1]), size)
    weights, _ = nnls(system / size, target / size, maxiter=100 * len(points))
    return np.asarray(weights / weights.sum())
