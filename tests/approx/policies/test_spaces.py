"""Spaces, executed actions, and state-action pairs as vectors."""

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from gail.approx.policies.spaces import SpaceSpec, UnsupportedSpace

VECTOR = Box(-1.0, 1.0, (3,))


def test_a_box_of_actions():
    spec = SpaceSpec.of(VECTOR, Box(np.array([-1, -2], np.float32), np.array([3, np.inf], np.float32)))
    assert spec == SpaceSpec(3, 2, (-1.0, -2.0), (3.0, np.inf))
    assert spec.continuous
    assert spec.pair_size == 5


def test_a_finite_action_set():
    spec = SpaceSpec.of(VECTOR, Discrete(4))
    assert spec == SpaceSpec(3, 4, None, None)
    assert not spec.continuous
    assert spec.pair_size == 7


def test_an_action_of_several_integers():
    spec = SpaceSpec.of(VECTOR, MultiDiscrete([2, 3]))
    assert spec == SpaceSpec(3, 5, None, None, (2, 3))
    assert not spec.continuous
    pairs = spec.encode_pairs(np.zeros((2, 3), np.float32), np.array([[1, 0], [0, 2]]))
    np.testing.assert_array_equal(pairs[:, 3:], [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("observations", "actions", "message"),
    [
        (Discrete(3), Discrete(2), r"observations must be vectors.*Discrete\(3\)"),
        (Box(0, 1, (2, 2)), Discrete(2), "observations must be vectors"),
        (Dict(a=VECTOR), Discrete(2), "observations must be vectors"),
        (VECTOR, Discrete(2, start=1), "must start at 0, not at 1"),
        (VECTOR, MultiDiscrete([2, 2], start=[0, 1]), r"must start at 0, not at \[0, 1\]"),
        (VECTOR, MultiDiscrete([[2, 2]]), "actions must be Discrete, or MultiDiscrete or a Box with one axis"),
        (VECTOR, Box(0, 1, (2, 2)), "actions must be Discrete, or MultiDiscrete or a Box with one axis"),
    ],
)
def test_other_spaces_are_refused_by_name(observations, actions, message):
    with pytest.raises(UnsupportedSpace, match=message):
        SpaceSpec.of(observations, actions)


def test_executed_actions_lie_in_the_box(box_spec):
    executed = box_spec.executed(np.array([[0.5, 0.5], [-7.0, 0.1]], np.float32))
    np.testing.assert_allclose(executed, [[0.5, 0.4], [-1.0, 0.1]], rtol=1e-6)


def test_finite_actions_are_executed_as_they_are(discrete_spec):
    actions = np.array([0, 3, 1])
    assert discrete_spec.executed(actions) is actions


def test_pairs_hold_the_executed_action(box_spec):
    observations = np.arange(6.0).reshape(2, 3)
    pairs = box_spec.encode_pairs(observations, np.array([[0.5, 9.0], [-9.0, 0.25]], np.float32))
    assert pairs.dtype == torch.float64
    assert pairs.tolist() == [[0, 1, 2, 0.5, 0.4], [3, 4, 5, -1.0, 0.25]]


def test_clipping_hides_what_has_no_effect(box_spec):
    observations = np.ones((1, 3))
    inside, outside = (box_spec.encode_pairs(observations, np.full((1, 2), a)) for a in (1.0, 5.0))
    assert torch.equal(inside, outside)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_finite_actions_are_one_hot(discrete_spec, dtype):
    pairs = discrete_spec.encode_pairs(np.zeros((2, 3), np.float32), np.array([2, 0], dtype))
    assert pairs.tolist() == [[0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0]]


def test_the_spaces_of_an_environment():
    env = gymnasium.make("MountainCar-v0")
    assert SpaceSpec.of(env.observation_space, env.action_space) == SpaceSpec(2, 3, None, None)
