"""Every space that flattens to numbers, at random: flattening, demonstrations, training and files agree."""

import itertools

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.approx import (
    Demonstrations,
    DiscriminatorSettings,
    Gail,
    PolicySettings,
    Predictor,
    Provenance,
    SpaceSpec,
    TrainingSettings,
    Trpo,
    load_npz,
    save_npz,
    save_policy,
    train_imitator,
)
from gail.approx.demonstrations.native_spaces import flat_actions, flat_observations, in_flat_spaces
from gail.approx.trajectories.trajectories import Trajectories
from gail.envs import make_vector
from gail.envs.wrappers.flat_spaces import flattened

SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (1, 2, 1)])
COUNTS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@st.composite
def boxes(draw, kinds=("float32", "float64")):
    kind, shape = np.dtype(draw(st.sampled_from(kinds))), draw(SHAPES)
    if kind.kind != "f":
        low = 0 if kind.kind == "u" else -2
        return spaces.Box(low, draw(st.integers(1, 9)), shape, kind.type)
    low, high = draw(st.sampled_from([(-1.0, 1.0), (-np.inf, np.inf), (0.0, np.inf), (-2.5, 0.25)]))
    return spaces.Box(low, high, shape, kind.type)


discrete = st.builds(spaces.Discrete, st.integers(1, 4), start=st.integers(-1, 2))
multi_discrete = st.builds(lambda n, s: spaces.MultiDiscrete(n, start=[s] * len(n)), COUNTS, st.integers(0, 1))
multi_binary = st.builds(spaces.MultiBinary, st.sampled_from([1, 3, (2, 2)]))
leaves = st.one_of(boxes(("float32", "float64", "uint8", "int64")), discrete, multi_discrete, multi_binary)
keys = st.lists(st.sampled_from(["b", "a", "10", "9", "goal"]), min_size=1, max_size=3, unique=True)
observation_spaces = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(spaces.Tuple),
        st.tuples(keys, st.lists(parts, min_size=3, max_size=3)).map(
            lambda p: spaces.Dict(**dict(zip(*p, strict=False)))
        ),
    ),
    max_leaves=4,
)
action_spaces = st.one_of(boxes(), boxes(("int64", "uint8")), discrete, multi_discrete, multi_binary)


def native_row(space, sample):
    """The numbers of a sample as other tools record them, the parts of a composite space side by side."""
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        parts = space.spaces if isinstance(space, spaces.Dict) else dict(enumerate(space.spaces))
        return np.concatenate([native_row(part, sample[key]) for key, part in parts.items()])
    return np.asarray(sample, dtype=np.float64).ravel()


