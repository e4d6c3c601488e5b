"""User environments with any Box or Discrete spaces: flattening keeps the dynamics."""

import importlib
import sys

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, Sequence, Text

from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.sampler import Sampler
from gail.envs import UnknownTask, UnsupportedEnvironment, find_task, make_vector
from gail.envs.wrappers.flat_spaces import flattened

PACKAGE = '''
import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, Text, Tuple

class Grid(gymnasium.Env):
    """A 2x3 picture of a dot that moves by the sum of a 2x1 action's rows, ending in the corner."""

    observation_space = Box(0, 255, (2, 3), np.uint8)
    action_space = Box(-1.0, 1.0, (2, 1), np.float32)

    def _picture(self):
        picture = np.zeros((2, 3), np.uint8)
        picture.flat[self.dot] = 255
        return picture

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.dot = int(self.np_random.integers(5))
        return self._picture(), {}

    def step(self, action):
        assert action.shape == (2, 1), action.shape
        self.dot = int(np.clip(self.dot + np.sign(action.sum()), 0, 5))
        return self._picture(), float(self.dot), self.dot == 5, False, {}

class Line(gymnasium.Env):
    """Positions 3 to 7, moved by the action -1, 0 or 1."""

    observation_space = Discrete(5, start=3)
    action_space = Discrete(3, start=-1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.position = 3 + int(self.np_random.integers(5))
        return self.position, {}

    def step(self, action):
        assert action in self.action_space, action
        self.position = min(max(self.position + int(action), 3), 7)
        return self.position, 0.0, False, False, {}

class Pair(Line):
    observation_space = Tuple((Discrete(2), Text(5)))

gymnasium.register("Grid-v0", Grid, max_episode_steps=20)
gymnasium.register("Line-v0", Line, max_episode_steps=6)
gymnasium.register("Endless-v0", Line)
gymnasium.register("Pair-v0", Pair, max_episode_steps=6)
gymnasium.register("Broken-v0", "nowhere_to_be_found:Env", max_episode_steps=6)
'''
NAMES = ("Grid-v0", "Line-v0", "Endless-v0", "Pair-v0", "Broken-v0")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The name of a package that registers environments when it is imported."""
    (tmp_path / "gail_test_worlds").mkdir()
    (tmp_path / "gail_test_worlds" / "__init__.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield "gail_test_worlds"
    sys.modules.pop("gail_test_worlds", None)
    for name in NAMES:
        gymnasium.registry.pop(name, None)


def test_facts_are_those_of_the_registration(package):
    task = find_task(f"{package}:Grid-v0")
    assert (task.id, task.observation_size, task.action_size) == (f"{package}:Grid-v0", 6, 2)
    assert (task.continuous, task.horizon, task.subsample) == (True, 20, 1)
    assert task.paper_interactions is None
    assert task.dataset_sizes[-1] <= task.full_trajectories
    line = find_task(f"{package}:Line-v0")
    assert (line.observation_size, line.action_size, line.continuous, line.horizon) == (5, 3, False, 6)
    assert find_task("Line-v0").horizon == 6  # registered by the import above
    assert find_task("Pendulum-v1").horizon == 200


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("{}:Nothing-v0", UnknownTask, "was imported, but registers no environment of that name"),
        ("no_such_module:Line-v0", UnknownTask, "importing 'no_such_module' failed.*PYTHONPATH"),
        (":Pendulum-v1", UnknownTask, "known tasks are"),
        ("{}:Endless-v0", UnsupportedEnvironment, "no time limit: register it with max_episode_steps"),
        ("{}:Pair-v0", UnsupportedEnvironment, r"its observations hold Text.*Dict and Tuple of these"),
        ("{}:Broken-v0", UnsupportedEnvironment, "cannot be made: No module named 'nowhere_to_be_found'"),
    ],
)
def test_what_cannot_be_used_says_why(package, name, error, message):
    for use in (find_task, lambda task: make_vector(task, 1, 0)):
        with pytest.raises(error, match=message):
            use(name.format(package))


def test_pictures_and_matrices_become_vectors(package):
    envs = make_vector(f"{package}:Grid-v0", 3, 0)
    assert envs.single_observation_space == Box(0, 255, (6,), np.float32)
    assert envs.single_action_space == Box(-1, 1, (2,), np.float32)
    observations, _ = envs.reset()
    assert observations.dtype == np.float32
    assert (observations.sum(axis=1) == 255).all()
    dots = observations.argmax(axis=1)
    after, rewards, terminated, _, _ = envs.step(np.tile(np.float32([1.0, -0.25]), (3, 1)))
    np.testing.assert_array_equal(after.argmax(axis=1), dots + 1)
    np.testing.assert_array_equal(rewards, dots + 1)
    np.testing.assert_array_equal(terminated, dots == 4)
    envs.close()


def test_finite_sets_become_unit_vectors_and_actions_from_zero(package):
    envs = make_vector(f"{package}:Line-v0", 4, 0)
    assert envs.single_action_space == Discrete(3)
    before, _ = envs.reset()
    assert set(map(tuple, before)) <= set(map(tuple, np.eye(5)))
    after = envs.step(np.full(4, 2))[0]
    np.testing.assert_array_equal(after.argmax(axis=1), np.minimum(before.argmax(axis=1) + 1, 4))
    envs.close()


def test_seeds_decide_the_episodes(package):
    def starts(seed):
        envs = make_vector(f"{package}:Line-v0", 20, seed)
        found = np.concatenate([envs.reset()[0], envs.reset()[0], envs.reset(seed=seed)[0]])
        envs.close()
        return found.argmax(axis=1).reshape(3, 20)

    first, again, other = starts(1), starts(1), starts(2)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[0], first[2])
    assert (first[0] != first[1]).any() and (first[0] != other[0]).any()


@pytest.mark.parametrize("name", ["Grid-v0", "Line-v0"])
def test_a_policy_can_be_sampled_in_it(package, name):
    envs = make_vector(f"{package}:{name}", 4, 0)
    spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    policy = Policy(spec, PolicySettings(), torch.Generator().manual_seed(0))
    batch = Sampler(envs).collect(policy, 100, torch.Generator().manual_seed(0))
    assert batch.trajectories.num_steps >= 100
    assert batch.episode_lengths.max() <= find_task(f"{package}:{name}").horizon
    envs.close()


def test_what_is_flat_stays_as_it_is():
    env = gymnasium.make("Pendulum-v1")
    assert flattened(env) is env


class Spaces(gymnasium.Env):
    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space


@pytest.mark.parametrize(
    ("observation_space", "action_space", "message"),
    [
        (Dict(a=Discrete(2), b=Sequence(Discrete(2))), Discrete(2), "observations hold Sequence"),
        (Discrete(2), Text(5), "actions are Text"),
        (Discrete(2), Dict(a=Discrete(2)), "actions are Dict"),
        (Discrete(2), Box(0, np.iinfo(np.int64).max, (1,), np.int64), "choices per integer"),
        (Box(0, 255, (84, 84, 3), np.uint8), Discrete(2), r"images of shape \(84, 84, 3\).*ResizeObservation"),
        (Dict(a=Box(0, 255, (64, 64), np.uint8)), Discrete(2), r"images of shape \(64, 64\)"),
        (Discrete(10**6), Discrete(2), "flattens to 1,000,000 numbers"),
        (Box(0, 1, (0,)), Discrete(2), "flattens to 0 numbers"),
    ],
)
def test_other_spaces_are_named(observation_space, action_space, message):
    with pytest.raises(UnsupportedEnvironment, match=message):
        flattened(Spaces(observation_space, action_space))


def test_a_single_number_becomes_a_vector():
    env = flattened(Spaces(Box(-1, 1, (), np.float64), Box(-2, 2, (), np.float32)))
    assert (env.observation_space.shape, env.action_space.shape) == ((1,), (1,))
    assert env.observation_space.dtype == np.float64
