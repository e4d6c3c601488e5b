"""The players of the sampled game on a finite process: those of `gail.approx`, with unit vectors as inputs.

A linear function of a unit vector is a table. So a discriminator without hidden layers is a table over pairs, and a
policy without hidden layers is a table over states. Inputs are not standardized: moments of rare pairs would change the
meaning of a table's entries during the training. For the same reason FEM and GTAL use the raw features; their classes
of costs then equal the exact engine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx import Discriminator, DiscriminatorSettings, FeatureCost, SpaceSpec, Trajectories, l2_ball, simplex
from gail.approx.cost_players.cost_player import CostPlayer, MakeCostPlayer
from gail.approx.networks.normalization import RunningMoments
from gail.experiments.compare.problem import Algorithm, Array, Problem


class IdentityMoments(RunningMoments):
    """Moments that stay at mean 0 and standard deviation 1, so that inputs are not changed."""

    def update(self, values: Tensor, shares: Tensor | None = None) -> None:
        """Do nothing."""

    @property
    def std(self) -> Tensor:
        """Ones."""
        return torch.ones_like(self.mean)

    def forward(self, values: Tensor) -> Tensor:
        """The values as float32."""
        return values.to(torch.float32)


@dataclass(frozen=True)
class PairIndicators(SpaceSpec):
    """Spaces of a finite task whose states are unit vectors; pairs are encoded as unit vectors of length S A."""

    @property
    def pair_size(self) -> int:
        """S A."""
        return self.observation_size * self.action_size

    def encode_pairs(self, observations: NDArray[Any], actions: NDArray[Any]) -> Tensor:
        """Unit vectors s A + a, float32, shape (N, S A)."""
        pairs = observations.argmax(axis=1) * self.action_size + actions.astype(np.int64)
        rows = torch.zeros(len(pairs), self.pair_size)
        rows[torch.arange(len(pairs)), torch.from_numpy(pairs)] = 1.0
        return rows


def _in_units(spec: SpaceSpec) -> SpaceSpec:
    return PairIndicators(spec.observation_size, spec.action_size, None, None)


def cost_player(problem: Problem, algorithm: Algorithm, settings: DiscriminatorSettings) -> MakeCostPlayer:
    """The cost player of an adversarial algorithm; a discriminator without hidden layers is a table over pairs."""
    if algorithm is Algorithm.GAIL:
        return _discriminator(problem, settings)
    answer = l2_ball if algorithm is Algorithm.FEM else simplex

    def make(spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> CostPlayer:
        own = _in_units(spec) if problem.one_hot else spec
        player = FeatureCost(answer, 0, own, expert, lambda pairs: pairs)
        player.moments = IdentityMoments(own.pair_size)
        return player

    return make


def _discriminator(problem: Problem, settings: DiscriminatorSettings) -> MakeCostPlayer:
    table = problem.one_hot and not settings.hidden

    def make(spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> CostPlayer:
        own = _in_units(spec) if table else spec
        player = Discriminator(problem.psi, own, expert, settings, generator)
        player.moments = IdentityMoments(own.pair_size)
        return player

    return make


def every_pair(problem: Problem) -> Trajectories:
    """A batch of all pairs, in the order s A + a."""
    states, actions = problem.expert.shape
    seen = np.repeat(problem.observations, actions, axis=0)
    cut = np.ones(len(seen), dtype=bool)
    drawn = np.tile(np.arange(actions), states)
    return Trajectories(seen, drawn, None, seen, np.ones(len(seen), dtype=np.int64), ~cut, cut)


def cost_table(problem: Problem, player: CostPlayer) -> Array:
    """(S, A) the player's cost at every pair."""
    return player.costs(every_pair(problem)).reshape(problem.expert.shape)


def logit_table(problem: Problem, player: CostPlayer) -> Array | None:
    """(S, A) the logits of a discriminator; None for other cost players."""
    if not isinstance(player, Discriminator):
        return None
    batch = every_pair(problem)
    with torch.no_grad():
        logits = player.network(player.moments(player.spec.encode_pairs(batch.observations, batch.actions)))
    table: Array = logits.double().numpy().reshape(problem.expert.shape)
    return table
