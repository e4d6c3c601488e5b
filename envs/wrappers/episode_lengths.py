"""Episodes of one fixed length, so that a learner gains nothing from the length of an episode.

An imitator's cost is learnt, and its sign depends on its parametrisation. If every cost is negative, long episodes are
better for the learner, whatever the expert did; if every cost is positive, short ones are. Episodes of exactly T steps
remove both effects. Let the original episode end after step K <= T in the state s_K. Then

    s_t = s_K   and   reward_t = 0   for K < t <= T

(`FixedHorizon`), or, if the learner must observe the end, a separate absorbing state replaces s_K,

    s_t -> (s_t, 0)  for t < K,      s_t -> (0, 1)  for K <= t <= T

(`AbsorbingStates`): the last entry, an indicator, distinguishes the absorbing state from all others, and the cost is
learnt there as in every other state. Both keep the sum of an episode's rewards.

Kostrikov, Agrawal, Dwibedi, Levine and Tompson (2019), "Discriminator-Actor-Critic", section 4.2. Demonstrations need
the same absorbing steps.
"""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box, Discrete
from gymnasium.utils import RecordConstructorArgs

from gail.envs.wrappers.flat_spaces import UnsupportedEnvironment


class FixedHorizon(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Episodes of exactly `horizon` steps: after the original's end its last observation is repeated, with reward 0.

    `terminated` is never set; `truncated` is set at step `horizon` only. Actions after the original's end
    are ignored.

    Args:
        env: any environment.
        horizon: steps of every episode; None for the environment's own time limit.

    Raises:
        ValueError: `horizon` is below one or beyond the environment's own time limit, or neither is given.
        RuntimeError: on `step`, the environment truncated an episode before the horizon.
        gymnasium.error.ResetNeeded: `step` before `reset`, or after the last step.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], horizon: int | None = None) -> None:
        RecordConstructorArgs.__init__(self, horizon=horizon)
        gymnasium.Wrapper.__init__(self, env)
        limit = None if env.spec is None else env.spec.max_episode_steps
        chosen = limit if horizon is None else horizon
        if chosen is None:
            raise ValueError(f"{env} has no time limit of its own: give the horizon")
        if chosen < 1 or (limit is not None and chosen > limit):
            raise ValueError(f"horizon is {chosen}: {env} allows 1 to {'any number' if limit is None else limit}")
        self.horizon = chosen
        self._elapsed: int | None = None
        self._final_observation: Any = None
        self._ended = False

    @property
    def ended(self) -> bool:
        """True after the step that ended the original episode."""
        return self._ended

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]  # a read-only property in the parent, too
        """The environment's registration, with the horizon as its time limit."""
        spec = super().spec
        if spec is not None:
            spec.max_episode_steps = self.horizon
        return spec

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self._elapsed, self._ended = 0, False
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment; after the original episode's end, repeat its last observation."""
        if self._elapsed is None or self._elapsed == self.horizon:
            raise gymnasium.error.ResetNeeded(f"call reset() first: every episode lasts {self.horizon} steps")
        self._elapsed += 1
        out_of_time = self._elapsed == self.horizon
        if self._ended:
            return copy.deepcopy(self._final_observation), 0.0, False, out_of_time, {}
        observation, reward, terminated, truncated, info = self.env.step(action)
        if terminated:
            self._ended, self._final_observation = True, copy.deepcopy(observation)
        elif truncated and not out_of_time:
            raise RuntimeError(
                f"{self.env} truncated its episode after {self._elapsed} steps: the horizon is {self.horizon}, "
                f"but it can be at most {self._elapsed}"
            )
        return observation, reward, False, out_of_time, info


class AbsorbingStates(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """A fixed horizon with an indicator of the absorbing state: `AbsorbingStates(FixedHorizon(env))`.

    Vectors get one more entry: (observation, 0) before the original episode's end, and (0, ..., 0, 1) from then on.
    Finite sets of observations get one more element, the largest, for the absorbing state.

    Raises:
        UnsupportedEnvironment: observations are neither vectors nor of a finite set.
    """

    def __init__(self, env: FixedHorizon) -> None:
        RecordConstructorArgs.__init__(self)
        gymnasium.ObservationWrapper.__init__(self, env)
        self._fixed = env
        space = env.observation_space
        if isinstance(space, Discrete):
            self.observation_space = Discrete(int(space.n) + 1, start=int(space.start))
            self._absorbing: Any = space.start + space.n
        elif isinstance(space, Box) and len(space.shape) == 1:
            # Zero must lie in the space, whatever the bounds of the original.
            low, high = np.append(np.minimum(space.low, 0), 0), np.append(np.maximum(space.high, 0), 1)
            kind: Any = space.dtype
            self.observation_space = Box(low.astype(kind), high.astype(kind), dtype=kind)
            self._absorbing = np.append(np.zeros_like(space.low), 1).astype(kind)
        else:
            raise UnsupportedEnvironment(
                f"{env}: an indicator can be appended to vectors and finite sets of observations, not to {space}; "
                "flatten them first (gymnasium.wrappers.FlattenObservation)"
            )

    def observation(self, observation: Any) -> Any:
        """The observation with its indicator."""
        if self._fixed.ended:
            return copy.deepcopy(self._absorbing)
        if isinstance(self.observation_space, Discrete):
            return observation
        return np.append(observation, 0).astype(self.observation_space.dtype)
