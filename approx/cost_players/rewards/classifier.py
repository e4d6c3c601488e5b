"""A classifier of steps whose logit is a reward minus the policy's log-probability.

    l = f(s, a, s') - log pi(a|s),     P(expert) = e^f / (e^f + pi(a|s)) = sigmoid(l)

with the *current* policy pi on both sides, and f from `rewards.model`. l is fitted by logistic regression, expert
against learner; the cost is -f. With entropy weight 1 the policy player's reward is f - log pi = log D - log (1 - D).

At a learner with the expert's occupancy measure the best logit is 0, so f = log pi_E: the expert's soft advantage
(Fu, Luo & Levine 2018, section 4). What this says about the reward g inside f depends on f's form: `airl`, `gan_gcl`.
The best logit does not depend on s'. With stochastic dynamics and a sampled s' it is therefore not attained by
f(s, s') = g(s) + gamma h(s') - h(s), and the optimum is a projection (`gail.exact.rewards` computes its bias).

Where all episodes have one length, a constant added to f changes nothing. Where they can end, it decides whether long
episodes are good. Far from the expert l is negative at every step, and a policy that maximises it learns to end its
episodes at once. So f is shifted by a constant, anew in each iteration: for a positive sign f is then at least 0 at all
but `EXTREME` of the batch's steps, for a negative one at most 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.cost_players.cost_player import CostReport, mean_distance
from gail.approx.cost_players.rewards.learned_reward import LearnedReward
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel, Steps, encoded
from gail.approx.cost_players.rewards.replay import Replay, Rows, rows_of
from gail.approx.cost_players.settled_fit import (
    DiscriminatorSettings,
    bernoulli_entropy,
    fit_until_settled,
    slope_penalty,
)
from gail.approx.policies.policy import Policy
from gail.approx.trajectories.trajectories import Trajectories
from gail.approx.trajectories.weighting import mean_rows, shares_of
from gail.exact.regularizers import Logistic

EXTREME = 0.05
"""Share of a batch's steps whose reward may have the other sign than the one asked for."""


class RewardClassifier:
    """f, fitted to tell the expert's steps from the learner's."""

    def __init__(
        self,
        algorithm: str,
        architecture: RewardArchitecture,
        expert: Trajectories,
        settings: DiscriminatorSettings,
        replay: int,
        sign: int,
        generator: torch.Generator,
    ) -> None:
        self.algorithm = algorithm
        self.offset = 0.0
        self._sign = sign
        self.model = RewardModel(architecture, generator)
        self.settings = settings
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.learning_rate, fused=True)
        self._expert = rows_of(expert)
        self._shares = shares_of(expert)
        self._replay = Replay(replay)
        self.model.moments.update(self._pairs(self._expert), self._shares)

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport:
        """Take Adam steps until the loss on this batch has settled; the report is from before the first.

        Raises:
            NotFinite: the loss or a gradient is not finite; parameters are as before that step.
        """
        current = rows_of(batch)
        self.model.moments.update(self._pairs(current))
        rows = self._replay.mixed(current, generator)
        learner, expert = self._steps(rows), self._steps(self._expert)
        log_probs = log_prob(policy, rows), log_prob(policy, self._expert)
        reports: list[CostReport] = []

        def evaluate() -> tuple[Tensor, Callable[[], Tensor]]:
            logits = self.model(learner) - log_probs[0], self.model(expert) - log_probs[1]
            loss = self._loss(*logits)
            if not reports:
                reports.append(self._report(loss, logits, (learner.pairs, expert.pairs)))
            return loss, lambda: self._penalised(loss, logits, (learner, expert), generator)

        steps = fit_until_settled("the reward", self.model, self.optimizer, self.settings, evaluate)
        if not reports:
            with torch.no_grad():
                evaluate()
        self._shift(current)
        return replace(reports[0], steps=steps)

    @torch.no_grad()
    def _shift(self, rows: Rows) -> None:
        """Set the offset with which the rewards of these steps have the sign that was asked for."""
        if self._sign != 0:
            self.offset = offset_of(self.model(self._steps(rows)), self._sign)

    def keep_pace(self, pace: float) -> None:
        """Use `pace` times the learning rate of the settings from now on."""
        for group in self.optimizer.param_groups:
            group["lr"] = pace * self.settings.learning_rate

    @torch.no_grad()
    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """-f of each step of the batch, shifted, shape (N,)."""
        shaped: NDArray[np.float64] = self.model(self._steps(rows_of(batch))).to(torch.float64).numpy()
        return -(shaped + self.offset)

    def reward(self) -> LearnedReward:
        """The reward as it is now."""
        return LearnedReward(self.model, self.algorithm, offset=self.offset)

    def state_dict(self) -> dict[str, Any]:
        """Networks, moments, the optimizer's state, and kept steps."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "replay": self._replay.state_dict(),
            "offset": self.offset,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._replay.load_state_dict(state["replay"])
        self.offset = state["offset"]

    def _pairs(self, rows: Rows) -> Tensor:
        return encoded(self.model.architecture.spec, rows["observations"], rows["actions"])

    def _steps(self, rows: Rows) -> Steps:
        return self.model.standardized(self._pairs(rows), rows["following"], rows["ended"])

    def _loss(self, learner: Tensor, expert: Tensor) -> Tensor:
        shares = None if self._shares is None else self._shares.to(expert.dtype)
        # psi's logits are those of P(learner).
        loss: Tensor = Logistic().discriminator_loss(-learner, -expert, None, shares)
        return loss

    def _report(self, loss: Tensor, logits: tuple[Tensor, Tensor], pairs: tuple[Tensor, Tensor]) -> CostReport:
        return CostReport(
            feature_distance=mean_distance(*pairs, self._shares),
            loss=float(loss.detach()),
            accuracy_learner=float((logits[0] < 0.0).double().mean()),
            accuracy_expert=float(mean_rows((logits[1] > 0.0).double(), self._shares)),
        )

    def _penalised(
        self, loss: Tensor, logits: tuple[Tensor, Tensor], steps: tuple[Steps, Steps], generator: torch.Generator
    ) -> Tensor:
        if self.settings.entropy_bonus > 0.0:
            unsure = bernoulli_entropy(logits[0]).mean() + mean_rows(bernoulli_entropy(logits[1]), self._shares)
            loss = loss - self.settings.entropy_bonus * unsure
        if self.settings.gradient_penalty > 0.0:
            learner, expert = (_flat(part) for part in steps)
            penalty = slope_penalty(self._of_flat, learner, expert, self._shares, generator)
            loss = loss + self.settings.gradient_penalty * penalty
        return loss

    def _of_flat(self, rows: Tensor) -> Tensor:
        """f of rows (pair, next observation), of steps that ended no episode."""
        size = self.model.architecture.spec.pair_size
        following = rows[:, size:] if self.model.h is not None else None
        ended = None if following is None else torch.zeros(len(rows))
        values: Tensor = self.model(Steps(rows[:, :size], following, ended))
        return values


def _flat(steps: Steps) -> Tensor:
    return steps.pairs if steps.following is None else torch.cat([steps.pairs, steps.following], dim=-1)


def offset_of(rewards: Tensor, sign: int) -> float:
    """The constant with which all but `EXTREME` of the rewards of a batch, shape (N,), have the sign 1 or -1."""
    return -float(torch.quantile(rewards.double(), EXTREME if sign > 0 else 1.0 - EXTREME))


@torch.no_grad()
def log_prob(policy: Policy, rows: Rows) -> Tensor:
    """log pi(a|s) of each step under a policy, shape (N,), of the executed action."""
    return policy.executed_log_prob(rows["observations"], rows["actions"])
