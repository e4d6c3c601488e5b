"""Potential shaping (Ng, Harada & Russell 1999):

    r'(s,a) = r(s,a) + V(s) - gamma E[V(s') | s,a]

has the same optimal policies as r, with and without entropy, for every V. The end of an episode has V = 0. Where no
episode ends a constant is a shaping, V = c / (1-gamma). Two rewards are compared by the best V in the least-squares
sense, on the pairs that some policy visits; the residual is zero exactly where the rewards differ by shaping only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost, validate_process
from gail.exact.process.memory import require_memory
from gail.exact.process.reachability import Reachable

EQUAL = 1e-8
"""Largest residual, relative to the rewards, at which two rewards count as equal."""

COPIES = 3
"""Dense copies of the shaping matrix (S*A, S) at the peak of a least-squares fit."""


@dataclass(frozen=True, eq=False)
class RewardComparison:
    """The difference of two rewards, split into shaping and the rest, over the pairs that some policy visits.

    Attributes:
        potential: (S,) V of the best shaping, the one of least norm; 0 at states that no policy visits.
        shaping_residual: largest |r - r' - (V - gamma E V)|.
        constant: the number nearest to r - r'.
        constant_residual: largest |r - r' - constant|.
        scale: largest absolute entry of either reward.
    """

    potential: Array
    shaping_residual: float
    constant: float
    constant_residual: float
    scale: float

    @property
    def equal_up_to_shaping(self) -> bool:
        """Whether the shaping residual is at most `EQUAL` times the scale."""
        return self.shaping_residual <= EQUAL * self.scale

    @property
    def equal_up_to_constant(self) -> bool:
        """Whether the residual of the constant is at most `EQUAL` times the scale."""
        return self.constant_residual <= EQUAL * self.scale


def compare_rewards(mdp: FiniteMDP, reward: ArrayLike, other: ArrayLike) -> RewardComparison:
    """How far two rewards, each (S,), (S, A) or (S, A, S), are from equal up to shaping, and up to a constant.

    Raises:
        InvalidCost: a reward has another shape or an entry that is not finite.
        NotEnoughMemory: the dense least-squares problem would need more than is available.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    one, two = validate_cost(mdp, reward, "reward"), validate_cost(mdp, other, "other reward")
    part = Reachable(mdp)
    difference = part.restrict(one - two)
    potential = best_potential(part.mdp, difference)
    left = difference - part.mdp.flow_adjoint(potential)
    low, high = float(difference.min()), float(difference.max())
    return RewardComparison(
        potential=part.extend(potential, 0.0),
        shaping_residual=float(abs(left).max()),
        constant=0.5 * (low + high),
        constant_residual=0.5 * (high - low),
        scale=max(float(abs(part.restrict(one)).max()), float(abs(part.restrict(two)).max())),
    )


def best_potential(mdp: FiniteMDP, difference: Array) -> Array:
    """(S,) V of least norm among those that minimise the sum of squares of difference - (V - gamma E V), (S, A)."""
    require_memory(8.0 * COPIES * difference.size * mdp.num_states, f"shaping on {mdp.num_states} states")
    matrix = mdp.flow_matrix.T.toarray()
    potential, *_ = np.linalg.lstsq(matrix, difference.ravel(), rcond=None)
    # One step of iterative refinement.
    potential += np.linalg.lstsq(matrix, difference.ravel() - matrix @ potential, rcond=None)[0]
    return np.asarray(potential, dtype=np.float64)
