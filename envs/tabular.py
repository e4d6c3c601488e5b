"""Finite MDPs as Gymnasium environments, which sample the same MDPs that ``gail.exact`` solves.

One step from state s with action a pays the reward -c(s, a) and draws s' from the row P(·|s, a) by inverse
CDF: with u uniform on [0, 1), s' is the first stored successor whose cumulative probability exceeds u. The row of
a terminal state may sum to less than one; the missing mass is the probability that the episode ends after this
action. Then ``terminated`` is true, the reward is still paid, and the observation is s again, because s has no
successor. For full episodes

    E[Σ_t γ^t 1(s_t = s, a_t = a)] = ρ_π(s, a)   and   E[Σ_t γ^t reward_t] = -⟨ρ_π, c⟩.

The environment does not apply the discount; averages over episodes apply it, as the weights γ^t above. An episode
cut at a horizon is ``truncated``, never also ``terminated``.

Restarts apply the discount by sampling. If an episode is cut with probability q = 1 - γ after each step, it has a step
t with probability γ^t times that of the uncut one. So the unweighted visits of many episodes are in proportion to ρ_π:
their share of all steps tends to ρ_π(s, a) / Σρ_π, which is (1 - γ) ρ_π(s, a) if no episode ends by itself. Such a cut
is a truncation: a learner that estimates values with discount γ bootstraps there, without bias. The shares need time
after a reset: all copies begin at p0, and after n steps a copy is still in its first episode with probability at most
γ^n. For the first n steps of every copy, the shares are off by at most 1 / (n (1 - γ)) in total variation. If episodes
continue from batch to batch, this error occurs once per reset.

Both environments use one uniform number per copy and step, so a :class:`TabularEnv` and a one-copy
:class:`TabularVectorEnv` with the same seed and actions follow the same path; restarts use another one.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import scipy.sparse as sp
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from gail.exact.process.finite_mdp import FiniteMDP, validate_cost

ENDED = -1  # in place of a next state: the episode has ended


class TabularEnv(gymnasium.Env[Any, Any]):
    """A finite MDP with a cost, as a single environment with Discrete observations and actions.

    It never truncates, and an MDP without terminal states runs for ever: ``gymnasium.wrappers.TimeLimit``
    adds truncation.

    Args:
        mdp: the dynamics, with S states and A actions.
        cost: c(s, a), shape (S, A), finite; the reward is its negative.

    Raises:
        ValueError: ``cost`` has the wrong shape or is not finite; on ``step``, an action outside 0..A-1.
        gymnasium.error.ResetNeeded: ``step`` before ``reset``, or after the episode has ended.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (declared so by Gymnasium)

    def __init__(self, mdp: FiniteMDP, cost: ArrayLike) -> None:
        self._dynamics = _Dynamics(mdp, cost)
        self.observation_space = gymnasium.spaces.Discrete(mdp.num_states)
        self.action_space = gymnasium.spaces.Discrete(mdp.num_actions)
        self._state: NDArray[np.int64] | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Begin an episode at a state drawn from p0; returns it and an empty info."""
        super().reset(seed=seed)
        self._state = self._dynamics.starts(self.np_random.random(1))
        return int(self._state[0]), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Take ``action``: (observation, reward, terminated, False, {})."""
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before the first step and after an episode's end")
        rows = self._dynamics.rows(self._state, np.array([action]))
        successor = self._dynamics.successors(rows, self.np_random.random(1))
        terminated = bool(successor[0] == ENDED)
        observation = self._state if terminated else successor
        self._state = None if terminated else successor
        return int(observation[0]), float(self._dynamics.rewards[rows[0]]), terminated, False, {}


class TabularVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """``num_envs`` independent copies of a finite MDP, stepped together by array operations.

    All copies share one generator, seeded by ``reset(seed=...)``. Autoreset is Gymnasium's next-step mode:
    the step after a copy's episode ended ignores its action, pays 0, and returns a fresh start, neither
    terminated nor truncated. Such a step is no transition of the MDP.

    Args:
        mdp: the dynamics, with S states and A actions.
        cost: c(s, a), shape (S, A), finite; the reward is its negative.
        num_envs: number n of copies, at least one.
        horizon: steps after which an unfinished episode is truncated, at least one; None for never.
        restart: probability, in [0, 1), that an unfinished episode is truncated after a step; 1 - γ for the
            discounted problem.

    Raises:
        ValueError: an argument outside the ranges above; on ``step``, actions that are not n integers in
            0..A-1.
        gymnasium.error.ResetNeeded: ``step`` before ``reset``.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (declared so by Gymnasium)
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self, mdp: FiniteMDP, cost: ArrayLike, num_envs: int, *, horizon: int | None, restart: float = 0.0
    ) -> None:
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1, got {num_envs}")
        if horizon is not None and horizon < 1:
            raise ValueError(f"horizon must be at least 1, or None for no truncation, got {horizon}")
        if not 0.0 <= restart < 1.0:
            raise ValueError(f"restart must be a probability below 1 (1 - discount, or 0 for none), got {restart}")
        self._dynamics = _Dynamics(mdp, cost)
        self.num_envs = num_envs
        self.horizon = horizon
        self.restart = restart
        self.single_observation_space = gymnasium.spaces.Discrete(mdp.num_states)
        self.single_action_space = gymnasium.spaces.Discrete(mdp.num_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._states: NDArray[np.int64] | None = None
        self._elapsed = np.zeros(num_envs, dtype=np.int64)
        self._finished = np.zeros(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.int64], dict[str, Any]]:
        """Begin an episode in every copy; returns the states, shape (n,), and an empty info.

        Raises:
            ValueError: options request a reset of some copies only, which next-step autoreset does not
                support.
        """
        if options and "reset_mask" in options:
            raise ValueError("copies reset themselves (next-step autoreset): reset_mask is not supported")
        super().reset(seed=seed)
        self._states = self._dynamics.starts(self.np_random.random(self.num_envs))
        self._elapsed = np.zeros(self.num_envs, dtype=np.int64)
        self._finished = np.zeros(self.num_envs, dtype=np.bool_)
        return self._states.copy(), {}

    def step(
        self, actions: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step every copy: (observations, rewards, terminations, truncations, {}), arrays of shape (n,)."""
        if self._states is None:
            raise gymnasium.error.ResetNeeded("call reset() before the first step")
        uniforms = self.np_random.random(self.num_envs)
        rows = self._dynamics.rows(self._states, np.asarray(actions))
        states = self._dynamics.successors(rows, uniforms)
        rewards = self._dynamics.rewards[rows]
        terminations = states == ENDED
        if terminations.any():
            states = np.where(terminations, self._states, states)
        self._elapsed += 1
        if self._finished.any():
            self._restart(states, rewards, terminations, uniforms)
        truncations = self._out_of_time() & ~terminations
        self._states = states
        self._finished = terminations | truncations
        return states.copy(), rewards, terminations, truncations, {}

    def _restart(
        self,
        states: NDArray[np.int64],
        rewards: NDArray[np.float64],
        terminations: NDArray[np.bool_],
        uniforms: NDArray[np.float64],
    ) -> None:
        """Replace the results of the finished copies by fresh starts, in place."""
        finished = np.flatnonzero(self._finished)
        states[finished] = self._dynamics.starts(uniforms[finished])
        rewards[finished] = 0.0
        terminations[finished] = False
        self._elapsed[finished] = 0

    def _out_of_time(self) -> NDArray[np.bool_]:
        over = np.zeros(self.num_envs, dtype=np.bool_) if self.horizon is None else self._elapsed >= self.horizon
        if self.restart > 0.0:
            # A fresh start has no step yet: a cut there would end an empty episode.
            over |= (self.np_random.random(self.num_envs) < self.restart) & (self._elapsed > 0)
        return over


class _Dynamics:
    """Rewards, start states and successors of an MDP for arrays of states, actions and uniform numbers."""

    def __init__(self, mdp: FiniteMDP, cost: ArrayLike) -> None:
        self.num_actions = mdp.num_actions
        self.rewards = -validate_cost(mdp, cost).ravel()
        # Dividing by the last sum makes it exactly one: every uniform number lies below it.
        self._start_cdf = np.cumsum(mdp.initial)
        self._start_cdf /= self._start_cdf[-1]
        transitions = mdp.transitions
        self._first = transitions.indptr[:-1].astype(np.int64)
        self._end = transitions.indptr[1:].astype(np.int64)
        may_end = np.repeat(mdp.terminal, mdp.num_actions)
        # Where no episode may end, the search stops at the last successor, even if rounding leaves a sum below 1.
        self._last = np.where(may_end, self._end, self._end - 1)
        widest = int((self._last - self._first).max())
        self._strides = [1 << bit for bit in reversed(range(widest.bit_length()))]
        self._cdf = np.append(_row_cdf(transitions), np.full(1 + widest, np.inf))
        self._targets = np.append(transitions.indices.astype(np.int64), ENDED)

    def rows(self, states: NDArray[np.int64], actions: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """s·A + a for each pair; ValueError on actions of another shape or outside 0..A-1."""
        if actions.shape != states.shape or not np.issubdtype(actions.dtype, np.integer):
            raise ValueError(f"need {states.size} integer actions, got {actions.dtype} of shape {actions.shape}")
        if actions.min() < 0 or actions.max() >= self.num_actions:
            raise ValueError(f"actions lie in 0..{self.num_actions - 1}, got {actions.min()} to {actions.max()}")
        return states * self.num_actions + actions

    def starts(self, uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
        """A state of p0 for each uniform number."""
        return np.searchsorted(self._start_cdf, uniforms, side="right")

    def successors(self, rows: NDArray[np.int64], uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
        """A next state of each row for each uniform number, or ``ENDED``.

        All rows are bisected at once: a position advances by falling powers of two while the cumulative
        probability before it does not exceed u. This takes log2(largest number of successors) rounds,
        independent of the number of states.
        """
        position, last = self._first[rows], self._last[rows]
        for stride in self._strides:
            ahead = position + stride
            advances = (ahead <= last) & (self._cdf[ahead - 1] <= uniforms)
            position = np.where(advances, ahead, position)
        return np.where(position < self._end[rows], self._targets[position], ENDED)


def _row_cdf(transitions: sp.csr_array) -> NDArray[np.float64]:
    """Cumulative probabilities within each row, in stored order, shape (nnz,)."""
    # One running sum over all rows, less its value at each row's start. Extended precision, where the machine
    # has it, keeps the subtraction exact to 1e-12 for millions of rows.
    running = np.append(0.0, np.cumsum(transitions.data, dtype=np.longdouble))
    before = np.repeat(running[transitions.indptr[:-1]], np.diff(transitions.indptr))
    cumulative: NDArray[np.float64] = (running[1:] - before).astype(np.float64)
    return cumulative
