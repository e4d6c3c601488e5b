"""AIRL's classifier: its logit, its optimum on tables, its signs, and what it keeps."""

import numpy as np
import pytest
import torch

from gail.approx import Airl, DiscriminatorSettings, GanGcl, Policy, PolicySettings, RewardForm, SpaceSpec, Trajectories
from gail.approx.cost_players.rewards.classifier import EXTREME
from gail.approx.cost_players.rewards.replay import Replay, rows_of

STATES, ACTIONS, DISCOUNT = 3, 2, 0.9
SPEC = SpaceSpec(STATES, ACTIONS, None, None)
FIT = DiscriminatorSettings(hidden=(), learning_rate=0.05, steps=600, max_steps=0, gradient_penalty=0.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def walk(policy, count, seed, ends=False):
    """Steps of a deterministic process on a ring: action 0 stays, action 1 goes on; state 0 to 1 may end episodes."""
    rng = np.random.default_rng(seed)
    states = rng.integers(STATES, size=count)
    actions = (rng.random(count) < policy[states, 1]).astype(np.int64)
    after = (states + actions) % STATES
    over = np.full(count, ends) & (states == 0) & (actions == 1)
    eye = np.eye(STATES)
    return Trajectories(
        observations=eye[states],
        actions=actions,
        rewards=None,
        final_observations=eye[after],
        lengths=np.ones(count, dtype=np.int64),
        terminated=over,
        truncated=np.zeros(count, dtype=bool),
    )


class Table:
    """A policy given by its table (S, A), over unit vectors of states."""

    def __init__(self, table):
        self.table = torch.tensor(table)

    def executed_log_prob(self, observations, actions):
        return self.table[observations.argmax(-1), actions].log().float()


EXPERT = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
UNIFORM = np.full((STATES, ACTIONS), 0.5)


def test_the_logit_subtracts_the_current_policy_on_both_sides():
    """The best f against any policy is log pi_E, where both visit states alike; one of the old policy would not be."""
    expert, learner = walk(EXPERT, 40_000, 0), walk(UNIFORM, 40_000, 1)
    player = GanGcl(FIT, per_transition=True, reward=RewardForm.DIFFERENCE)(SPEC, expert, generator())
    player.update(learner, Table(UNIFORM), generator(1))
    found = -player.costs(pairs()).reshape(STATES, ACTIONS)
    # An additive f(s) + f(a) cannot be log pi_E, so only what a linear f can say is compared: the mean advantage.
    advantage = (found[:, 1] - found[:, 0]).mean()
    wanted = (np.log(EXPERT[:, 1]) - np.log(EXPERT[:, 0])).mean()
    assert advantage == pytest.approx(wanted, abs=0.05)


def pairs():
    states, actions = np.divmod(np.arange(STATES * ACTIONS), ACTIONS)
    batch = walk(UNIFORM, STATES * ACTIONS, 0)
    eye = np.eye(STATES)
    return Trajectories(
        observations=eye[states],
        actions=actions,
        rewards=None,
        final_observations=eye[(states + actions) % STATES],
        lengths=batch.lengths,
        terminated=np.zeros(len(states), dtype=bool),
        truncated=batch.truncated,
    )


def soft_optimal(reward):
    """The soft-optimal policy for a reward of states, entropy weight 1, and its values."""
    values = np.zeros(STATES)
    for _ in range(2_000):
        after = np.stack([values, np.roll(values, -1)], axis=1)
        scores = reward[:, None] + DISCOUNT * after
        values = np.log(np.exp(scores).sum(axis=1))
    return np.exp(scores - values[:, None]), values


def test_a_state_only_reward_comes_back_up_to_a_constant():
    """Against the expert itself, with linear g and h on unit vectors: g = r + const and h = V + const."""
    reward = np.array([0.0, 1.0, -0.5])
    policy, values = soft_optimal(reward)
    expert, learner = walk(policy, 60_000, 0), walk(policy, 60_000, 1)
    airl = Airl(FIT, shaping=(), state_only=True, discount=DISCOUNT, replay=0, reward=RewardForm.DIFFERENCE)
    player = airl(SPEC, expert, generator())
    player.update(learner, Table(policy), generator(1))
    kept = player.reward()
    eye = np.eye(STATES)
    g, h = kept(eye, np.zeros(STATES, dtype=np.int64)), kept.potential(eye)
    np.testing.assert_allclose(g - g.mean(), reward - reward.mean(), atol=0.06)
    np.testing.assert_allclose(h - h.mean(), values - values.mean(), atol=0.06)


def test_h_is_zero_after_a_termination_and_discounted_elsewhere():
    expert = walk(EXPERT, 500, 0, ends=True)
    player = Airl(FIT, shaping=(4,), discount=DISCOUNT, replay=0, reward=RewardForm.DIFFERENCE)(
        SPEC, expert, generator()
    )
    player.update(walk(UNIFORM, 500, 1, ends=True), Table(UNIFORM), generator(1))
    batch = walk(UNIFORM, 200, 2, ends=True)
    assert batch.terminated.any()
    kept = player.reward()
    after = kept.potential(batch.next_observations)
    shaping = DISCOUNT * np.where(batch.terminated, 0.0, after) - kept.potential(batch.observations)
    expected = kept(batch.observations, batch.actions) + shaping
    np.testing.assert_allclose(-player.costs(batch), expected, atol=1e-5)
    whole = kept.shaped(batch.observations, batch.actions, batch.next_observations, batch.terminated)
    np.testing.assert_allclose(whole, expected, atol=1e-5)


@pytest.mark.parametrize(("form", "share"), [(RewardForm.SURVIVAL, EXTREME), (RewardForm.ARRIVAL, 1.0 - EXTREME)])
def test_rewards_are_shifted_to_their_sign(form, share):
    expert, learner = walk(EXPERT, 500, 0), walk(UNIFORM, 500, 1)
    player = Airl(DiscriminatorSettings(hidden=(8,)), discount=DISCOUNT, reward=form)(SPEC, expert, generator())
    player.update(learner, Table(UNIFORM), generator(1))
    assert np.quantile(player.costs(learner), 1.0 - share) == pytest.approx(0.0, abs=1e-5)
    assert player.reward().offset == player.offset != 0.0


def test_half_of_the_steps_are_those_of_earlier_batches():
    replay = Replay(3)
    sizes = []
    for number in range(5):
        rows = rows_of(walk(UNIFORM, 30, number))
        rows["actions"] = torch.full((30,), number)
        mixed = replay.mixed(rows, generator(number))
        sizes.append((len(mixed["actions"]), int((mixed["actions"] == number).sum())))
        assert set(mixed["actions"].tolist()) <= set(range(max(0, number - 3), number + 1))
    assert sizes == [(30, 30), (30, 20), (30, 15), (30, 15), (30, 15)]  # ten of each batch are kept
    assert Replay(0).mixed(rows, generator()) is rows


def test_the_executed_action_has_a_bounded_entropy():
    """Density inside the box, probability on its bounds: together they have mass 1, however wide the Gaussian."""
    spec = SpaceSpec(1, 1, (-1.0,), (0.5,))
    for std in (0.1, 1.0, 50.0):
        policy = Policy(spec, PolicySettings(initial_std=std), generator())
        grid = torch.linspace(-1.0, 0.5, 200_001, dtype=torch.float64)
        inside = policy.executed_log_prob(torch.zeros(len(grid) - 2, 1), grid[1:-1, None]).exp().sum() * 1.5 / 200_000
        bounds = policy.executed_log_prob(torch.zeros(2, 1), torch.tensor([[-7.0], [0.5]])).exp().sum()
        assert float((inside + bounds).detach()) == pytest.approx(1.0, abs=1e-3)
