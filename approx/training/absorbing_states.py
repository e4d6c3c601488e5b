"""Absorbing states for learners: episodes of one length T, with an indicator in the observation.

Let an episode end in step K <= T. For the learner it continues until step T in an absorbing state,

    s_t -> (s_t, 0)  for t < K,      s_t = (0, 1), reward 0  for K <= t <= T

so the cost of ending an episode is learned like that of every other state, and the sign of the cost does not decide how
long episodes last (Kostrikov et al. 2019, section 4.2). Three parts need the absorbing state: the environment
(`AbsorbingEpisodes`), the demonstrations (`with_absorbing_steps`) and the cost player (`idle_when_absorbed`: actions
have no effect there, so they must not distinguish learner and expert). `without_indicator` removes the indicator from a
policy. This is exact, because the indicator is 0 wherever an action matters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gail.approx.cost_players.cost_player import CostPlayer, CostReport, MakeCostPlayer, Paced
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations
from gail.approx.policies.policy import Policy
from gail.approx.trajectories.trajectories import Trajectories


class AbsorbingEpisodes(VectorWrapper[Any, Any, Any]):
    """Copies whose episodes all last `horizon` steps, the last of them in the absorbing state; next-step autoreset.

    Args:
        envs: copies with vector observations and next-step autoreset, whose time limit, if any, is `horizon`.
        horizon: steps of every episode.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], horizon: int) -> None:
        super().__init__(envs)
        space = envs.single_observation_space
        if not isinstance(space, Box) or len(space.shape) != 1:
            raise ValueError(f"an indicator can be appended to vectors of observations, not to {space}")
        low, high = np.append(np.minimum(space.low, 0), 0), np.append(np.maximum(space.high, 0), 1)
        kind: Any = space.dtype
        self.single_observation_space = Box(low.astype(kind), high.astype(kind), dtype=kind)
        self.observation_space = batch_space(self.single_observation_space, envs.num_envs)
        self._horizon = horizon
        self._ages = np.zeros(envs.num_envs, dtype=np.int64)
        self._absorbed = np.zeros(envs.num_envs, dtype=bool)
        self._over = np.zeros(envs.num_envs, dtype=bool)  # the next step of these only resets
        self._observations: NDArray[Any] = np.zeros(self.observation_space.shape or (), dtype=kind)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, in all copies or in those of `options["reset_mask"]`."""
        observations, info = self.env.reset(seed=seed, options=options)
        begun = np.ones(self.num_envs, dtype=bool) if options is None else options["reset_mask"]
        self._begin(begun, observations)
        return self._observations.copy(), info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step the copies that are alive, keep the absorbed ones in place, and begin new episodes."""
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        begun = self._over.copy()
        alive = ~self._absorbed & ~begun
        self._ages += ~begun
        over = (self._ages == self._horizon) & ~begun
        early = alive & truncated & ~terminated & ~over
        if early.any():
            raise RuntimeError(
                f"{self.env} cut an episode after {self._ages[early][0]} steps: "
                f"a horizon of {self._horizon} is asked for"
            )
        self._absorbed |= alive & terminated
        self._show(observations)
        if begun.any():
            # An absorbed copy's simulator continued in the background: reset it now.
            fresh, _ = self.env.reset(options={"reset_mask": begun})
            self._begin(begun, fresh)
        self._over = over
        paid = np.where(alive, rewards, 0.0)
        return self._observations.copy(), paid, np.zeros(self.num_envs, dtype=bool), over, info

    def _begin(self, begun: NDArray[np.bool_], observations: NDArray[Any]) -> None:
        self._ages[begun], self._absorbed[begun], self._over[begun] = 0, False, False
        self._observations[begun] = _alive(observations[begun])

    def _show(self, observations: NDArray[Any]) -> None:
        self._observations = _alive(observations)
        self._observations[self._absorbed] = _absorbing(self._observations)


def with_absorbing_steps(demonstrations: Demonstrations, horizon: int) -> Demonstrations:
    """The demonstrations with an indicator, and steps in the absorbing state after each terminated episode.

    Raises:
        InvalidDemonstrations: steps are missing, an episode is longer than the horizon, or steps are weighted.
    """
    if not demonstrations.whole:
        raise InvalidDemonstrations("absorbing steps can be added to whole episodes only: these were subsampled")
    full = demonstrations.trajectories
    if full.weights is not None:
        raise InvalidDemonstrations("weights do not say what absorbing steps weigh: add the steps first, then weights")
    if full.lengths.max() > horizon:
        raise InvalidDemonstrations(
            f"episode {int(full.lengths.argmax())} has {full.lengths.max()} steps, the horizon is {horizon}"
        )
    added = np.where(full.terminated, horizon - full.lengths, 0)
    where = np.repeat(full.last_steps + 1, added)
    finals = _alive(full.final_observations)
    finals[full.terminated] = _absorbing(finals)
    observations = _alive(full.observations)
    longer = Trajectories(
        observations=np.insert(observations, where, _absorbing(observations), axis=0),
        actions=np.insert(full.actions, where, 0, axis=0),
        rewards=None if full.rewards is None else np.insert(full.rewards, where, 0.0),
        final_observations=finals,
        lengths=full.lengths + added,
        terminated=np.zeros_like(full.terminated),
        truncated=full.truncated | full.terminated,
    )
    return replace(demonstrations, trajectories=longer)


def idle_when_absorbed(make: MakeCostPlayer) -> MakeCostPlayer:
    """The cost player with every action in the absorbing state replaced by action 0, as in the demonstrations."""
    return lambda spec, expert, generator: _Idle(make(spec, expert, generator))


class _Idle:
    def __init__(self, player: CostPlayer) -> None:
        self._player = player
        self.state_dict = player.state_dict
        self.load_state_dict = player.load_state_dict

    def update(self, batch: Trajectories, policy: Policy, generator: torch.Generator) -> CostReport | None:
        return self._player.update(_idle(batch), policy, generator)

    def costs(self, batch: Trajectories) -> NDArray[np.float64]:
        return self._player.costs(_idle(batch))

    def keep_pace(self, pace: float) -> None:
        if isinstance(self._player, Paced):
            self._player.keep_pace(pace)


def without_indicator(policy: Policy) -> Policy:
    """The same policy for observations without the indicator, which is 0 in all of them."""
    size = policy.spec.observation_size - 1
    plain = Policy(replace(policy.spec, observation_size=size), policy.settings, torch.Generator())
    tensors = policy.state_dict()
    still = policy.moments(torch.zeros(size + 1, dtype=torch.float64))[-1]
    weight = tensors["network.0.weight"]
    tensors["network.0.bias"] = tensors["network.0.bias"] + still * weight[:, -1]
    tensors["network.0.weight"] = weight[:, :-1]
    for moment in ("moments.mean", "moments.variance"):
        tensors[moment] = tensors[moment][:-1]
    plain.load_state_dict(tensors)
    return plain


def _alive(observations: NDArray[Any]) -> NDArray[Any]:
    """Observations with the indicator 0."""
    alive: NDArray[Any] = np.concatenate([observations, np.zeros_like(observations[:, :1])], axis=1)
    return alive


def _absorbing(observations: NDArray[Any]) -> NDArray[Any]:
    """The absorbing state, as a row like those of `observations`."""
    row: NDArray[Any] = np.zeros_like(observations[0])
    row[-1] = 1
    return row


def _idle(batch: Trajectories) -> Trajectories:
    actions = batch.actions.copy()
    actions[batch.observations[:, -1] == 1] = 0
    return replace(batch, actions=actions)
