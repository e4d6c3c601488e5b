"""Maximum causal entropy IRL by `imitation` on the cliff world of `seals`, beside what gail found.

    python -m venv peers && peers/bin/pip install -r bench/peers/requirements-imitation.txt
    peers/bin/python bench/peers/imitation_cliff_world.py instance.npz ... rows.csv

An instance, which `gail.experiments.bench.exact.measurements.cliff_world_row` writes, has the process (transitions (S,
A, S), cost (S, A), initial (S,), horizon, discount), gail's policy (T, S, A), and the seconds it took. The process must
be that of seals to the last bit.

The expert is soft-optimal for the rewards of the environment, by imitation's own recursion with the discount. MCEIRL
gets the expert's exact counts of states, one feature per state, and otherwise its defaults: Adam at 0.01, up to 1000
iterations. A row has the discounted counts of states, after every step and at the start: `error` is the l1 distance
of the counts of the returned policy from the expert's, `relative_error` that over their sum, `largest_error` the
largest of one state, and `largest_error_in_training` the largest that MCEIRL itself reported at its end. With a
discount below one the last two differ: MCEIRL trains the policy of the undiscounted recursion and returns that of
the discounted one.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
import torch
from imitation.algorithms import mce_irl
from imitation.rewards.reward_nets import BasicRewardNet
from seals.diagnostics.cliff_world import CliffWorldEnv

ITERATIONS = 1000


def environment(instance):
    """The cliff world of seals, which must be the instance's."""
    horizon = int(instance["horizon"])
    env = CliffWorldEnv(width=7, height=4, horizon=horizon, use_xy_obs=False)
    pairs = {
        "transitions": (env.transition_matrix, instance["transitions"]),
        "cost": (-env.reward_matrix[:, None] + np.zeros_like(instance["cost"]), instance["cost"]),
        "initial": (env.initial_state_dist, instance["initial"]),
    }
    for name, (theirs, ours) in pairs.items():
        if not np.array_equal(theirs, ours):
            raise SystemExit(f"{name} differ from those of seals, by up to {abs(theirs - ours).max():.3g}")
    return env


def counts(env, policy, discount):
    """(S,) discounted visits under a policy (T, S, A), the state after the last step included."""
    return mce_irl.mce_occupancy_measures(env, pi=policy, discount=discount)[1]


def trained(env, demonstrated, discount):
    """The policy that MCEIRL returns, the counts it ended its training with, and its seconds."""
    torch.manual_seed(0)
    net = BasicRewardNet(
        env.observation_space,
        env.action_space,
        hid_sizes=[],
        use_action=False,
        use_next_state=False,
        use_done=False,
    )
    learner = mce_irl.MCEIRL(demonstrated, env, net, np.random.default_rng(0), discount=discount, log_interval=None)
    began = time.perf_counter()
    reported = learner.train(max_iter=ITERATIONS)
    return learner.policy.pi, reported, time.perf_counter() - began


def row(learner, instance, demonstrated, found, seconds, **more):
    """One line of the table."""
    gap = abs(found - demonstrated)
    return {
        "learner": learner,
        "discount": float(instance["discount"]),
        "seconds": round(float(seconds), 4),
        "error": f"{gap.sum():.3e}",
        "relative_error": f"{gap.sum() / demonstrated.sum():.3e}",
        "largest_error": f"{gap.max():.3e}",
        "largest_error_in_training": more.get("reported", ""),
    }


def rows(instance):
    """MCEIRL and gail on one instance."""
    env, discount = environment(instance), float(instance["discount"])
    expert = mce_irl.mce_partition_fh(env, discount=discount)[2]
    demonstrated = counts(env, expert, discount)
    policy, reported, seconds = trained(env, demonstrated, discount)
    ended = f"{abs(reported - demonstrated).max():.3e}"
    yield row("imitation MCEIRL", instance, demonstrated, counts(env, policy, discount), seconds, reported=ended)
    yield row("gail", instance, demonstrated, counts(env, instance["policy"], discount), instance["seconds"])


def main(sources, target):
    """Solve the instances in files `sources`, and write the rows to file `target`."""
    table = []
    for source in sources:
        with np.load(source) as instance:
            for line in rows(instance):
                print(line, flush=True)
                table.append(line)
    with Path(target).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


if __name__ == "__main__":
    main(sys.argv[1:-1], sys.argv[-1])
