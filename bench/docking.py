"""A small task of one's own for `keeping_pace.py`: a mass that should come to rest at 0, in episodes of 50 steps.

python bench/docking.py demonstrations.npz     # 20 episodes of a good controller
"""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray


class Docking(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Observed: position and velocity; the action is a thrust, and a step costs the distance from 0."""

    observation_space = gymnasium.spaces.Box(-3, 3, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start anywhere with position and velocity between -1 and 1."""
        super().reset(seed=seed)
        self.state = self.np_random.uniform(-1, 1, 2).astype(np.float32)
        return self.state.copy(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of friction and thrust."""
        speed = 0.9 * self.state[1] + 0.2 * float(np.clip(action[0], -1, 1))
        self.state = np.array([np.clip(self.state[0] + 0.1 * speed, -3, 3), speed], np.float32)
        return self.state.copy(), -abs(float(self.state[0])), False, False, {}


gymnasium.register("Docking-v0", entry_point="docking:Docking", max_episode_steps=50)

if __name__ == "__main__":
    import docking  # noqa: F401  # the registration looks for the class there

    from gail.approx import Demonstrations, Provenance, save_npz
    from gail.approx.evaluation import play_episodes
    from gail.envs import make_vector

    episodes = play_episodes(lambda seen: -(seen @ [[1.0], [1.0]]), make_vector("docking:Docking-v0", 20, seed=0))
    save_npz(Demonstrations(episodes, Provenance("docking:Docking-v0", "thrust -x - v")), sys.argv[1])
