"""Sampling from environments whose steps are all known beforehand."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.sampler import Sampler
from gail.envs import make_vector, vector

ENDINGS = [
    [(2, "terminated"), (3, "truncated")],
    [(4, "both"), (1, "terminated")],
    [(50, "truncated")],
    [(1, "truncated"), (2, "both"), (1, "terminated")],
]


class Walk:
    """Consecutive batches of one sampler."""

    def __init__(self, env, policy, batch_sizes):
        sampler = Sampler(env)
        generator = torch.Generator().manual_seed(0)
        self.batches = [sampler.collect(policy, size, generator) for size in batch_sizes]


def segments(batch):
    """(observations, rewards, final, terminated, truncated) of each trajectory."""
    t = batch.trajectories
    for k, (first, last) in enumerate(zip(t.first_steps, t.last_steps, strict=True)):
        rows = slice(first, last + 1)
        yield t.observations[rows], t.rewards[rows], t.final_observations[k], t.terminated[k], t.truncated[k]


@pytest.fixture
def policy(make_policy):
    return make_policy(SpaceSpec(3, 2, None, None))


@pytest.mark.parametrize("sizes", [[40], [1] * 30, [7, 3, 11, 1, 20], [4] * 12])
def test_every_real_step_appears_once_and_in_order(counting_env, policy, sizes):
    env = counting_env(ENDINGS)
    batches = Walk(env, policy, sizes).batches
    seen = {copy: [] for copy in range(4)}
    for batch in batches:
        for observations, rewards, final, terminated, truncated in segments(batch):
            copy, episode, start = observations[0].astype(int)
            times = start + np.arange(len(observations))
            assert observations.tolist() == [[copy, episode, t] for t in times]
            assert rewards.tolist() == [env.reward(copy, episode, t) for t in times]
            assert final.tolist() == [copy, episode, times[-1] + 1]
            length, ending = env.ending(copy, episode)
            over = times[-1] + 1 == length
            assert terminated == (over and ending in ("terminated", "both"))
            assert truncated == (over and ending == "truncated")
            seen[copy] += [(episode, t) for t in times]
    for copy, steps in seen.items():
        # No step is lost between batches: the steps of each copy are those of its episodes in order.
        assert steps == [(e, t) for e in range(steps[-1][0] + 1) for t in range(env.ending(copy, e)[0])][: len(steps)]
        assert len(steps) >= len(env.received) // 2


@pytest.mark.parametrize("sizes", [[40], [7, 3, 11, 1, 20]])
def test_episode_returns_are_of_whole_episodes(counting_env, policy, sizes):
    env = counting_env(ENDINGS)
    batches = Walk(env, policy, sizes).batches
    for batch in batches:
        ended = batch.trajectories.terminated | batch.trajectories.truncated
        expected = []
        for copy, episode, end in batch.trajectories.final_observations[ended].astype(int):
            expected.append((sum(env.reward(copy, episode, t) for t in range(end)), end))
        found = list(zip(batch.episode_returns.tolist(), batch.episode_lengths.tolist(), strict=True))
        assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("size", [1, 4, 5, 8])
def test_whole_rounds_are_taken_until_enough(counting_env, policy, size):
    env = counting_env([[(50, "terminated")]] * 4)
    sampler = Sampler(env)
    batch = sampler.collect(policy, size, torch.Generator())
    assert batch.trajectories.num_steps == -(-size // 4) * 4
    assert batch.trajectories.lengths.tolist() == [-(-size // 4)] * 4
    assert not batch.trajectories.terminated.any()
    assert not batch.trajectories.truncated.any()
    assert len(batch.episode_returns) == 0


def test_a_round_of_nothing_but_resets_is_passed_over(counting_env, policy):
    sampler = Sampler(counting_env([[(1, "terminated")]] * 2))
    for episode in range(3):
        batch = sampler.collect(policy, 1, torch.Generator())
        assert batch.trajectories.observations.tolist() == [[0, episode, 0], [1, episode, 0]]
        assert batch.trajectories.terminated.all()


def test_the_environment_gets_clipped_actions_and_the_batch_the_drawn_ones(counting_env, make_policy):
    box = Box(np.array([-1, -0.4], np.float32), np.array([1, 0.4], np.float32))
    env = counting_env([[(50, "terminated")]] * 3, box)
    policy = make_policy(SpaceSpec(3, 2, (-1.0, -0.4), (1.0, 0.4)))
    batch = Sampler(env).collect(policy, 60, torch.Generator().manual_seed(0))
    received = np.stack(env.received, axis=1)  # (copies, rounds, 2)
    assert received.dtype == np.float32
    assert all(box.contains(action) for action in received.reshape(-1, 2))
    drawn = batch.trajectories.actions.reshape(3, 20, 2)
    assert np.abs(drawn).max() > 1.0
    np.testing.assert_array_equal(received, np.clip(drawn, box.low, box.high))


def test_actions_belong_to_their_observations(counting_env, make_policy):
    # The policy has almost no noise, so that each action can be recomputed from its observation.
    policy = make_policy(SpaceSpec(3, 2, (-1.0, -1.0), (1.0, 1.0)))
    with torch.no_grad():
        policy.head.log_std.fill_(-20.0)
    env = counting_env(ENDINGS, Box(-1, 1, (2,)))
    batch = Sampler(env).collect(policy, 50, torch.Generator()).trajectories
    np.testing.assert_allclose(batch.actions, policy.act_deterministically(batch.observations), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", ["CartPole-v1", "Hopper-v5"])
def test_batches_of_a_simulator_are_its_steps(task, make_policy, untouched_random_state):
    # Observations are kept by reference while a batch grows: the simulator must not write into old ones.
    envs = make_vector(task, 3, 0)
    spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    policy = make_policy(spec)
    sampler, generator = Sampler(envs), torch.Generator().manual_seed(0)
    batches = [sampler.collect(policy, 200, generator) for _ in range(2)]
    envs.close()

    envs, generator = make_vector(task, 3, 0), torch.Generator().manual_seed(0)
    observations, _ = envs.reset()
    over = np.zeros(3, dtype=bool)
    for batch in batches:
        steps, count = {copy: [] for copy in range(3)}, 0
        while count < 200:
            actions = policy.act(observations, generator)
            executed = spec.executed(actions).astype(envs.single_action_space.dtype)
            following, rewards, terminated, truncated, _ = envs.step(executed)
            for copy in np.flatnonzero(~over):
                steps[copy].append((observations[copy].copy(), actions[copy].copy(), float(rewards[copy])))
                count += 1
            over = (terminated | truncated) & ~over
            observations = following
        flat = [step for copy in range(3) for step in steps[copy]]
        np.testing.assert_array_equal(batch.trajectories.observations, [s[0] for s in flat])
        np.testing.assert_array_equal(batch.trajectories.actions, [s[1] for s in flat])
        np.testing.assert_array_equal(batch.trajectories.rewards, [s[2] for s in flat])
    envs.close()


def lengths_of_one_copy(first, rounds):
    """Lengths of trajectories if the first is cut after `first` steps and all later episodes last 50 steps."""
    lengths, length = [], first
    while rounds > 0:
        lengths.append(min(length, rounds))
        rounds -= length + 1  # the step after an end belongs to no episode
        length = 50
    return lengths


@pytest.mark.parametrize("backend", ["envpool", "gymnasium"])
def test_first_episodes_are_cut_at_spread_ages_so_that_copies_do_not_run_in_step(monkeypatch, backend):
    if backend == "gymnasium":
        monkeypatch.setattr(vector, "_envpool_or_none", lambda: None)
    envs = make_vector("Reacher-v5", 4, 0)  # never terminates; its time limit is 50 steps
    spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    policy = Policy(spec, PolicySettings(hidden=(8,)), torch.Generator().manual_seed(0))
    rounds = 160
    expected = [lengths_of_one_copy(age, rounds) for age in (13, 25, 38, 50)]  # i 50 / 4, rounded up
    steps = sum(sum(lengths) for lengths in expected)
    batch = Sampler(envs).collect(policy, steps, torch.Generator().manual_seed(1))
    envs.close()
    flat = batch.trajectories
    assert flat.lengths.tolist() == [length for lengths in expected for length in lengths]
    assert (batch.episode_lengths == 50).all()  # cut episodes are not reported as whole episodes
    assert flat.truncated.tolist() == (flat.lengths == 50).tolist()
    assert not flat.terminated.any()
    # The observation after a cut is the true next one, not that of the reset: the arm moves little in one step.
    moved = np.abs(flat.final_observations[:, :4] - flat.observations[flat.last_steps, :4]).max(1)
    assert moved.max() < 0.6
