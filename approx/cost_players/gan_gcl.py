"""GAN-GCL: guided cost learning as a generative adversarial network (Finn, Christiano, Abbeel & Levine 2016).

With a reward f and the density q of the learner's trajectories, whose dynamics cancel,

    D(tau) = (1/Z) e^f(tau) / ((1/Z) e^f(tau) + q(tau)),    f(tau) = sum_t f(s_t, a_t),   log q = sum_t log pi(a_t|s_t)

so the logit is l(tau) = sum_t [f - log pi] - log Z, and Z, the partition function of maximum entropy IRL, is learned
with f. At the best log Z the mean of D over as many trajectories of either side is 1/2, and the gradient in f is that
of maximum entropy IRL with importance-sampled expectations (`gail.exact.algorithms.gan_gcl` checks both). The cost is
-f, with entropy weight 1: the policy maximises f - log pi, and log Z is a constant.

Sums over whole episodes have two weaknesses, which the authors of AIRL name: they grow with the length of episodes, so
that D saturates, and there is one label per episode. `per_transition` is the form with one label per step,
l(s, a) = f(s, a) - log pi(a|s), whose optimum f = log pi_E + constant is the expert's advantage, not its reward.

| | paper | released code (Fu et al. 2018) | here |
|---|---|---|---|
| log Z | learned | left out: taken for a bias of f | learned; it is no bias where episodes have several lengths |
| reward of the policy | f - log pi | f alone | f - log pi; `--entropy-weight 0` for f |
| lengths of episodes | not said | must be equal | any |
| per transition | - | D of the current policy | the same |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gail.approx.cost_players.cost_player import CostPlayer, CostReport, TrainingNeeds, mean_distance
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.cost_players.rewards.classifier import RewardClassifier, log_prob, offset_of
from gail.approx.cost_players.rewards.learned_reward import LearnedReward
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel, Steps, encoded
from gail.approx.cost_players.rewards.replay import Rows, rows_of
from gail.approx.cost_players.settled_fit import DiscriminatorSettings, fit_until_settled, slope_penalty
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import InvalidSettings, require
from gail.approx.trajectories.trajectories import Trajectories
from gail.exact.regularizers import Logistic


def trajectory_sums(values: Tensor, lengths: NDArray[np.integer[Any]]) -> Tensor:
    """Sums over trajectories, shape (K,), of the values of their steps, shape (N,), stored one after the other."""
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.from_numpy(np.asarray(lengths, dtype=np.int64)))
    return torch.zeros(len(lengths), dtype=values.dtype).index_add(0, owner, values)


class TrajectoryClassifier:
    """f and log Z, fitted to tell the expert's trajectories from the learner's."""

    def __init__(
        self,
        algorithm: str,
        architecture: RewardArchitecture,
        expert: Trajectories,
        settings: DiscriminatorSettings,
        sign: int,
        generator: torch.Generator,
    ) -> None:
        self.algorithm = algorithm
        self.offset = 0.0
        self._sign = sign
        self.model = RewardModel(architecture, generator)
        self.log_z = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.settings = settings
        self.optimizer = torch.optim.Adam([*self.model.parameters(), self.log_z], lr=settings.learning_rate)
        self._expert = rows_of(expert)
        self._lengths = expert.lengths
        self.model.moments.update(self._pairs(self._expert))

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport:
        """Take Adam steps until the loss on this batch has settled; the report is from before the first.

        Raises:
            NotFinite: the loss or a gradient is not finite; parameters are as before that step.
        """
        rows = rows_of(batch)
        self.model.moments.update(self._pairs(rows))
        learner, expert = self._steps(rows), self._steps(self._expert)
        log_q = (
            trajectory_sums(log_prob(policy, rows).double(), batch.lengths),
            trajectory_sums(log_prob(policy, self._expert).double(), self._lengths),
        )
        reports: list[CostReport] = []

        def evaluate() -> tuple[Tensor, Callable[[], Tensor]]:
            logits = (
                self._logits(learner, batch.lengths, log_q[0]),
                self._logits(expert, self._lengths, log_q[1]),
            )
            loss: Tensor = Logistic().discriminator_loss(-logits[0], -logits[1])
            if not reports:
                reports.append(_report(loss, logits, (learner.pairs, expert.pairs)))
            return loss, lambda: self._penalised(loss, (learner, expert), generator)

        steps = fit_until_settled("the reward", self.model, self.optimizer, self.settings, evaluate)
        if not reports:
            with torch.no_grad():
                evaluate()
        if self._sign != 0:
            with torch.no_grad():
                self.offset = offset_of(self.model(learner), self._sign)
        return replace(reports[0], steps=steps)

    def keep_pace(self, pace: float) -> None:
        """Use `pace` times the learning rate of the settings from now on."""
        for group in self.optimizer.param_groups:
            group["lr"] = pace * self.settings.learning_rate

    @torch.no_grad()
    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        """-f of each step of the batch, shifted, shape (N,)."""
        rewards: NDArray[np.float64] = self.model(self._steps(rows_of(batch))).to(torch.float64).numpy()
        return -(rewards + self.offset)

    def reward(self) -> LearnedReward:
        """The reward as it is now."""
        return LearnedReward(self.model, self.algorithm, offset=self.offset)

    def state_dict(self) -> dict[str, Any]:
        """Networks, moments, log Z, and the optimizer's state."""
        return {
            "model": self.model.state_dict(),
            "log_z": self.log_z.detach(),
            "offset": self.offset,
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.offset = state["offset"]
        with torch.no_grad():
            self.log_z.copy_(state["log_z"])

    def _pairs(self, rows: Rows) -> Tensor:
        return encoded(self.model.architecture.spec, rows["observations"], rows["actions"])

    def _steps(self, rows: Rows) -> Steps:
        return self.model.plain(self._pairs(rows))

    def _logits(self, steps: Steps, lengths: NDArray[np.integer[Any]], log_q: Tensor) -> Tensor:
        """sum_t [f - log pi] - log Z of each trajectory, shape (K,), float64."""
        return trajectory_sums(self.model(steps).double(), lengths) - log_q - self.log_z

    def _penalised(self, loss: Tensor, steps: tuple[Steps, Steps], generator: torch.Generator) -> Tensor:
        if self.settings.gradient_penalty == 0.0:
            return loss
        learner, expert = (part.pairs for part in steps)
        slope = slope_penalty(self.model.reward_of, learner, expert, None, generator)
        return loss + self.settings.gradient_penalty * slope


def _report(loss: Tensor, logits: tuple[Tensor, Tensor], pairs: tuple[Tensor, Tensor]) -> CostReport:
    return CostReport(
        feature_distance=mean_distance(*pairs, None),
        loss=float(loss.detach()),
        accuracy_learner=float((logits[0] < 0.0).double().mean()),
        accuracy_expert=float((logits[1] > 0.0).double().mean()),
    )


@dataclass(frozen=True)
class GanGcl:
    """Config of guided cost learning as a generative adversarial network."""

    name: ClassVar[str] = "gan-gcl"
    title: ClassVar[str] = "GAN-GCL"
    psi: ClassVar[str] = "maximum entropy IRL's, by a classifier of trajectories"
    answer: ClassVar[str] = "c = -f, with logits sum_t (f - log pi) - log Z of whole trajectories"

    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    """Architecture of f, and the fit."""
    state_only: bool = False
    """Whether f sees the state only."""
    per_transition: bool = False
    """Whether single steps are classified, with logits f - log pi, in the place of whole episodes."""
    replay: int = 0
    """Iterations whose steps are kept as further examples of the learner; with `per_transition` only."""
    reward: RewardForm = RewardForm.SURVIVAL
    """Its sign is the sign to which f is shifted, as in AIRL here; `DIFFERENCE` for no shift."""

    def __post_init__(self) -> None:
        require(self, not_negative=("replay",))
        if self.replay and not self.per_transition:
            raise InvalidSettings(f"replay is {self.replay}: without per_transition no steps are kept")

    @property
    def reward_sign(self) -> int:
        """0: a few steps of a batch have rewards of the other sign, whatever the shift."""
        return 0

    @property
    def needs(self) -> TrainingNeeds:
        """Entropy weight 1, and whole episodes unless single steps are classified."""
        return TrainingNeeds(
            entropy_weight=1.0, whole_episodes=not self.per_transition, next_observations=self.per_transition
        )

    def __call__(self, spec: SpaceSpec, expert: Trajectories, generator: torch.Generator) -> CostPlayer:
        """A new player."""
        architecture = RewardArchitecture(spec, self.discriminator.hidden, self.state_only)
        if self.per_transition:
            return RewardClassifier(
                self.name, architecture, expert, self.discriminator, self.replay, self.reward.sign, generator
            )
        return TrajectoryClassifier(self.name, architecture, expert, self.discriminator, self.reward.sign, generator)
