"""Apprenticeship learning with cost features F (S, A, K): four algorithms for two cost classes.

    FEM      psi* = max over |w|_2 <= 1 of <rho - rho_E, F w>     = l2 norm of the feature gap
    GTAL     psi* = max over w in the simplex of <rho - rho_E, F w> = largest entry of the feature gap

(Abbeel & Ng 2004; Syed & Schapire 2008; Ho & Ermon 2016, Eq. 9-11; without entropy there, with any lambda here.)

- `conditional_gradient`: Abbeel & Ng's projection method, for any psi. Planning gives the best policy for the best cost
  against the mean occupancy measure. The mean moves towards this policy's occupancy measure, by exact line search.
- `multiplicative_weights`: MWAL. Hedge on the weights against planning; after T steps the means have

      gap <= R (sqrt(log K / (2T)) + 1/T),      R the range of possible feature gaps,

  by the regret of Hedge with step size sqrt(8 log K / T) / R (Freund & Schapire 1999).
- `projected_ascent`: the same game on the l2 ball, with the projection of summed gaps times 1 / (G sqrt T),

      gap <= G (1 / sqrt T + 2/T),              G a bound on the l2 norm of feature gaps

  (lazy projection, Zinkevich 2004; dual averaging, Nesterov 2009; McMahan 2017, Theorem 1). Its means converge
  even where the feature gap vanishes at the optimum. There psi* is not differentiable, best responses jump, and methods
  that use them need not converge.
- `apprenticeship_lp`: LPAL, the game without entropy as one linear program (Syed, Bowling & Schapire 2008)

      min t   s.t.  <rho - rho_E, F_i> <= t for all i,   flow rho = p0,   rho >= 0,

  whose multipliers are the weights w and the values V of the cost F w.
- natural policy steps against the best cost: `game.play` with `BestCost` and `NaturalStep`.

Scaling. The class alpha C has psi*_alpha = alpha psi*, so -lambda Hbar + psi*_alpha = alpha (-(lambda/alpha)
Hbar + psi*): a cost class scaled by alpha is an entropy weight divided by alpha (the remark under Eq. 11).
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from scipy import sparse
from scipy.optimize import linprog, minimize_scalar
from scipy.special import softmax

from gail.exact.algorithms.argument_checks import validate_features, validate_matching, validate_psi, validate_start
from gail.exact.algorithms.game import Run, RunRecorder, play
from gail.exact.algorithms.players import LEAST, BestPolicy, FeatureAscent, onto_ball
from gail.exact.occupancy import feature_expectations, occupancy_of, policy_of
from gail.exact.planning.linear_program import TOLERANCE, LinearProgramFailed
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array, validate_count
from gail.exact.regularizers import FeatureClass, L2Ball, Simplex
from gail.exact.solution import Solution, certify


def conditional_gradient(problem: Matching, iterations: int, *, start: Array | None = None) -> Run:
    """Move the mean occupancy measure towards best responses to its best cost, by exact line search; monotone.

    The start is a policy (S, A), uniform by default.

    Raises:
        InvalidPolicy: the start is not a policy of the process.
        InvalidOccupancy: the expert's occupancy is not one of the process.
        TypeError: iterations are not whole, or psi is a Python class.
        ValueError: negative iterations, or a negative entropy weight.
    """
    validate_matching(problem)
    iterations = validate_count("iterations", iterations, 0)
    mdp, recorder = problem.mdp, RunRecorder(problem)
    mean = occupancy_of(mdp, validate_start(mdp, start))
    for iteration in range(iterations + 1):
        _, cost = problem.psi.conjugate(np.maximum(mean, LEAST), problem.expert)
        best_response = solve_rl(mdp, cost, problem.entropy_weight)
        recorder.record(iteration, mean, cost, best_response.values)
        if iteration < iterations:
            mean = _towards(problem, mean, best_response.occupancy)
    return recorder.finished(policy_of(mean), cost)


def _towards(problem: Matching, mean: Array, best_response: Array) -> Array:
    """The best point on the segment between two occupancy measures."""

    def objective(share: float) -> float:
        return problem.primal((1.0 - share) * mean + share * best_response)

    share = float(minimize_scalar(objective, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10}).x)
    share = min((0.0, share, 1.0), key=objective)
    return (1.0 - share) * mean + share * best_response


def multiplicative_weights(problem: Matching, features: Array, iterations: int, *, evaluate_every: int = 1) -> Run:
    """MWAL with the step size of the bound in the module docstring; `problem.psi` must be the simplex class.

    The last trace entry obeys the bound; `regret_bound` computes it.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of the process.
        TypeError: psi is another class, or counts are not whole.
        ValueError: the features are not psi's, or counts are below one.
    """
    features = _class_features(problem, features, Simplex, "multiplicative weights")
    iterations = validate_count("iterations", iterations)
    scale = gap_range(problem, features)
    step_size = np.sqrt(8.0 * np.log(features.shape[2]) / iterations) / scale if scale > 0.0 else 0.0
    player = FeatureAscent(features, float(step_size), softmax)
    return play(problem, player, BestPolicy(), iterations, point="average", evaluate_every=evaluate_every)


def projected_ascent(problem: Matching, features: Array, iterations: int, *, evaluate_every: int = 1) -> Run:
    """Online gradient steps on the l2 ball against planning; `problem.psi` must be `L2Ball`.

    Raises:
        InvalidOccupancy, TypeError, ValueError: as `multiplicative_weights`.
    """
    features = _class_features(problem, features, L2Ball, "projected ascent")
    iterations = validate_count("iterations", iterations)
    norm = gap_norm(problem, features)
    player = FeatureAscent(features, 1.0 / (norm * np.sqrt(iterations)) if norm > 0.0 else 0.0, onto_ball)
    return play(problem, player, BestPolicy(), iterations, point="average", evaluate_every=evaluate_every)


def gap_range(problem: Matching, features: Array) -> float:
    """R: the length of an interval that holds every feature gap <rho - rho_E, F_i>.

    Raises:
        ValueError: features that are not a finite (S, A, K) array.
    """
    features = validate_features(features, problem.expert.shape)
    longest = float(problem.mdp.initial @ problem.mdp.lifetime)
    lowest = longest * np.minimum(features.min(axis=(0, 1)), 0.0)
    highest = longest * np.maximum(features.max(axis=(0, 1)), 0.0)
    expert = feature_expectations(problem.expert, features)
    return float(np.max(highest - expert) - np.min(lowest - expert))


def gap_norm(problem: Matching, features: Array) -> float:
    """G: a bound on the l2 norm of every feature gap.

    Raises:
        ValueError: features that are not a finite (S, A, K) array.
    """
    features = validate_features(features, problem.expert.shape)
    longest = float(problem.mdp.initial @ problem.mdp.lifetime)
    expert = float(np.linalg.norm(feature_expectations(problem.expert, features)))
    return longest * float(np.linalg.norm(features, axis=2).max()) + expert


def projected_regret_bound(problem: Matching, features: Array, iterations: int) -> float:
    """The certified gap that `projected_ascent` cannot exceed.

    Raises:
        TypeError, ValueError: iterations that are not whole, or below one; features that do not fit.
    """
    iterations = validate_count("iterations", iterations)
    return gap_norm(problem, features) * float(1.0 / np.sqrt(iterations) + 2.0 / iterations)


def regret_bound(problem: Matching, features: Array, iterations: int) -> float:
    """The certified gap that `multiplicative_weights` cannot exceed.

    Raises:
        TypeError, ValueError: iterations that are not whole, or below one; features that do not fit.
    """
    iterations = validate_count("iterations", iterations)
    size = gap_range(problem, features)
    rate = np.sqrt(np.log(features.shape[2]) / (2.0 * iterations)) + 1.0 / iterations
    return size * float(rate)


def apprenticeship_lp(problem: Matching, features: Array) -> Solution:
    """LPAL: the simplex class without entropy, solved by HiGHS; `problem` must be of this kind, and certifies the
    result.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of the process.
        LinearProgramFailed: HiGHS returned no solution.
        TypeError: psi is not Simplex.
        ValueError: the entropy weight is not zero, or the features are not psi's.
    """
    features = _class_features(problem, features, Simplex, "LPAL")
    if problem.entropy_weight != 0.0:
        raise ValueError(f"LPAL has no entropy, got entropy_weight {problem.entropy_weight}")
    flat = features.reshape(-1, features.shape[2])
    pairs, count = flat.shape
    result = linprog(
        np.append(np.zeros(pairs), 1.0),
        A_ub=np.hstack([flat.T, -np.ones((count, 1))]),
        b_ub=feature_expectations(problem.expert, features),
        A_eq=cast(Any, sparse.hstack([problem.mdp.flow_matrix, sparse.csr_array((problem.mdp.num_states, 1))])),
        b_eq=problem.mdp.initial,
        bounds=[(0, None)] * pairs + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.x is None:
        raise LinearProgramFailed(result.message)
    weights = np.maximum(-np.asarray(result.ineqlin.marginals, dtype=np.float64), 0.0)
    cost = features @ (weights / weights.sum())
    policy = policy_of(np.maximum(result.x[:-1], 0.0).reshape(cost.shape))
    return certify(problem, policy, cost, np.asarray(result.eqlin.marginals), tolerance=TOLERANCE)


def _class_features(problem: Matching, features: Array, kind: type[FeatureClass], method: str) -> Array:
    """The features, if they are those of psi, and psi is of this kind."""
    validate_matching(problem)
    validate_psi(problem, kind, method)
    given = np.asarray(features, dtype=np.float64)
    if not np.array_equal(given, cast(FeatureClass, problem.psi).features):
        raise ValueError(f"{method} needs psi's own features, got others of shape {given.shape}")
    return given
