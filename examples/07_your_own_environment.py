"""Imitation in an environment of your own: register it with Gymnasium, record an expert, train, use the policy.

Run it: python examples/07_your_own_environment.py
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: its idle threads must not spin

import tempfile
from pathlib import Path

import gymnasium
import numpy as np

from gail.approx import (
    DIFFERENCE,
    Demonstrations,
    Gail,
    Predictor,
    Provenance,
    TrainingSettings,
    deterministic,
    evaluate,
    save_policy,
    train_imitator,
    uniformly_random,
)
from gail.approx.evaluation import play_episodes
from gail.envs import make_vector


class Docking(gymnasium.Env):
    """A mass between two walls: thrust it to the dock at 0 and stay there. Observed: position and velocity."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.uniform((-2.0, -1.0), (2.0, 1.0))
        return self.state.copy(), {}

    def step(self, action):
        position, velocity = self.state
        velocity = 0.9 * velocity + 0.2 * float(np.clip(action[0], -1.0, 1.0))
        self.state = np.array([np.clip(position + 0.1 * velocity, -2.5, 2.5), velocity])
        return self.state.copy(), -abs(self.state[0]), False, False, {}


gymnasium.register("Docking-v0", Docking, max_episode_steps=50)

envs = make_vector("Docking-v0", 20, seed=0)
episodes = play_episodes(lambda seen: -(seen @ [[1.0], [1.0]]), envs)  # actions are clipped to the box
demonstrations = Demonstrations(episodes, Provenance("Docking-v0", "a controller: thrust -x - v"))

training = train_imitator(
    # Every episode lasts until the time limit: this reward form cannot change their length, and does not fade.
    Gail(reward=DIFFERENCE),
    make_envs=lambda entropy: make_vector("Docking-v0", 16, entropy),
    demonstrations=demonstrations,
    settings=TrainingSettings(120_000, 2_000),
    seed=0,
)

envs = make_vector("Docking-v0", 50, seed=1)
expert, random = episodes.returns.mean(), evaluate(uniformly_random(envs, seed=1), envs).mean
imitator = evaluate(deterministic(training.policy), envs).mean
print(f"expert {expert:.1f}, imitator {imitator:.1f}, random play {random:.1f}")
assert imitator > 0.5 * (expert + random)

with tempfile.TemporaryDirectory() as folder:
    save_policy(training.policy, Path(folder) / "docking.safetensors")
    pilot = Predictor.load(Path(folder) / "docking.safetensors")
thrust, _ = pilot.predict(np.array([1.5, 0.0]), deterministic=True)
print(f"at 1.5 and at rest, it thrusts {thrust[0]:+.2f}")
assert thrust[0] < 0.0
