"""Gradients in policy parameters (Ho & Ermon 2016, Lemma A.1, Eq. 12 and 18), compared with differentiation
through the linear solve.

    14  grad H(pi) = E_pi[grad log pi Q_log], with Q_log = -log pi + gamma E[next Q_log]
    15  the gradient of max_c (-psi(c) + E_pi[c] - E_E[c]) is the policy gradient at the maximising cost, where
        that is unique; at another cost (a discriminator D that is not optimal) the formula gives another vector.
        A separate check shows this, because on some processes all costs have the same policy gradient

The oracle is complex-step differentiation (Squire & Trapp 1998): f(theta + i h d) has the derivative along d as
its imaginary part over h. There is no subtraction, so it is exact to rounding at h = 1e-30. The complex step passes
through the occupancy's linear solve itself, with complex softmax probabilities. psi* is a real function of the
occupancy; its derivative in the direction of the occupancy's derivative is taken by central differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from gail.exact.algorithms.policy_gradient import entropy_gradient, imitation_gradient, policy_gradient, softmax_policy
from gail.exact.occupancy import occupancy_of, validate_occupancy
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.regularizers import Regularizer, needs_coverage
from gail.exact.statements.certificates import Verification
from gail.exact.statements.verdicts import ROUNDING, Verdicts

DIRECTIONS = 8
"""Random directions of differentiation per check."""

STEP = 1e-30
"""Complex step h; without subtraction there is no cancellation."""

DIFFERENCE = 1e-5
"""Relative change of the occupancy in central differences of psi*."""

DIFFERENCE_TOLERANCE = 1e-7
"""Tolerance for those, with truncation of order 1e-10 and cancellation of order 1e-11 times the mass."""

VISIBLE = 1e-3
"""Least relative difference between the gradients at the optimal and at another discriminator."""


def check_lemma_a_1(mdp: FiniteMDP, instance: str, rng: np.random.Generator) -> Verification:
    """Statement 14 at random softmax policies, mild and sharp, along random directions."""
    verdicts = Verdicts("Lemma A.1", instance)
    shape = (mdp.num_states, mdp.num_actions)
    for scale in (0.3, 3.0):
        logits = scale * rng.normal(size=shape)
        gradient = entropy_gradient(mdp, logits)
        directions = rng.normal(size=(DIRECTIONS, *shape))
        oracle = [entropy_slope(mdp, logits, direction) for direction in directions]
        claimed = np.tensordot(directions, gradient, axes=2)
        verdicts.identity(f"grad H = E[grad log pi Q_log], logits of size {scale}", claimed, oracle, 10 * ROUNDING)
    return verdicts.verification()


def check_imitation_gradient(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """Statement 15 at a random policy, for any psi with a unique best cost there (not Constant).

    Makes no claims where the best cost is infinite, because psi needs an expert that takes every reachable pair and
    this expert does not. For the gradient at another cost see `check_gradient_elsewhere`.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
    """
    verdicts = Verdicts(f"Eq. 12 and 18, psi {type(psi).__name__}", instance)
    problem = Matching(mdp, validate_occupancy(mdp, expert_occupancy), psi, entropy_weight)
    if _unanswered(problem):
        return verdicts.verification()
    shape = (mdp.num_states, mdp.num_actions)
    logits = rng.normal(size=shape)
    gradient = imitation_gradient(problem, logits)
    directions = rng.normal(size=(DIRECTIONS, *shape))
    claimed = np.tensordot(directions, gradient, axes=2)
    oracle = [imitation_slope(problem, logits, direction) for direction in directions]
    verdicts.identity("the gradient is the policy gradient at the best cost", claimed, oracle, DIFFERENCE_TOLERANCE)
    return verdicts.verification()


def check_gradient_elsewhere(
    mdp: FiniteMDP,
    expert_occupancy: ArrayLike,
    psi: Regularizer,
    entropy_weight: float,
    instance: str,
    rng: np.random.Generator,
) -> Verification:
    """Statement 15's expected failure: at the best cost of another learner the formula gives another vector.

    Makes no claims where both costs have the same policy gradient, for example with one action, nor where the best
    cost is infinite.

    Raises:
        InvalidOccupancy: the expert's occupancy is not one of this process.
    """
    verdicts = Verdicts(f"Eq. 18 elsewhere, psi {type(psi).__name__}", instance)
    problem = Matching(mdp, validate_occupancy(mdp, expert_occupancy), psi, entropy_weight)
    if _unanswered(problem):
        return verdicts.verification()
    logits = rng.normal(size=(mdp.num_states, mdp.num_actions))
    gradient = imitation_gradient(problem, logits)
    cost = another_cost(problem, rng)
    size = float(abs(gradient).max())
    if size > 0.0 and _responds(problem, logits, cost):
        difference = float(abs(policy_gradient(mdp, logits, cost, entropy_weight) - gradient).max()) / size
        verdicts.differs("at another cost the policy gradient is another vector", difference, VISIBLE)
    return verdicts.verification()


def another_cost(problem: Matching, rng: np.random.Generator) -> Array:
    """(S, A) the best response to a random learner."""
    other = softmax_policy(rng.normal(size=problem.expert.shape))
    return problem.psi.conjugate(occupancy_of(problem.mdp, other), problem.expert)[1]


def _unanswered(problem: Matching) -> bool:
    """Whether the best cost is infinite: psi needs coverage, and the expert never takes some reachable pair."""
    return needs_coverage(problem.psi) and bool(np.any(problem.expert[problem.mdp.reachable] == 0.0))


def _responds(problem: Matching, logits: Array, cost: Array) -> bool:
    """Whether the other cost has another policy gradient than the best cost, for this learner."""
    rho = occupancy_of(problem.mdp, softmax_policy(logits))
    _, best = problem.psi.conjugate(rho, problem.expert)
    change = policy_gradient(problem.mdp, logits, cost - best, entropy_weight=0.0)
    scale = float(abs(policy_gradient(problem.mdp, logits, best, entropy_weight=0.0)).max())
    return float(abs(change).max()) > 1e-2 * scale


def entropy_slope(mdp: FiniteMDP, logits: Array, direction: Array) -> float:
    """Derivative of H(pi) along a direction of the logits, by a complex step."""
    log_policy, rho = _complex_occupancy(mdp, logits, direction)
    return float(np.sum(-rho * log_policy).imag / STEP)


def imitation_slope(problem: Matching, logits: Array, direction: Array) -> float:
    """Derivative of -lambda H + psi*(rho - rho_E) along a direction of the logits; psi* by central differences."""
    log_policy, rho = _complex_occupancy(problem.mdp, logits, direction)
    entropy = float(np.sum(-rho * log_policy).imag / STEP)
    here, along = rho.real, rho.imag / STEP
    change = abs(along)
    longest = float(np.min(here[change > 0.0] / change[change > 0.0], initial=1.0))
    step = DIFFERENCE * longest
    ahead, behind = (problem.psi.conjugate(here + sign * step * along, problem.expert)[0] for sign in (1.0, -1.0))
    return (ahead - behind) / (2.0 * step) - problem.entropy_weight * entropy


def _complex_occupancy(
    mdp: FiniteMDP, logits: Array, direction: Array
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """log pi and rho (S, A) at theta + i h d: the imaginary parts are h times the derivatives along d."""
    moved = logits - logits.max(axis=1, keepdims=True) + 1j * STEP * direction
    log_policy = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    policy = np.exp(log_policy)
    # Flow of visits x: rho = pi x, so the flow constraints read (flow pi) x = p0.
    pairs, states = policy.size, mdp.num_states
    spread = sparse.csr_array(
        (policy.ravel(), np.arange(pairs) // mdp.num_actions, np.arange(pairs + 1)), (pairs, states)
    )
    visits = splu(sparse.csc_array(mdp.flow_matrix @ spread)).solve(mdp.initial.astype(np.complex128))
    return log_policy, visits[:, None] * policy
