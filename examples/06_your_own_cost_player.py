"""A cost player of your own: the kernel two-sample witness, large where the learner is and the expert is not.

    c(s, a) = sum_j w_j phi_j(s, a),   w = mean of phi over the learner's pairs - mean of phi over the expert's

with phi random Fourier features (Rahimi & Recht 2007), so that |w| estimates the maximum mean discrepancy of the two.
Four methods make it a player; the loop and its trust region are those of every algorithm here.

Run it: python examples/06_your_own_cost_player.py
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: its idle threads must not spin

import math

import torch

from gail.approx import TrainingSettings, deterministic, evaluate, load_npz, uniformly_random
from gail.approx.cost_players.cost_player import CostReport
from gail.approx.training.imitation import imitation_against
from gail.envs import make_vector
from gail.envs.data import shipped_file


class Witness:
    """Cost player: nothing to train, so nothing to save."""

    def __init__(self, spec, expert, generator, features=512, width=1.5):
        self.spec = spec
        pairs = spec.encode_pairs(expert.observations, expert.actions)
        self.mean, self.std = pairs.mean(0), pairs.std(0) + 1e-6
        self.frequencies = torch.randn(spec.pair_size, features, generator=generator, dtype=torch.float64) / width
        self.phases = 2.0 * math.pi * torch.rand(features, generator=generator, dtype=torch.float64)
        self.expert = self.phi(expert).mean(0)
        self.weights = torch.zeros(features, dtype=torch.float64)

    def phi(self, batch):
        pairs = (self.spec.encode_pairs(batch.observations, batch.actions) - self.mean) / self.std
        return (2.0 / len(self.phases)) ** 0.5 * torch.cos(pairs @ self.frequencies + self.phases)

    def update(self, batch, policy, generator):
        gap = self.phi(batch).mean(0) - self.expert
        self.weights = gap / gap.norm()
        return CostReport(feature_distance=float(gap.norm()))

    def costs(self, batch):
        # |phi| <= sqrt 2. Minus this bound, no cost is positive, so ending an episode early never pays.
        return (self.phi(batch) @ self.weights - math.sqrt(2.0)).numpy()

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


demonstrations = load_npz(shipped_file("CartPole-v1", "demonstrations.npz")).first(1).subsample(10, seed=0)
settings = TrainingSettings(env_steps=100_000, batch_size=2_000)
training = imitation_against(
    Witness, lambda entropy: make_vector("CartPole-v1", 8, entropy), demonstrations, settings, seed=0
)
while not training.finished:
    report = training.step()
    if training.iteration % 10 == 0:
        print(f"{training.env_steps:>7,} steps   estimated discrepancy {report.cost.feature_distance:.3f}")

envs = make_vector("CartPole-v1", 20, seed=1)
imitator, random = evaluate(deterministic(training.policy), envs), evaluate(uniformly_random(envs, seed=1), envs)
print(f"imitator {imitator.mean:.0f}, random play {random.mean:.0f}, of 500")
assert imitator.mean > 10 * random.mean
