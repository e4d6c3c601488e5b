"""A small map on which a training takes well under a second."""

from dataclasses import replace

import pytest
import torch

from gail.envs import gridworld
from gail.exact import regularizers, solve_rl
from gail.experiments.compare import Limits, Preset, SampledSettings, pose
from gail.experiments.verify.instances import Instance

torch.set_num_threads(1)

SETTINGS = SampledSettings(batch=1_000, iterations=25, copies=50, discriminator_rate=0.3, max_kl=0.01)
LIMITS = Limits(excess=0.1, variation=0.15)
SMALL = Preset(SETTINGS, replace(SETTINGS, hidden=(8,), discriminator_rate=0.03), LIMITS, LIMITS)


def small_instance(weight=0.5, discount=0.8, text="S..\n.#G"):
    task = gridworld(text, discount=discount)
    expert = solve_rl(task.mdp, task.cost, weight).require_optimal()
    return Instance("small", task.mdp, expert.occupancy, task.cost, task.layout)


@pytest.fixture
def instance():
    return small_instance()


@pytest.fixture
def problem(instance):
    return pose(instance, regularizers.Logistic())


@pytest.fixture
def preset():
    return SMALL
