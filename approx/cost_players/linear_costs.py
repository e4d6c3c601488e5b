"""Cost players whose costs are linear in features: feature expectation matching (FEM) and its game form (GTAL).

Let f(s, a) be k features and C = {w.f : w in W}. With psi the indicator of C the imitation objective is
max over w in W of w.(mu - mu_E), mu and mu_E the mean features of learner and expert, by the demonstrations' weights if
they carry some (Ho & Ermon 2016, Eq. 7-11), and the cost player's best response has a closed form:

| W | best response to the gap d = mu - mu_E | the objective is | source |
|---|---|---|---|
| `l2_ball` | d / |d| | the l2 distance of mean features | Abbeel & Ng (2004): FEM |
| `simplex` of f and -f | the sign of the largest entry of |d|, at that entry | the largest distance in a feature | \
Syed & Schapire (2007): GTAL |

Ho, Gupta & Ermon (2016, "Model-free imitation learning with policy optimization") play these against a trust region
policy step; so does `gail.approx.game`. Features are standardized by the moments of all pairs seen,
the expert's and every batch of the learner's, so that one class suits all tasks: c = w.(f - mean) / std.

A linear cost has no natural zero. Where episodes can end, the zero decides whether long episodes are good. `sign` sets
it: 1 shifts rewards by the least reward so far, so that none is negative; -1 shifts by the greatest, so that none is
positive; 0 does not shift, and the cost is the gradient of psi*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.cost_players.cost_player import CostReport, MakeCostPlayer
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.networks.finite_checks import check_finite
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows, shares_of

Features: TypeAlias = Callable[[Tensor], Tensor]
"""Encoded state-action pairs, float64, shape (N, pair size) -> features, shape (N, k)."""
Answer: TypeAlias = Callable[[Tensor], Tensor]
"""Gap of mean features, learner's minus expert's, shape (k,) -> the weights in W with the largest cost, shape (k,)."""

_SQUARE_SCALE = 0.01  # as in the released code; it matters only where a standard deviation is near its floor


def pairs_and_squares(pairs: Tensor) -> Tensor:
    """Each entry of a pair and its square, as the paper's implementation; its constant feature standardizes to 0."""
    return torch.cat([pairs, (_SQUARE_SCALE * pairs).square()], dim=1)


def l2_ball(gap: Tensor) -> Tensor:
    """gap / |gap|; zero for a gap of zero, where every answer is optimal."""
    length = gap.norm()
    return gap / length if length > 0.0 else torch.zeros_like(gap)


def simplex(gap: Tensor) -> Tensor:
    """All weight on the feature, or the negated feature, of the largest gap, the first of several."""
    weights = torch.zeros_like(gap)
    largest = gap.abs().argmax()
    weights[largest] = 1.0 if gap[largest] >= 0.0 else -1.0
    return weights


class FeatureCost:
    """Answers each batch with the worst cost of a linear class.

    Args:
        answer: `l2_ball` or `simplex`, or a rule of your own.
        sign: 1, -1 or 0: how rewards are shifted, see the module docstring.
        spec: the task's spaces.
        demonstrations: of the expert.
        features: of encoded pairs.
    """

    def __init__(
        self,
        answer: Answer,
        sign: int,
        spec: SpaceSpec,
        demonstrations: Trajectories,
        features: Features = pairs_and_squares,
    ) -> None:
        self.spec = spec
        self._answer = answer
        self._sign = sign
        self._features = features
        expert, shares = self._encode(demonstrations), shares_of(demonstrations)
        count = expert.shape[1]
        self.moments = RunningMoments(count)
        self.moments.update(expert, shares)
        self._expert_mean = mean_rows(expert, shares)
        self.weights = torch.zeros(count, dtype=torch.float64)
        self.shift = torch.zeros((), dtype=torch.float64)
        """Subtracted from every reward: its extreme value so far."""

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport:
        """Compute the best response to the batch; the report has the gap of mean features.

        Raises:
            NotFinite: mean features are not finite.
        """
        learner = self._encode(batch)
        self.moments.update(learner)
        gap = (learner.mean(0) - self._expert_mean) / self.moments.std
        check_finite("the gap of mean features", gap)
        self.weights = self._answer(gap)
        if self._sign:
            # r >= shift for sign 1, r <= shift for sign -1, over all batches so far.
            least = (self._sign * self._raw_rewards(learner)).min()
            self.shift = self._sign * torch.minimum(self._sign * self.shift, least)
        return CostReport(feature_distance=float(gap.norm()))

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """w.(f - mean) / std of each step, plus the shift, shape (N,)."""
        costs: NDArray[np.float64] = (self.shift - self._raw_rewards(self._encode(batch))).numpy()
        return costs

    def state_dict(self) -> dict[str, Any]:
        """Moments, weights and shift."""
        return {"moments": self.moments.state_dict(), "weights": self.weights, "shift": self.shift}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        if state["weights"].shape != self.weights.shape:
            raise ValueError(f"{len(state['weights'])} weights were saved, {len(self.weights)} features are in use")
        self.moments.load_state_dict(state["moments"])
        self.weights, self.shift = state["weights"], state["shift"]

    def _encode(self, batch: Trajectories) -> Tensor:
        return self._features(self.spec.encode_pairs(batch.observations, batch.actions))

    def _raw_rewards(self, features: Tensor) -> Tensor:
        return -((features - self.moments.mean) / self.moments.std) @ self.weights


def feature_costs(answer: Answer, sign: int, features: Features = pairs_and_squares) -> MakeCostPlayer:
    """The cost player of FEM (`l2_ball`) or GTAL (`simplex`), to be made for a task."""
    return lambda spec, expert, generator: FeatureCost(answer, sign, spec, expert, features)


@dataclass(frozen=True)
class Fem:
    """Config of feature expectation matching: the worst cost of the l2 ball."""

    name: ClassVar[str] = "fem"
    title: ClassVar[str] = "FEM"
    psi: ClassVar[str] = "0 where c = w.f with |w| <= 1, infinite elsewhere (Eq. 10)"
    answer: ClassVar[str] = "w = (mu - mu_E) / |mu - mu_E|"

    reward: RewardForm = RewardForm.SURVIVAL
    """Its sign is the sign to which rewards are shifted."""

    @property
    def reward_sign(self) -> int:
        """The reward form's."""
        return self.reward.sign

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> FeatureCost:
        """A new player."""
        return FeatureCost(l2_ball, self.reward.sign, spec, expert)


@dataclass(frozen=True)
class Gtal:
    """Config of game-theoretic apprenticeship learning: the worst cost of the simplex."""

    name: ClassVar[str] = "gtal"
    title: ClassVar[str] = "GTAL"
    psi: ClassVar[str] = "0 where c = w.(f, -f) with w in the simplex, infinite elsewhere (Eq. 9)"
    answer: ClassVar[str] = "all weight on the feature whose means differ most"

    reward: RewardForm = RewardForm.SURVIVAL
    """Its sign is the sign to which rewards are shifted."""

    @property
    def reward_sign(self) -> int:
        """The reward form's."""
        return self.reward.sign

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> FeatureCost:
        """A new player."""
        return FeatureCost(simplex, self.reward.sign, spec, expert)
