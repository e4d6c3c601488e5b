"""The game: a cost player against a policy player (Ho & Ermon 2016, Algorithm 1).

Each round samples the current policy, lets the cost player propose a cost, and lets the policy player make the
sampled cost smaller. GAIL, feature expectation matching, game-theoretic apprenticeship learning and plain
reinforcement learning are pairings of players in this one loop.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from gail.approx.cost_players.cost_player import CostPlayer, CostReport
from gail.approx.networks.finite_checks import check_finite
from gail.approx.policy_players.policy_player import PolicyPlayer, PolicyReport
from gail.approx.trajectories.sampler import Batch, Collector


class Stopwatch:
    """Seconds spent in each part of a round."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, part: str) -> None:
        """Charge the time since the last lap to `part`."""
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True)
class RoundReport:
    """One round of the game."""

    batch: Batch
    cost: CostReport | None
    policy: PolicyReport
    seconds: dict[str, float]
    """Wall time by part: sampling, cost, policy, critic."""


def play_round(
    policy_player: PolicyPlayer,
    cost_player: CostPlayer,
    sampler: Collector,
    batch_size: int,
    generator: torch.Generator,
) -> RoundReport:
    """Sample, update the cost, then the policy: the order of the paper's Algorithm 1.

    Raises:
        NotFinite: a cost, a reward, a gradient or a network is not finite; the message names it.
        InvalidTrajectories: the environment gave observations or rewards that are not finite.
    """
    watch = Stopwatch()
    batch = sampler.collect(policy_player.policy, batch_size, generator)
    watch.lap("sampling")
    cost_report = cost_player.update(batch.trajectories, policy_player.policy, generator)
    costs = cost_player.costs(batch.trajectories)
    check_finite("the cost", costs)
    watch.lap("cost")
    policy_report = policy_player.improve(batch.trajectories, costs, generator, watch.lap)
    return RoundReport(batch, cost_report, policy_report, watch.seconds)
