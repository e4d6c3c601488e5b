"""Linear cost classes: the maximizing cost of each class, its features, and the shift that fixes its rewards' sign."""

import numpy as np
import pytest
import torch

from gail.approx.cost_players.linear_costs import FeatureCost, l2_ball, pairs_and_squares, simplex
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.exact.regularizers import L2Ball, Simplex

STATES, ACTIONS = 5, 3
TABLE = SpaceSpec(STATES, ACTIONS, None, None)
BOX = SpaceSpec(2, 1, (-1.0,), (1.0,))


def visited(seed, rows):
    """A batch on one-hot states, and the relative frequency of each state-action pair in it."""
    rng = np.random.default_rng(seed)
    # Every pair occurs, with unequal frequencies.
    states = np.concatenate([np.repeat(np.arange(STATES), ACTIONS), rng.integers(STATES, size=rows)])
    actions = np.concatenate(
        [np.tile(np.arange(ACTIONS), STATES), rng.binomial(ACTIONS - 1, 0.2 + 0.1 * (seed % 5), rows)]
    )
    counts = np.zeros((STATES, ACTIONS))
    np.add.at(counts, (states, actions), 1.0)
    return steps(np.eye(STATES)[states], actions), counts / counts.sum()


def steps(observations, actions):
    return Trajectories(
        observations=observations,
        actions=actions,
        rewards=None,
        final_observations=observations[:1],
        lengths=np.array([len(observations)]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )


def one_hot(pairs):
    """The one-hot encoding of each state-action pair, shape (N, S*A)."""
    return (pairs[:, :STATES, None] * pairs[:, None, STATES:]).reshape(len(pairs), -1)


def table_features(player):
    """The player's standardized features as an (S, A, k) table."""
    pairs = torch.eye(STATES * ACTIONS, dtype=torch.float64)
    standardized = (pairs - player.moments.mean) / player.moments.std
    return standardized.numpy().reshape(STATES, ACTIONS, -1)


def costs_of_all_pairs(player):
    observations = np.repeat(np.eye(STATES), ACTIONS, axis=0)
    return player.costs(steps(observations, np.tile(np.arange(ACTIONS), STATES))).reshape(STATES, ACTIONS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["fem", "gtal"])
def test_on_a_table_the_answer_is_the_gradient_of_the_exact_conjugate(name, seed):
    learner, rho = visited(seed, 200)
    expert, rho_expert = visited(seed + 100, 80)
    player = FeatureCost(l2_ball if name == "fem" else simplex, 0, TABLE, expert, one_hot)
    report = player.update(learner, None, torch.Generator())
    features = table_features(player)
    psi = L2Ball(features) if name == "fem" else Simplex(np.concatenate([features, -features], axis=2))
    value, cost = psi.conjugate(rho, rho_expert)
    np.testing.assert_allclose(costs_of_all_pairs(player), cost, rtol=1e-9, atol=1e-12)
    # The returned cost attains the conjugate: E_pi[c] - E_E[c] = psi*.
    assert player.costs(learner).mean() - player.costs(expert).mean() == pytest.approx(value, rel=1e-9)
    assert report.feature_distance == pytest.approx(L2Ball(features).conjugate(rho, rho_expert)[0], rel=1e-9)
    assert report.loss is report.accuracy_learner is report.accuracy_expert is None


@pytest.mark.parametrize(("answer", "norm"), [(l2_ball, 2), (simplex, 1)])
def test_no_weights_of_the_class_charge_the_gap_more(answer, norm):
    rng = np.random.default_rng(0)
    for _ in range(50):
        gap = torch.from_numpy(rng.normal(size=6))
        best = answer(gap)
        assert float(torch.linalg.vector_norm(best, norm)) == pytest.approx(1.0)
        for _ in range(20):
            other = torch.from_numpy(rng.normal(size=6))
            other /= torch.linalg.vector_norm(other, norm)
            assert float(other @ gap) <= float(best @ gap) + 1e-12


def test_no_gap_has_an_answer():
    nothing = torch.zeros(3, dtype=torch.float64)
    assert not l2_ball(nothing).any()
    assert simplex(nothing).abs().sum() == 1.0
    negative = torch.tensor([0.5, -2.0, 1.0])
    np.testing.assert_array_equal(simplex(negative), [0.0, -1.0, 0.0])


def test_features_are_entries_and_squares():
    pairs = torch.tensor([[2.0, -3.0]], dtype=torch.float64)
    np.testing.assert_allclose(pairs_and_squares(pairs), [[2.0, -3.0, 4e-4, 9e-4]])


def continuous(centre, rows=300, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return steps(rng.normal(centre, scale, (rows, 2)), rng.uniform(-1, 1, (rows, 1)))


@pytest.mark.parametrize("answer", [l2_ball, simplex])
def test_the_unit_of_an_observation_does_not_matter(answer):
    costs = []
    for unit in (1.0, 1000.0):
        expert, learner = continuous(1.0), continuous(-1.0, seed=1)
        batches = [steps(unit * b.observations, b.actions) for b in (expert, learner)]
        player = FeatureCost(answer, 0, BOX, batches[0])
        player.update(batches[1], None, torch.Generator())
        costs.append(player.costs(batches[1]))
    np.testing.assert_allclose(costs[0], costs[1], rtol=0.02)  # the floor 1e-6 of the deviation has a unit
    assert costs[0].mean() > 0.5


@pytest.mark.parametrize("answer", [l2_ball, simplex])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_sign_of_every_reward_ever_given_is_kept(answer, sign):
    expert = continuous(1.0)
    player, plain = FeatureCost(answer, sign, BOX, expert), FeatureCost(answer, 0, BOX, expert)
    extremes = []
    for seed, scale in enumerate((3.0, 1.0, 0.1)):
        batch = continuous(-1.0 + seed, seed=seed, scale=scale)
        for each in (player, plain):
            each.update(batch, None, torch.Generator())
        rewards, raw = -player.costs(batch), -plain.costs(batch)
        assert (sign * rewards >= 0).all()
        shift = raw - rewards
        np.testing.assert_allclose(shift, shift[0], atol=1e-12)  # the shift is the same for all steps
        extremes.append(min(sign * raw))
        assert shift[0] == pytest.approx(sign * min(0.0, *extremes))


def test_a_saved_player_goes_on_bit_for_bit(tmp_path):
    one = FeatureCost(l2_ball, 1, BOX, continuous(1.0))
    one.update(continuous(-1.0, seed=1), None, torch.Generator())
    torch.save(one.state_dict(), tmp_path / "state")
    two = FeatureCost(l2_ball, 1, BOX, continuous(1.0))
    two.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    for seed in (2, 3):
        batch = continuous(0.0, seed=seed)
        assert one.update(batch, None, torch.Generator()) == two.update(batch, None, torch.Generator())
        np.testing.assert_array_equal(one.costs(batch), two.costs(batch))


def test_weights_of_other_features_are_refused():
    state = FeatureCost(l2_ball, 1, BOX, continuous(1.0)).state_dict()
    with pytest.raises(ValueError, match="6 weights were saved, 3 features are in use"):
        FeatureCost(l2_ball, 1, BOX, continuous(1.0), lambda pairs: pairs).load_state_dict(state)


def test_features_that_are_not_finite_are_named():
    player = FeatureCost(l2_ball, 1, BOX, continuous(1.0), lambda pairs: torch.where(pairs > 4.0, torch.inf, pairs))
    with pytest.raises(NotFinite, match=r"the gap of mean features is (inf|nan) at \[0\]"):
        player.update(continuous(6.0), None, torch.Generator())
