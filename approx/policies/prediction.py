"""A trained policy with the interface of other libraries: `predict(observation) -> (action, state)`.

The calling convention is that of Stable-Baselines3. The input is one observation or a batch; the output is an action as
the environment takes it (clipped to the box, in its shape and type) and a state that is always None, because these
policies have no memory. Code that evaluates such models, for example
`stable_baselines3.common.evaluation.evaluate_policy`, takes a `Predictor`. A policy file, or the
folder of a run, is all that it needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gail.approx.atomic_files import StrPath
from gail.approx.policies.policy import Policy, load_policy


class Predictor:
    """A policy with a `predict` method."""

    def __init__(self, policy: Policy, seed: int = 0) -> None:
        """Wrap a policy; `seed` determines the sampled actions."""
        self.policy = policy
        self._generator = torch.Generator().manual_seed(seed)

    @classmethod
    def load(cls, path: StrPath, seed: int = 0) -> Predictor:
        """Read a policy's safetensors file, or that of a run's folder; raise `InvalidPolicyFile` for anything else."""
        return cls(load_policy(path), seed)

    def predict(
        self,
        observation: NDArray[Any],
        state: None = None,
        episode_start: NDArray[np.bool_] | None = None,
        deterministic: bool = False,
    ) -> tuple[NDArray[Any], None]:
        """Actions for one observation, shape (observation size,), or a batch of them, shape (N, observation size).

        Args:
            observation: the environment's observation as a vector (`gail.envs.wrappers.flat_spaces.flattened` makes it
                one).
            state: ignored, because the policy has no memory.
            episode_start: ignored, for the same reason.
            deterministic: take the mode of the action distribution instead of a sample.

        Returns:
            Actions: float32 in the box, shape (..., action size); or int64, shape (...), or (..., k) for k integers;
            and None.

        Raises:
            ValueError: observations of another size.
        """
        batch = np.asarray(observation)
        size = self.policy.spec.observation_size
        if batch.ndim not in (1, 2) or batch.shape[-1] != size:
            raise ValueError(f"observations have shape {batch.shape}: ({size},) or (N, {size}) is needed")
        rows = np.atleast_2d(batch)
        act = self.policy.act_deterministically if deterministic else self._sample
        actions = self.policy.spec.executed(act(rows))
        actions = actions.astype(np.float32 if self.policy.spec.continuous else np.int64, copy=False)
        return (actions if batch.ndim == 2 else actions[0]), None

    def _sample(self, observations: NDArray[Any]) -> NDArray[Any]:
        return self.policy.act(observations, self._generator)
