"""Cost players: they propose the cost that the policy player makes small.

The imitation objective is min over policies of max over costs (Ho & Ermon 2016, Eq. 5 and Prop. 3.2)

    E_pi[c] - E_E[c] - psi(c)

and psi decides how the cost player plays: `discriminator.Discriminator` for a surrogate psi,
`linear_costs.FeatureCost` for costs that are linear in features. `fixed_costs.EnvironmentCost` always proposes the
environment's own cost, which makes the game plain reinforcement learning. `fixed_costs.ConstantCost` is a control: it
proposes the same cost for every step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.cost_players.rewards.learned_reward import LearnedReward
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows


@dataclass(frozen=True)
class CostReport:
    """How far learner and expert are apart for the cost player, measured before its update."""

    feature_distance: float
    """l2 distance of learner's and expert's mean features, in standardized units: of state-action pairs for a
    discriminator, of its own features for a linear class."""
    loss: float | None = None
    """Discriminator's loss; 2 log 2 for the logistic surrogate at indistinguishable data. None for other players."""
    accuracy_learner: float | None = None
    """Fraction of the learner's pairs that a discriminator attributes to the learner."""
    accuracy_expert: float | None = None
    """Fraction of the expert's pairs that it attributes to the expert."""
    steps: int | None = None
    """Steps of its optimizer that a discriminator took. None for other players."""
    likelihood_loss: float | None = None
    """Minus the expert's mean log-likelihood per trajectory, up to a constant, for guided cost learning."""
    effective_samples: float | None = None
    """Trajectories that its importance weights amount to: 1 / sum of squared weights, normalised to sum 1."""


class CostPlayer(Protocol):
    """Proposes a cost for every step of a batch."""

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport | None:
        """Improve the cost against a batch of the current policy.

        Args:
            batch: what the policy sampled, with next observations and per-step termination.
            policy: the current policy, for log pi(a|s) of any pairs; it is not changed.
            generator: for everything random.
        """

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """Cost of each step of the batch, shape (N,)."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes during training."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Restore what `state_dict` returned."""


class CostConfig(Protocol):
    """The frozen settings of one kind of cost player: called, it makes the player.

    The class attributes describe the algorithm; the command line and the table in docs/imitators.md use them.
    """

    name: ClassVar[str]
    """Tag in a run's config, and the value of `--algo`."""
    title: ClassVar[str]
    """The algorithm's name, for reports."""
    psi: ClassVar[str]
    """The cost regularizer, in words."""
    answer: ClassVar[str]
    """How the player chooses its cost, in words."""

    @property
    def reward_sign(self) -> int:
        """1 where no reward is negative, -1 where no reward is positive, 0 where both occur."""

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> CostPlayer:
        """Make the player for a task's spaces and an expert's trajectories; the generator draws its parameters."""


@dataclass(frozen=True)
class TrainingNeeds:
    """What an algorithm asks of the rest of a training. Recipes follow it, and a training that does not is refused."""

    entropy_weight: float | None = None
    """Entropy weight of the policy player with which the game is the algorithm's; a user may choose another one."""
    discount: float | None = None
    """Discount that the policy player must have."""
    next_observations: bool = False
    """Whether the observation after each demonstrated step must be known."""
    whole_episodes: bool = False
    """Whether demonstrations and batches must consist of whole episodes."""


def needs_of(make_cost_player: object) -> TrainingNeeds:
    """What a config's field `needs` says; nothing for a config or a function without one."""
    needs = getattr(make_cost_player, "needs", None)
    return needs if isinstance(needs, TrainingNeeds) else TrainingNeeds()


MakeCostPlayer: TypeAlias = Callable[[SpaceSpec, Trajectories, torch.Generator], CostPlayer]
"""Makes a cost player for a task's spaces and an expert's trajectories; the generator draws its parameters."""


def mean_distance(learner: Tensor, expert: Tensor, shares: Tensor | None) -> float:
    """l2 distance of the means of two sets of rows, shapes (N, k) and (M, k), the second's by `shares`, shape (M,)."""
    return float((learner.double().mean(0) - mean_rows(expert.double(), shares)).norm())


@runtime_checkable
class Rewarding(Protocol):
    """A cost player whose reward can be kept and used again."""

    def reward(self) -> LearnedReward | None:
        """The reward as it is now, a copy that later updates leave alone; None where a file cannot describe it."""


@runtime_checkable
class Paced(Protocol):
    """A cost player that learns by gradient steps, which a training may anneal."""

    def keep_pace(self, pace: float) -> None:
        """From now on take steps of `pace` times their size in the settings; 0 < pace <= 1."""