class Odd(gymnasium.Env):
    """Random observations; an episode ends after 5 to 8 steps."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.left = int(self.np_random.integers(5, 9))
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action), (self.action_space, action)
        self.left -= 1
        return self.observation_space.sample(), 1.0, self.left == 0, False, {}


COUNTER = itertools.count()


def registered(observation_space, action_space):
    name = f"Odd{next(COUNTER)}-v0"
    kwargs = {"observation_space": observation_space, "action_space": action_space}
    gymnasium.register(name, Odd, kwargs=kwargs, max_episode_steps=20)
    return name


@settings(max_examples=150, deadline=None, derandomize=True)
@given(observation_spaces)
def test_flattened_demonstrations_are_what_the_learner_observes(space):
    space.seed(0)
    samples = [space.sample() for _ in range(4)]
    env = flattened(Odd(space, spaces.Discrete(2)))
    wanted = np.stack([env.observation(sample) if env is not env.unwrapped else sample for sample in samples])
    rows = np.stack([native_row(space, sample) for sample in samples])
    np.testing.assert_array_equal(flat_observations(space, rows, "rows").astype(wanted.dtype), wanted)
    assert env.observation_space.contains(wanted[0])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(action_spaces)
def test_flat_actions_are_those_of_the_original(space):
    space.seed(0)
    native = [space.sample() for _ in range(4)]
    env = flattened(Odd(spaces.Box(-1, 1, (2,)), space))
    flat = flat_actions(space, np.stack([np.asarray(action) for action in native]), "actions")
    for action, one in zip(native, flat, strict=True):
        back = env.action(one) if env is not env.unwrapped else one
        assert space.contains(back if np.ndim(back) or not isinstance(space, spaces.Discrete) else np.int64(back))
        np.testing.assert_array_equal(back, action)


def recorded(observation_space, action_space):
    """Two episodes of random play, in the environment's own numbers."""
    env, rows, actions, finals = Odd(observation_space, action_space), [], [], []
    action_space.seed(0)
    for seed in range(2):
        seen, _ = env.reset(seed=seed)
        for _ in range(5):
            rows.append(native_row(observation_space, seen))
            action = action_space.sample()
            actions.append(np.asarray(action).ravel())
            seen = env.step(action)[0]
        finals.append(native_row(observation_space, seen))
    taken = np.stack(actions)
    taken = taken[:, 0].astype(np.int64) if isinstance(action_space, spaces.Discrete) else taken
    batch = Trajectories(
        observations=np.stack(rows),
        actions=taken,
        rewards=np.ones(10),
        final_observations=np.stack(finals),
        lengths=np.array([5, 5]),
        terminated=np.array([False, False]),
        truncated=np.array([True, True]),
    )
    return Demonstrations(batch, Provenance(None, "random play", native=True))


SETTINGS = TrainingSettings(
    env_steps=64, batch_size=32, checkpoint_every=1, policy=Trpo(network=PolicySettings(hidden=(4,)))
)
COST = Gail(discriminator=DiscriminatorSettings(hidden=(4,), steps=1))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(observation_spaces, action_spaces)
def test_training_saves_resumes_and_predicts_in_any_of_them(tmp_path_factory, observation_space, action_space):
    folder = tmp_path_factory.mktemp("odd")
    save_npz(recorded(observation_space, action_space), folder / "native.npz")
    demonstrations = in_flat_spaces(load_npz(folder / "native.npz"), observation_space, action_space)
    save_npz(demonstrations, folder / "flat.npz")
    again = in_flat_spaces(load_npz(folder / "flat.npz"), observation_space, action_space)
    np.testing.assert_array_equal(again.trajectories.observations, demonstrations.trajectories.observations)
    task = registered(observation_space, action_space)

    def prepared():
        return train_imitator(COST, lambda entropy: make_vector(task, 4, entropy), demonstrations, SETTINGS, seed=0)

    training, resumed = prepared(), prepared()
    training.step()
    training.save(folder / "checkpoint.pt")
    resumed.load(folder / "checkpoint.pt")
    training.step()
    resumed.step()
    for one, other in zip(training.policy.state_dict().values(), resumed.policy.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    save_policy(training.policy, folder / "policy.safetensors")
    envs = make_vector(task, 3, seed=1)
    seen, _ = envs.reset()
    predictor = Predictor.load(folder / "policy.safetensors")
    assert predictor.policy.spec == SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    for deterministic in (True, False):
        actions, _ = predictor.predict(seen, deterministic=deterministic)
        envs.step(actions)  # the environment asserts that its own space contains each action
    envs.close()
    training.close()
    resumed.close()
    gymnasium.registry.pop(task)


def test_an_integer_outside_its_space_is_named():
    space = spaces.Dict(a=spaces.Discrete(3, start=1), b=spaces.Box(-1, 1, (1,)))
    with pytest.raises(ValueError, match=r"observations/a\[1, 0\] is number 3 of the values of its space, which has 3"):
        flat_observations(space, np.array([[1.0, 0.0], [4.0, 0.0]]), "observations")
    with pytest.raises(ValueError, match=r"actions\[0, 0\] is 0.5, where an integer is needed"):
        flat_actions(spaces.Discrete(2), np.array([[0.5]]), "actions")
