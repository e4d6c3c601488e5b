"""Absorbing states: all episodes have one length, and learner, expert and cost player see the same absorbing state."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch

from gail.approx import Demonstrations, InvalidDemonstrations, Provenance, SpaceSpec, Trajectories
from gail.approx.cost_players.cost_player import CostReport
from gail.approx.evaluation import play_episodes
from gail.approx.training.absorbing_states import (
    AbsorbingEpisodes,
    idle_when_absorbed,
    with_absorbing_steps,
    without_indicator,
)
from gail.approx.trajectories.sampler import Sampler
from gail.envs.wrappers.episode_lengths import AbsorbingStates, FixedHorizon

HORIZON = 6
ENDINGS = [[(2, "terminated"), (6, "truncated")], [(6, "both"), (3, "terminated")]]


@pytest.fixture
def envs(masked_counting_env):
    return AbsorbingEpisodes(masked_counting_env(ENDINGS), HORIZON)


@pytest.fixture
def masked_counting_env(counting_env):
    """Counting copies that can be reset one by one, as Gymnasium's and EnvPool's can."""

    class Masked(counting_env):
        def reset(self, *, seed=None, options=None):
            if options is None:
                return super().reset(seed=seed)
            mask = options["reset_mask"]
            self.episode[mask] += self.time[mask] > 0
            self.time[mask], self.over[mask] = 0, False
            return self._observe(), {}

    return Masked


def test_every_episode_lasts_until_the_horizon_and_waits_in_the_absorbing_state(envs):
    episodes = play_episodes(lambda observations: np.zeros(len(observations), dtype=int), envs)
    np.testing.assert_array_equal(episodes.lengths, [HORIZON, HORIZON])
    assert not episodes.terminated.any()
    assert episodes.truncated.all()
    first, second = episodes.observations.reshape(2, HORIZON, 4)
    np.testing.assert_array_equal(first, [[0, 0, 0, 0], [0, 0, 1, 0], *[[0, 0, 0, 1]] * 4])
    np.testing.assert_array_equal(second[:, 3], 0)
    # The episode terminates at the horizon: the final observation is the absorbing state.
    np.testing.assert_array_equal(episodes.final_observations, [[0, 0, 0, 1], [0, 0, 0, 1]])
    np.testing.assert_array_equal(
        episodes.rewards.reshape(2, HORIZON), [[1, 2, 0, 0, 0, 0], [101, 102, 103, 104, 105, 106]]
    )


def test_the_next_episode_begins_at_its_beginning(envs, make_policy):
    policy = make_policy(SpaceSpec(4, 2, None, None))
    batch = Sampler(envs).collect(policy, 60, torch.Generator().manual_seed(0)).trajectories
    whole = batch.lengths == HORIZON
    assert whole.sum() >= 6
    starts = batch.observations[batch.first_steps[whole]]
    np.testing.assert_array_equal(starts[:, 2:], 0)
    ages = batch.observations[:, 2][batch.observations[:, 3] == 0]
    assert ages.max() == 5
    assert (batch.rewards >= 0).all()  # the batch holds no step that only resets


def test_an_episode_cut_before_the_horizon_is_refused(masked_counting_env):
    envs = AbsorbingEpisodes(masked_counting_env([[(3, "truncated")]]), HORIZON)
    with pytest.raises(RuntimeError, match="after 3 steps: a horizon of 6"):
        play_episodes(lambda observations: np.zeros(len(observations), dtype=int), envs)


def test_it_agrees_with_the_wrapper_of_single_environments():
    one = AbsorbingStates(FixedHorizon(gymnasium.make("CartPole-v1"), 60))
    many = AbsorbingEpisodes(gymnasium.make_vec("CartPole-v1", 1, vectorization_mode="sync"), 60)
    assert many.single_observation_space == one.observation_space
    observation, _ = one.reset(seed=3)
    observations, _ = many.reset(seed=3)
    np.testing.assert_array_equal(observations[0], observation)
    absorbed = 0
    for step in range(60):
        observation, reward, terminated, truncated, _ = one.step(step % 3 // 2)
        observations, rewards, terminations, truncations, _ = many.step(np.array([step % 3 // 2]))
        np.testing.assert_array_equal(observations[0], observation)
        assert (rewards[0], terminations[0], truncations[0]) == (reward, terminated, truncated)
        absorbed += observation[-1] == 1
    assert 10 < absorbed < 55
    assert truncated
    one.close()
    many.close()


def demonstrations():
    rng = np.random.default_rng(0)
    batch = Trajectories(
        observations=rng.normal(size=(7, 3)),
        actions=rng.integers(1, 3, size=7),
        rewards=np.ones(7),
        final_observations=rng.normal(size=(3, 3)),
        lengths=np.array([2, 4, 1]),
        terminated=np.array([True, False, True]),
        truncated=np.array([False, True, False]),
    )
    return Demonstrations(batch, Provenance("somewhere", "in a test"))


def test_demonstrations_wait_where_the_learner_waits():
    given, longer = demonstrations(), with_absorbing_steps(demonstrations(), 4).trajectories
    np.testing.assert_array_equal(longer.lengths, [4, 4, 4])
    np.testing.assert_array_equal(longer.observations[:, 3], [0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1])
    real = longer.observations[:, 3] == 0
    np.testing.assert_array_equal(longer.observations[real, :3], given.trajectories.observations)
    np.testing.assert_array_equal(longer.actions[real], given.trajectories.actions)
    assert not longer.observations[~real, :3].any()
    assert not longer.actions[~real].any()
    assert not longer.rewards[~real].any()
    np.testing.assert_array_equal(longer.final_observations[:, 3], [1, 0, 1])
    assert not longer.terminated.any()


def test_absorbing_steps_need_whole_episodes_within_the_horizon():
    with pytest.raises(InvalidDemonstrations, match="subsampled"):
        with_absorbing_steps(demonstrations().subsample(2, 0), 4)
    with pytest.raises(InvalidDemonstrations, match="episode 1 has 4 steps, the horizon is 3"):
        with_absorbing_steps(demonstrations(), 3)


def test_weights_are_given_after_the_absorbing_steps():
    given = demonstrations()
    weighted = replace(given, trajectories=replace(given.trajectories, weights=np.ones(7)))
    with pytest.raises(InvalidDemonstrations, match="add the steps first"):
        with_absorbing_steps(weighted, 4)


def test_actions_in_the_absorbing_state_are_not_seen():
    seen = []

    class Spy:
        def update(self, batch, policy, generator):
            seen.append(batch.actions)
            return CostReport(0.0)

        def costs(self, batch):
            seen.append(batch.actions)
            return np.zeros(batch.num_steps)

        def state_dict(self):
            return {"a": 1}

        def load_state_dict(self, state):
            seen.append(state)

    batch = with_absorbing_steps(demonstrations(), 4).trajectories
    player = idle_when_absorbed(lambda *_: Spy())(None, batch, None)
    noisy = replace(batch, actions=np.full(12, 2))
    player.update(noisy, None, torch.Generator())
    player.costs(noisy)
    for actions in seen:
        np.testing.assert_array_equal(actions, np.where(batch.observations[:, 3] == 1, 0, 2))
    assert (noisy.actions == 2).all()
    player.load_state_dict(player.state_dict())
    assert seen[-1] == {"a": 1}


@pytest.mark.parametrize("hidden", [(), (8, 8)])
def test_a_policy_without_the_indicator_acts_as_before(make_policy, hidden):
    policy = make_policy(SpaceSpec(4, 2, (-1.0, -1.0), (1.0, 1.0)), hidden)
    plain = without_indicator(policy)
    observations = np.random.default_rng(0).normal(size=(20, 3))
    flagged = np.concatenate([observations, np.zeros((20, 1))], axis=1)
    np.testing.assert_allclose(
        plain.act_deterministically(observations), policy.act_deterministically(flagged), rtol=1e-5, atol=1e-6
    )
    assert plain.spec.observation_size == 3
