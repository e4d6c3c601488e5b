"""Vector environments with another reward, such as one that was learnt from demonstrations.

A step from s with action a to s' pays R(s, a, s', end) in place of the environment's own r(s, a, s'). `end` marks true
terminations. There the value of s' is 0, so a shaping term γ h(s') - h(s) has h(s') = 0; a time limit ends nothing, and
h(s') stays. With next-step autoreset, the step that only begins an episode is no transition: R is not asked, and the
reward is 0.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray

TRUE_REWARD = "true_reward"
"""Entry of the info in which the environment's own rewards are."""


class TransitionReward(Protocol):
    """A reward of transitions."""

    def __call__(
        self,
        observations: NDArray[Any],
        actions: NDArray[Any],
        next_observations: NDArray[Any],
        terminated: NDArray[np.bool_],
        /,
    ) -> NDArray[Any]:
        """Rewards of k transitions, shape (k,).

        Args:
            observations: before the step, as the environment gave them, shape (k, size).
            actions: as the environment was given them, shape (k, ...).
            next_observations: after the step, shape (k, size).
            terminated: true where the episode ended in a terminal state, not by a time limit, shape (k,).
        """


class RewardFailed(RuntimeError):
    """A reward has the wrong shape or is not finite; the message has the step and the value."""


def with_reward(envs: VectorEnv[Any, Any, Any], reward: TransitionReward) -> VectorEnv[Any, Any, Any]:
    """The same environments with the reward of a function.

    `info["true_reward"]` of each step has the environments' own rewards, shape (n,), and `info["_true_reward"]` is true
    where they belong to a transition.

    Args:
        envs: with next-step autoreset, as `make_vector` returns them.
        reward: called once a step, with the transitions of those copies that are not being reset; not at all if there
            are none.

    Raises:
        RewardFailed: on `step`, the function returned another shape or a number that is not finite.
    """
    return _WithReward(envs, reward)


class _WithReward(VectorWrapper[Any, Any, Any]):
    def __init__(self, envs: VectorEnv[Any, Any, Any], reward: TransitionReward) -> None:
        super().__init__(envs)
        self._reward = reward
        self._observations: Any = None
        self._ended = np.zeros(envs.num_envs, dtype=np.bool_)  # the next step of these begins an episode
        self._taken = 0

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all copies, or those of `options["reset_mask"]`."""
        observations, info = self.env.reset(seed=seed, options=options)
        fresh = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, dtype=np.bool_)))
        self._ended = self._ended & ~fresh
        self._observations = np.array(observations)
        return observations, info

    def step(self, actions: Any) -> tuple[Any, NDArray[np.float64], Any, Any, dict[str, Any]]:
        """Step all copies; rewards are the function's."""
        observations, own, terminated, truncated, info = self.env.step(actions)
        self._taken += 1
        real = ~self._ended
        rewards = np.zeros(self.num_envs)
        if real.any():
            rewards[real] = self._rewards(
                self._observations[real], np.asarray(actions)[real], observations[real], terminated[real]
            )
        self._ended = terminated | truncated
        self._observations = np.array(observations)
        return observations, rewards, terminated, truncated, {**info, TRUE_REWARD: own, f"_{TRUE_REWARD}": real}

    def _rewards(self, *transitions: NDArray[Any]) -> NDArray[np.float64]:
        rewards = np.asarray(self._reward(*transitions), dtype=np.float64)
        needed = (len(transitions[0]),)
        if rewards.shape != needed:
            raise RewardFailed(f"step {self._taken}: the rewards have shape {rewards.shape}, {needed} is needed")
        if not np.isfinite(rewards).all():
            worst = int(np.flatnonzero(~np.isfinite(rewards))[0])
            observation, action, following, _ = (part[worst] for part in transitions)
            raise RewardFailed(
                f"step {self._taken}: the reward of a transition is {rewards[worst]}, from {_short(observation)} with "
                f"action {_short(action)} to {_short(following)}"
            )
        return rewards


def _short(values: NDArray[Any]) -> str:
    return np.array2string(values, precision=4, threshold=8, edgeitems=3, max_line_width=1000)
