"""Cost players: signs, labels, and what an update does."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx.cost_players.discriminator import Discriminator
from gail.approx.cost_players.fixed_costs import ConstantCost, EnvironmentCost
from gail.approx.cost_players.reward_forms import ARRIVAL, DIFFERENCE
from gail.approx.cost_players.settled_fit import DiscriminatorSettings, bernoulli_entropy, slope_penalty
from gail.approx.networks.finite_checks import NotFinite
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.exact.regularizers import Logistic

SPEC = SpaceSpec(2, 1, (-1.0,), (1.0,))


def batch(centre, rows=200, seed=0, rewards=True):
    """One trajectory of observations around `centre`."""
    rng = np.random.default_rng(seed)
    return Trajectories(
        observations=rng.normal(centre, 1.0, (rows, 2)),
        actions=rng.uniform(-1, 1, (rows, 1)).astype(np.float32),
        rewards=rng.normal(size=rows) if rewards else None,
        final_observations=np.zeros((1, 2)),
        lengths=np.array([rows]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )


LEARNER, EXPERT = batch(-1.0, seed=1), batch(1.0, rows=120, seed=2)


def discriminator(expert=EXPERT, **changes):
    settings = DiscriminatorSettings(
        **{"hidden": (16,), "steps": 50, "max_steps": 0, "learning_rate": 1e-2, "gradient_penalty": 0.0, **changes}
    )
    return Discriminator(Logistic(), SPEC, expert, settings, torch.Generator().manual_seed(0))


def generator():
    return torch.Generator().manual_seed(0)


def test_a_new_discriminator_cannot_tell():
    player = discriminator()
    np.testing.assert_allclose(player.costs(LEARNER), math.log(0.5), rtol=1e-6)
    assert player.update(LEARNER, None, generator()).loss == pytest.approx(2 * math.log(2), rel=1e-6)


def test_updates_tell_separable_data_apart():
    player = discriminator()
    first = player.update(LEARNER, None, generator())
    second = player.update(LEARNER, None, generator())
    assert second.loss < 0.5 * first.loss
    assert second.accuracy_learner > 0.8
    assert second.accuracy_expert > 0.8


def test_costs_are_log_probabilities_of_the_learner():
    # D = sigmoid(g) is the probability of the learner; its cost log D is high where D recognises the learner.
    player = discriminator()
    for _ in range(3):
        player.update(LEARNER, None, generator())
    pairs = player.moments(SPEC.encode_pairs(LEARNER.observations, LEARNER.actions))
    logits = player.network(pairs).squeeze(-1).detach().double()
    costs = player.costs(LEARNER)
    assert costs.shape == (200,)
    assert costs.dtype == np.float64
    np.testing.assert_allclose(costs, torch.sigmoid(logits).log(), rtol=1e-4, atol=1e-6)
    assert (costs <= 0).all()
    assert player.costs(LEARNER).mean() > player.costs(EXPERT).mean() + 1.0


def test_an_indistinguishable_learner_keeps_the_loss_near_its_maximum():
    player = discriminator(batch(0.0, rows=2000, seed=3), steps=5, hidden=())
    for _ in range(5):
        report = player.update(batch(0.0, rows=2000, seed=4), None, generator())
    assert report.loss == pytest.approx(2 * math.log(2), abs=0.02)


def test_the_report_is_from_before_the_steps():
    player = discriminator()
    other = copy.deepcopy(player)
    other.settings = DiscriminatorSettings(hidden=(16,), steps=0, max_steps=0, gradient_penalty=0.0)
    stepped, looked = player.update(LEARNER, None, generator()), other.update(LEARNER, None, generator())
    assert (stepped.steps, looked.steps) == (50, 0)
    assert replace(stepped, steps=0) == looked
    weights = [p.detach() for p in other.parameters()]
    assert not weights[-2].any()  # no steps, no change
    assert next(iter(player.parameters())).ne(weights[0]).any()


def loss_after(steps):
    """The loss after so many steps on one batch, all of them in one update."""
    player = discriminator(steps=steps)
    player.update(LEARNER, None, generator())
    player.settings = replace(player.settings, steps=0)
    return player._look(*(player.moments(SPEC.encode_pairs(s.observations, s.actions)) for s in (LEARNER, EXPERT))).loss


@pytest.mark.parametrize("least", [0.1, 0.02, 0.005])
def test_an_update_ends_once_the_loss_has_settled(least):
    losses = [loss_after(steps) for steps in range(80)]
    settled = next(n for n in range(3, 80) if losses[n - 3] - losses[n] < 3 * least)
    player = discriminator(steps=1, max_steps=80, least_decrease=least)
    assert player.update(LEARNER, None, generator()).steps == settled


def test_a_known_batch_takes_the_fewest_steps_and_a_new_one_more():
    player = discriminator(steps=3, max_steps=500)
    steps = [player.update(LEARNER, None, generator()).steps for _ in range(6)]
    assert steps[0] > 10 > steps[-1]
    assert player.update(batch(3.0, seed=7), None, generator()).steps > 10


@pytest.mark.parametrize(("steps", "most", "taken"), [(3, 0, 3), (3, 3, 3), (0, 0, 0), (7, 10_000, 7), (0, 2, 2)])
def test_steps_stay_within_their_bounds(steps, most, taken):
    same = batch(0.0, seed=8)  # identical sides: there is nothing to learn
    player = discriminator(same, steps=steps, max_steps=most)
    assert player.update(same, None, generator()).steps == taken


def test_the_expert_weighs_as_much_as_the_learner_whatever_their_numbers():
    # A constant logit is best at 0 if the loss averages over each side, at the log of the ratio of counts if it sums.
    same = batch(0.0, rows=20, seed=5)
    doubled = Trajectories(
        **{
            name: np.concatenate([getattr(same, name)] * 40)
            for name in ("observations", "actions", "rewards", "final_observations", "lengths")
        },
        terminated=np.full(40, False),
        truncated=np.full(40, True),
    )
    player = discriminator(same, hidden=(), steps=100)
    player.update(doubled, None, generator())
    np.testing.assert_allclose(player.costs(doubled), math.log(0.5), atol=1e-3)


def test_actions_are_compared_as_executed():
    # After clipping to the box, the learner's actions equal the expert's.
    expert = batch(0.0, seed=6)
    inside = np.sign(expert.actions)
    expert = Trajectories(**{**vars(expert), "actions": inside})
    learner = Trajectories(**{**vars(expert), "actions": 5.0 * inside})
    player = discriminator(expert)
    player.update(learner, None, generator())
    assert player.update(learner, None, generator()).loss == pytest.approx(2 * math.log(2), rel=1e-5)


def test_the_penalty_pulls_slopes_towards_one():
    def slopes(weight):
        player = discriminator(gradient_penalty=weight, steps=150)
        for _ in range(2):
            player.update(LEARNER, None, generator())
        return float(
            slope_penalty(player._logits, *(player.moments(p) for p in pairs(player)), None, generator()).detach()
        )

    def pairs(player):
        return SPEC.encode_pairs(LEARNER.observations, LEARNER.actions), player.expert_pairs

    assert slopes(10.0) < 0.1 < slopes(0.0)


def test_the_penalty_of_a_linear_discriminator_by_hand():
    player = discriminator(hidden=())
    with torch.no_grad():
        player.network[0].weight.copy_(torch.tensor([[3.0, 4.0, 0.0]]))
    x = torch.randn(10, 3, generator=generator())
    assert slope_penalty(player._logits, x, x, None, generator()).item() == pytest.approx((5.0 - 1.0) ** 2)


def test_the_penalty_is_taken_between_learner_and_expert():
    """If learner and expert have the same single pair, every interpolated pair is that pair."""
    player = discriminator()
    player.update(LEARNER, None, generator())  # the slope of the logits now varies
    here = torch.tensor([[0.5, -1.0, 0.3]], requires_grad=True)
    (slope,) = torch.autograd.grad(player._logits(here).sum(), here)
    rows = here.detach().repeat(20, 1)
    expected = (slope.norm().item() - 1.0) ** 2
    assert slope_penalty(player._logits, rows, rows, None, generator()).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("spectral", [False, True])
def test_a_saved_discriminator_goes_on_bit_for_bit(penalty, spectral, tmp_path, untouched_random_state):
    changes = {"gradient_penalty": penalty, "spectral_norm": spectral, "steps": 3}
    one, g1 = discriminator(**changes), generator()
    one.update(LEARNER, None, g1)
    torch.save({"player": one.state_dict(), "generator": g1.get_state()}, tmp_path / "state")
    state = torch.load(tmp_path / "state", weights_only=True)
    two, g2 = discriminator(**changes), torch.Generator()
    two.load_state_dict(state["player"])
    g2.set_state(state["generator"])
    for _ in range(3):
        assert one.update(LEARNER, None, g1) == two.update(LEARNER, None, g2)
    np.testing.assert_array_equal(one.costs(LEARNER), two.costs(LEARNER))


def test_spectral_norms_bound_the_slope():
    steepest = []
    for spectral in (True, False):
        player = discriminator(spectral_norm=spectral, hidden=(16, 16), steps=300)
        for _ in range(2):
            player.update(LEARNER, None, generator())
        points = torch.randn(500, 3, generator=generator(), requires_grad=True)
        (slope,) = torch.autograd.grad(player._logits(points).sum(), points)
        steepest.append(slope.norm(dim=1).max().item())
    assert steepest[0] <= 1.0 + 1e-3
    assert steepest[1] > 2.0


def test_an_entropy_bonus_keeps_probabilities_from_the_ends():
    spread = []
    for bonus in (0.0, 0.5):
        player = discriminator(entropy_bonus=bonus, steps=200)
        player.update(LEARNER, None, generator())
        logits = player._logits(player.moments(player.expert_pairs))
        spread.append(logits.abs().mean().item())
    assert spread[1] < 0.7 * spread[0]


def test_the_entropy_of_a_coin_by_hand():
    logit = torch.tensor([0.3, -2.0], dtype=torch.float64)
    d = torch.sigmoid(logit)
    torch.testing.assert_close(bernoulli_entropy(logit), -(d * d.log() + (1 - d) * (1 - d).log()))


@pytest.mark.parametrize("form", [ARRIVAL, DIFFERENCE])
def test_a_form_replaces_psis_cost(form):
    player = discriminator()
    player.update(LEARNER, None, generator())
    logits = player._logits(player.moments(SPEC.encode_pairs(LEARNER.observations, LEARNER.actions))).detach()
    player.form = form
    np.testing.assert_allclose(player.costs(LEARNER), -form.reward(logits).double())


def test_a_loss_that_is_not_finite_is_named_before_it_does_harm():
    player = discriminator()
    player.update(LEARNER, None, generator())
    before = [p.clone() for p in player.parameters()]

    class Broken(Logistic):
        def discriminator_loss(self, logit_learner, logit_expert):
            return super().discriminator_loss(logit_learner, logit_expert) * torch.inf

    player.psi = Broken()
    with pytest.raises(NotFinite, match="the discriminator's loss is inf"):
        player.update(LEARNER, None, generator())
    assert all(torch.equal(a, b) for a, b in zip(before, player.parameters(), strict=True))


def test_the_distance_of_features_is_that_of_standardized_means():
    player = discriminator()
    report = player.update(LEARNER, None, generator())
    pairs = [SPEC.encode_pairs(b.observations, b.actions).numpy() for b in (LEARNER, EXPERT)]
    spread = np.concatenate(pairs).std(axis=0)
    expected = np.linalg.norm((pairs[0].mean(0) - pairs[1].mean(0)) / spread)
    assert report.feature_distance == pytest.approx(expected, rel=1e-4)


def test_a_constant_cost_is_constant():
    player = ConstantCost(-1.0)
    np.testing.assert_array_equal(player.costs(LEARNER), np.full(200, -1.0))
    assert player.update(LEARNER, None, generator()) is None
    player.load_state_dict(player.state_dict())
    with pytest.raises(ValueError, match="a constant cost has no state"):
        player.load_state_dict(discriminator().state_dict())


def test_loading_leaves_the_given_state_alone():
    state = discriminator().state_dict()
    discriminator().load_state_dict(state)
    assert "optimizer" in state


def test_the_environments_cost_is_minus_its_reward():
    player = EnvironmentCost()
    np.testing.assert_array_equal(player.costs(LEARNER), -LEARNER.rewards)
    assert player.update(LEARNER, None, generator()) is None
    player.load_state_dict(player.state_dict())


def test_the_environments_cost_needs_rewards():
    with pytest.raises(ValueError, match="needs trajectories with rewards"):
        EnvironmentCost().costs(batch(0.0, rewards=False))


def test_the_environments_cost_refuses_the_state_of_another_player():
    with pytest.raises(ValueError, match="no state"):
        EnvironmentCost().load_state_dict(discriminator().state_dict())
