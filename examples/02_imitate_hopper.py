"""Imitate a hopping robot from 4 sparse trajectories, as a library: no command line, no reward.

Run it: python examples/02_imitate_hopper.py            (100,000 steps, under a minute: it begins to hop)
        python examples/02_imitate_hopper.py 1500000    (the demo's budget: it hops like the expert)
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: its idle threads must not spin

import sys

from gail.approx import Gail, TrainingSettings, deterministic, evaluate, load_npz, train_imitator, uniformly_random
from gail.envs import make_vector
from gail.envs.data import shipped_file

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
demonstrations = load_npz(shipped_file("Hopper-v5", "demonstrations.npz")).first(4).subsample(20, seed=0)
print(f"{demonstrations.trajectories.num_steps} state-action pairs: {demonstrations.provenance.source}")


def show(training, report):
    if training.iteration % 5 == 0 and len(report.batch.episode_returns):
        true_return = report.batch.episode_returns.mean()
        print(f"{training.env_steps:>9,} steps   true return (not seen by the algorithm) {true_return:6.0f}")


training = train_imitator(
    Gail(),  # generative adversarial imitation learning; Fem() and Gtal() are others
    make_envs=lambda entropy: make_vector("Hopper-v5", 32, entropy),
    demonstrations=demonstrations,
    settings=TrainingSettings(env_steps=steps),
    seed=0,
    on_iteration=show,
)

envs = make_vector("Hopper-v5", 10, seed=1)
imitator = evaluate(deterministic(training.policy), envs)
random = evaluate(uniformly_random(envs, seed=1), envs)
print(f"imitator {imitator.mean:.0f} ± {imitator.std:.0f}, random play {random.mean:.0f} ± {random.std:.0f}")
assert imitator.mean > 5 * random.mean
