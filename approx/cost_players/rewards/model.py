"""The reward's networks: a reward g and a shaping term h on standardized observations and actions.

    r(s, a) = g(s) or g(s, a)                                        the reward
    f(s, a, s') = r(s, a) + gamma h(s') - h(s)                       the same with shaping (Fu et al. 2018, Eq. 4)

h(s') is 0 where the environment ended the episode at this step: nothing follows. At a time limit it is h(s'), because
the time limit is no property of the state. So the shaping terms of a whole episode sum to -h(s_0), discounted, and no
policy is preferred because of them (Ng, Harada & Russell 1999).

Where the reward is that of a classifier (GAIL), r is a reward form of g.

Demonstrations say nothing about states that neither expert nor learner visits, and little about those that only the
learner does. There the form of g decides. A network gives such states low rewards, because the expert avoids them. A g
without hidden layers, linear in its inputs and their squares, extrapolates: it can have a peak, and no path.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.networks.mlp import mlp
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.spaces import SpaceSpec


@dataclass(frozen=True)
class RewardArchitecture:
    """What a reward is made of."""

    spec: SpaceSpec
    """Spaces of the task."""
    hidden: tuple[int, ...]
    """Units of the hidden layers of g; none for a g that is linear in its inputs and their squares."""
    state_only: bool = False
    """Whether g sees the state only."""
    shaping: tuple[int, ...] | None = None
    """Units of the hidden layers of h; None without shaping."""
    discount: float = 1.0
    """gamma of the shaping term."""
    form: RewardForm | None = None
    """Reward form of g, where g is the logit of a classifier; else r = g."""


@dataclass(frozen=True)
class Steps:
    """Standardized steps, ready for the networks."""

    pairs: Tensor
    """Shape (N, pair size), float32."""
    following: Tensor | None
    """The observation after each step, shape (N, observation size); None where it is not needed."""
    ended: Tensor | None
    """1 where the environment ended the episode, else 0, shape (N,)."""

    def __getitem__(self, rows: Tensor | slice) -> Steps:
        """Some of the steps."""
        following = None if self.following is None else self.following[rows]
        return Steps(self.pairs[rows], following, None if self.ended is None else self.ended[rows])


class RewardModel(nn.Module):
    """g, h, and the moments by which their inputs are standardized."""

    def __init__(self, architecture: RewardArchitecture, generator: torch.Generator) -> None:
        super().__init__()
        self.architecture = architecture
        spec = architecture.spec
        self.moments = RunningMoments(spec.pair_size)
        inputs = spec.observation_size if architecture.state_only else spec.pair_size
        self.g = mlp(inputs if architecture.hidden else 2 * inputs, architecture.hidden, 1, generator)
        self.h = None
        if architecture.shaping is not None:
            self.h = mlp(spec.observation_size, architecture.shaping, 1, generator)

    def standardized(self, pairs: Tensor, following: Tensor | None, ended: Tensor | None) -> Steps:
        """Steps from encoded pairs and raw next observations."""
        if self.h is None:
            return self.plain(pairs)
        if following is None or ended is None:
            raise ValueError("a reward with shaping needs the next observations, and which steps ended an episode")
        size = self.architecture.spec.observation_size
        return Steps(self.moments(pairs), self.moments.part(following, slice(size)), ended.to(torch.float32))

    def plain(self, pairs: Tensor) -> Steps:
        """Steps without what follows them: enough for `reward`."""
        return Steps(self.moments(pairs), None, None)

    def reward_of(self, pairs: Tensor) -> Tensor:
        """r of standardized pairs, shape (N,)."""
        return self.reward(Steps(pairs, None, None))

    def reward(self, steps: Steps) -> Tensor:
        """r of each step, shape (N,)."""
        size = self.architecture.spec.observation_size
        seen = steps.pairs[:, :size] if self.architecture.state_only else steps.pairs
        if not self.architecture.hidden:
            seen = torch.cat([seen, seen.square()], dim=-1)
        raw: Tensor = self.g(seen).squeeze(-1)
        form = self.architecture.form
        return raw if form is None else form.reward(raw)

    def forward(self, steps: Steps) -> Tensor:
        """f of each step, shape (N,): r where there is no shaping."""
        reward = self.reward(steps)
        if self.h is None or steps.following is None or steps.ended is None:
            return reward
        before = self.h(steps.pairs[:, : self.architecture.spec.observation_size]).squeeze(-1)
        after = self.h(steps.following).squeeze(-1) * (1.0 - steps.ended)
        shaped: Tensor = reward + self.architecture.discount * after - before
        return shaped


def encoded(spec: SpaceSpec, observations: Tensor, actions: Tensor) -> Tensor:
    """`SpaceSpec.encode_pairs` for tensors, with gradients: float64, shape (N, pair size)."""
    if spec.action_low is not None and spec.action_high is not None:
        low, high = (torch.tensor(bound, dtype=torch.float64) for bound in (spec.action_low, spec.action_high))
        columns = torch.minimum(torch.maximum(actions.to(torch.float64), low), high)
    elif spec.action_choices is not None:
        parts = zip(actions.long().unbind(-1), spec.action_choices, strict=True)
        columns = torch.cat([one_hot(part, count) for part, count in parts], dim=-1).to(torch.float64)
    else:
        columns = one_hot(actions.long(), spec.action_size).to(torch.float64)
    return torch.cat([observations.to(torch.float64), columns], dim=-1)
