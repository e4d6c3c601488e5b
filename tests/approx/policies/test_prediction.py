"""Predictors: a policy file is enough to act with the calling convention of Stable-Baselines3."""

import gymnasium
import numpy as np
import pytest

from gail.approx import (
    Gail,
    InvalidPolicyFile,
    Predictor,
    TrainingSettings,
    deterministic,
    evaluate,
    load_npz,
    save_policy,
    train_imitator,
)
from gail.approx.policies.spaces import SpaceSpec
from gail.envs import make_vector
from gail.envs.data import shipped_file


def test_one_observation_gives_one_action_and_a_batch_several(make_policy, box_spec, discrete_spec):
    rng = np.random.default_rng(0)
    for spec, shape, kind in ((box_spec, (2,), np.float32), (discrete_spec, (), np.int64)):
        predictor = Predictor(make_policy(spec))
        batch = rng.normal(size=(5, 3))
        actions, state = predictor.predict(batch, deterministic=True)
        assert (actions.shape, actions.dtype, state) == ((5, *shape), kind, None)
        for one, expected in zip(batch, actions, strict=True):
            action, state = predictor.predict(one, deterministic=True)
            assert (np.shape(action), action.dtype, state) == (shape, kind, None)
            np.testing.assert_allclose(action, expected, rtol=1e-6)


def test_the_mode_is_the_policys_and_actions_are_in_the_box(make_policy, box_spec):
    policy = make_policy(box_spec)
    batch = 10.0 * np.random.default_rng(1).normal(size=(200, 3))
    mode = policy.act_deterministically(batch)
    assert (np.abs(mode) > [1.0, 0.4]).any()  # otherwise clipping is not tested
    actions, _ = Predictor(policy).predict(batch, deterministic=True)
    np.testing.assert_array_equal(actions, np.clip(mode, [-1.0, -0.4], [1.0, 0.4]).astype(np.float32))
    space = gymnasium.spaces.Box(np.float32([-1.0, -0.4]), np.float32([1.0, 0.4]))
    assert all(space.contains(action) for action in actions)


def test_sampling_is_seeded_and_leaves_global_generators_alone(make_policy, discrete_spec, untouched_random_state):
    batch = np.random.default_rng(2).normal(size=(50, 3))
    one, same, other = (Predictor(make_policy(discrete_spec), seed).predict(batch)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    predictor = Predictor(make_policy(discrete_spec), 0)
    assert (predictor.predict(batch)[0] != predictor.predict(batch)[0]).any()  # each call draws new samples


def test_it_is_made_from_the_file_alone(make_policy, box_spec, tmp_path):
    policy = make_policy(box_spec)
    save_policy(policy, tmp_path / "policy.safetensors")
    loaded = Predictor.load(str(tmp_path / "policy.safetensors"))
    batch = np.random.default_rng(3).normal(size=(7, 3))
    actions = [predictor.predict(batch, deterministic=True)[0] for predictor in (loaded, Predictor(policy))]
    np.testing.assert_array_equal(*actions)
    with pytest.raises(InvalidPolicyFile, match="no such file"):
        Predictor.load(tmp_path / "nowhere")


@pytest.mark.parametrize("shape", [(4,), (5, 2), (2, 5, 3), ()])
def test_observations_of_another_size_are_refused(make_policy, box_spec, shape):
    with pytest.raises(ValueError, match=r"\(3,\) or \(N, 3\) is needed"):
        Predictor(make_policy(box_spec)).predict(np.zeros(shape))


def test_it_plays_an_environment(make_policy):
    env = gymnasium.make("CartPole-v1")
    predictor = Predictor(make_policy(SpaceSpec.of(env.observation_space, env.action_space)))
    observation, _ = env.reset(seed=0)
    for _ in range(5):
        action, _ = predictor.predict(observation, deterministic=True)
        assert env.action_space.contains(action)
        observation, *_ = env.step(action)
    env.close()


def test_five_lines_take_demonstrations_to_a_policy_that_others_can_use(tmp_path):
    demonstrations = load_npz(shipped_file("CartPole-v1", "demonstrations.npz")).first(4)
    settings = TrainingSettings(env_steps=1_200, batch_size=400)
    policy = train_imitator(Gail(), lambda seed: make_vector("CartPole-v1", 4, seed), demonstrations, settings, 0)
    save_policy(policy.policy, tmp_path / "policy.safetensors")
    predictor = Predictor.load(tmp_path / "policy.safetensors")

    acts = (lambda observations: predictor.predict(observations, deterministic=True)[0], deterministic(policy.policy))
    returns = []
    for act in acts:
        envs = make_vector("CartPole-v1", 5, 7)
        returns.append(evaluate(act, envs).returns)
        envs.close()
    np.testing.assert_array_equal(*returns)
