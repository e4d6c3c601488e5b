"""Learning curves: no episode is lost or counted twice, and biased iterations after a restart are left out."""

from dataclasses import replace

import numpy as np

from gail.experiments.runs.config import Simulator
from gail.experiments.runs.learning_curves import biased_iterations, read_learning_curve, write_learning_curve
from gail.experiments.runs.recipes.expert import expert_recipe

CONFIG = expert_recipe("Reacher-v5")


def metrics(count):
    rng = np.random.default_rng(0)
    episodes = rng.integers(4, size=count)
    return [
        {
            "iteration": str(i + 1),
            "env_steps": str(100 * (i + 1)),
            "episodes": str(n),
            "true_return": str(rng.normal()) if n else "",
        }
        for i, n in enumerate(episodes)
    ]


def with_settings(num_envs=16, **changes):
    learner = CONFIG.learner
    changed = replace(learner, training=replace(learner.training, **changes), simulator=Simulator(num_envs))
    return replace(CONFIG, learner=changed)


def test_bins_hold_the_mean_over_their_episodes(tmp_path):
    rows = metrics(1_000)
    config = with_settings(checkpoint_every=2_000)
    write_learning_curve(config, rows, tmp_path / "curve.csv")
    lines = (tmp_path / "curve.csv").read_text().splitlines()
    assert lines[0] == "env_steps,episodes,mean_return"
    assert len(lines) == 401
    episodes = np.array([int(line.split(",")[1]) for line in lines[1:]])
    counts = np.array([int(row["episodes"]) for row in rows])
    assert episodes.sum() == counts.sum()
    steps, returns = read_learning_curve(tmp_path / "curve.csv")
    total = sum(int(row["episodes"]) * float(row["true_return"]) for row in rows if row["true_return"])
    np.testing.assert_allclose(episodes[episodes > 0] @ returns, total, rtol=1e-5)
    assert steps[-1] == 100_000
    # The first bin holds the first three iterations.
    first = [(int(row["episodes"]), float(row["true_return"])) for row in rows[:3] if row["true_return"]]
    np.testing.assert_allclose(returns[0], sum(n * r for n, r in first) / sum(n for n, _ in first), rtol=1e-6)


def test_iterations_too_young_for_a_whole_episode_are_left_out(tmp_path):
    # An episode of 50 steps in 16 copies takes 800 steps: 2 batches of 400.
    config = with_settings(checkpoint_every=10, batch_size=400)
    found = biased_iterations(config, np.arange(1, 31))
    assert np.flatnonzero(found).tolist() == [10, 11, 20, 21]
    rows = metrics(30)
    write_learning_curve(config, rows, tmp_path / "curve.csv")
    lines = (tmp_path / "curve.csv").read_text().splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == [100 * (i + 1) for i in range(30) if not found[i]]
