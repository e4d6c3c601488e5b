"""The reward form read off the ends of episodes: what the recipes of the table were given by hand, it finds."""

import numpy as np
import pytest

from gail.approx import ARRIVAL, DIFFERENCE, SURVIVAL, Demonstrations, Provenance, Trajectories, load_npz
from gail.envs.data import shipped_file
from gail.envs.tasks import TASKS
from gail.experiments.runs.recipes.episode_ends import RANDOM_EPISODES, suited_form
from gail.experiments.runs.recipes.imitation import imitation_recipe
from gail.experiments.train.evaluation import evaluate_random


def demonstrations(*lengths, terminated, stride=1):
    total = sum(lengths)
    episodes = Trajectories(
        observations=np.zeros((total, 1)),
        actions=np.zeros((total, 1)),
        rewards=None,
        final_observations=np.zeros((len(lengths), 1)),
        lengths=np.array(lengths),
        terminated=np.full(len(lengths), terminated),
        truncated=np.full(len(lengths), not terminated),
    )
    return Demonstrations(episodes, Provenance(None, "test", stride))


@pytest.mark.parametrize(
    ("expert", "random", "form", "reason"),
    [
        (demonstrations(50, 50, terminated=False), [50, 50], DIFFERENCE, "until the time limit of 50 steps"),
        (
            demonstrations(50, 50, terminated=False),
            [9, 20],
            SURVIVAL,
            "50 steps on average, those of random play 14",
        ),
        (demonstrations(40, 45, terminated=True), [9, 20], SURVIVAL, "stays alive"),
        (demonstrations(10, 12, terminated=True), [50, 50], ARRIVAL, "the expert ends them"),
        (demonstrations(10, 10, terminated=True), [50, 50], ARRIVAL, "the expert ends them"),
        (demonstrations(10, 10, terminated=True, stride=4), [30, 30], SURVIVAL, "last 40 steps"),
        (demonstrations(10, 12, terminated=False), [50, 49], SURVIVAL, "were cut"),
        (demonstrations(10, 12, terminated=False), [50, 50], DIFFERENCE, "until the time limit"),
    ],
)
def test_the_form_follows_from_who_lasts_longer(expert, random, form, reason):
    found, said = suited_form(expert, np.array(random), 50)
    assert found is form
    assert reason in said


HUMANOIDS = ("Humanoid-v5", "HumanoidStandup-v5")  # their demonstrations are recorded on first use


@pytest.mark.parametrize("name", [name for name in TASKS if name not in HUMANOIDS])
def test_on_the_tasks_of_the_table_it_is_the_recipes(name):
    task = TASKS[name]
    expert = load_npz(shipped_file(task.id, "demonstrations.npz")).first(4)
    lengths = evaluate_random(task.id, RANDOM_EPISODES, 0).lengths
    assert suited_form(expert, lengths, task.horizon)[0] is imitation_recipe(task.id).imitation().cost.reward
