"""Whole episodes: no episode is cut or counted twice, and long episodes are included."""

import numpy as np
import pytest
import torch

from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.episode_sampler import EpisodeSampler

ENDINGS = [[(5, "terminated"), (2, "truncated")], [(9, "truncated")], [(3, "both")]]


@pytest.fixture
def collect(counting_env, make_policy):
    def run(steps, endings=ENDINGS, times=1):
        sampler, generator = EpisodeSampler(counting_env(endings)), torch.Generator().manual_seed(0)
        policy = make_policy(SpaceSpec(3, 2, None, None))
        return [sampler.collect(policy, steps, generator) for _ in range(times)]

    return run


@pytest.mark.parametrize("steps", [1, 3, 8, 11, 30])
def test_every_trajectory_is_a_whole_episode_as_it_was(collect, steps):
    batch = collect(steps)[0]
    episodes = batch.trajectories
    assert episodes.num_steps >= steps
    for k, (first, last) in enumerate(zip(episodes.first_steps, episodes.last_steps, strict=True)):
        copy, episode, start = episodes.observations[first].astype(int)
        length, ending = ENDINGS[copy][episode % len(ENDINGS[copy])]
        assert start == 0
        np.testing.assert_array_equal(episodes.observations[first : last + 1, 2], np.arange(length))
        expected = [100.0 * copy + 10.0 * episode + t + 1.0 for t in range(length)]
        np.testing.assert_array_equal(episodes.rewards[first : last + 1], expected)
        np.testing.assert_array_equal(episodes.final_observations[k], [copy, episode, length])
        assert episodes.terminated[k] == (ending in ("terminated", "both"))
        assert episodes.truncated[k] == (ending == "truncated")
    assert sorted(batch.episode_lengths) == sorted(episodes.lengths)
    assert batch.episode_returns.sum() == pytest.approx(episodes.returns.sum())


def test_episodes_under_way_are_finished_and_no_more_are_started(collect):
    # The third copy ends after 3 steps, which is enough: it stops, and the others finish their episodes.
    episodes = collect(3)[0].trajectories
    assert sorted(episodes.lengths) == [3, 5, 9]
    # At time 5 the ended episodes have 3 + 5 = 8 steps. The third copy is in its second episode, and finishes it.
    assert sorted(collect(8)[0].trajectories.lengths) == [3, 3, 5, 9]


def test_batches_begin_anew(collect):
    first, second = collect(3, times=2)
    np.testing.assert_array_equal(second.trajectories.lengths, first.trajectories.lengths)
