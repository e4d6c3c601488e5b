"""GAN-GCL and guided cost learning: sums over episodes, log Z, importance weights, and what they refuse."""

import numpy as np
import pytest
import torch

from gail.approx import (
    Airl,
    Demonstrations,
    DiscriminatorSettings,
    GanGcl,
    GuidedCost,
    InvalidDemonstrations,
    InvalidSettings,
    Policy,
    PolicySettings,
    Provenance,
    RewardForm,
    SpaceSpec,
    TrainingSettings,
    Trajectories,
    Trpo,
)
from gail.approx.cost_players.gan_gcl import trajectory_sums
from gail.approx.cost_players.guided_cost import differences
from gail.approx.cost_players.rewards.classifier import log_prob
from gail.approx.cost_players.rewards.replay import rows_of
from gail.approx.training.needs import check_needs

SPEC = SpaceSpec(2, 2, None, None)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def episodes(lengths, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    steps = int(np.sum(lengths))
    return Trajectories(
        observations=rng.normal(size=(steps, 2)) + shift,
        actions=rng.integers(2, size=steps),
        rewards=None,
        final_observations=rng.normal(size=(len(lengths), 2)),
        lengths=np.asarray(lengths),
        terminated=np.ones(len(lengths), dtype=bool),
        truncated=np.zeros(len(lengths), dtype=bool),
    )


def policy(seed=0):
    return Policy(SPEC, PolicySettings(hidden=(4,)), generator(seed))


def test_sums_and_differences_stay_inside_their_trajectories():
    values, lengths = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), np.array([3, 1, 2])
    assert trajectory_sums(values, lengths).tolist() == [7.0, 8.0, 48.0]
    first, second = differences(values, lengths)
    assert first.tolist() == [1.0, 2.0, 16.0]
    assert second.tolist() == [1.0]


def test_log_z_is_fitted_and_the_mean_of_d_is_then_a_half():
    """With equal numbers of trajectories, at the best log Z, whatever f: E_E[D] + E_q[D] = 1."""
    expert, learner, acting = episodes([5, 9, 7, 3], 0), episodes([8, 2, 4, 6], 1, shift=0.2), policy()
    fit = DiscriminatorSettings(hidden=(3,), learning_rate=0.05, steps=3_000, max_steps=0, gradient_penalty=0.0)
    player = GanGcl(fit, reward=RewardForm.DIFFERENCE)(SPEC, expert, generator())
    for parameter in player.model.parameters():
        parameter.requires_grad_(False)
    player.optimizer = torch.optim.Adam([player.log_z], lr=0.05)
    player.update(learner, acting, generator(1))
    found = []
    for batch in (expert, learner):
        f = trajectory_sums(torch.from_numpy(-player.costs(batch)), batch.lengths)
        log_q = trajectory_sums(log_prob(acting, rows_of(batch)).double(), batch.lengths)
        found.append(torch.sigmoid(f - log_q - player.log_z.detach()).mean())
    assert float(found[0] + found[1]) == pytest.approx(1.0, abs=1e-3)
    assert abs(float(player.log_z.detach())) > 0.1


def test_rewards_are_shifted_where_episodes_can_end():
    expert, learner = episodes([5, 9], 0), episodes([8, 2], 1)
    player = GanGcl(DiscriminatorSettings(hidden=(3,)))(SPEC, expert, generator())
    player.update(learner, policy(), generator(1))
    assert np.quantile(player.costs(learner), 0.95) == pytest.approx(0.0, abs=1e-5)
    assert player.reward()(learner.observations, learner.actions) == pytest.approx(-player.costs(learner), abs=1e-6)


def test_fusion_weights_are_those_of_the_mixture_of_all_samplers():
    expert, config = episodes([3, 4], 0), GuidedCost(DiscriminatorSettings(hidden=(3,), steps=0, max_steps=0), kept=2)
    player = config(SPEC, expert, generator())
    samplers = [policy(seed) for seed in (1, 2, 3)]
    batches = [episodes([5], 4), episodes([2, 6, 1], 5), episodes([3, 3], 6)]
    for batch, sampler in zip(batches, samplers, strict=True):
        report = player.update(batch, sampler, generator())
    kept, mixture = [expert, *batches[1:]], [player._samplers[0], *samplers[1:]]  # the first batch is forgotten
    counts = np.array([batch.num_trajectories for batch in kept], dtype=float)
    log_q = np.array(
        [
            np.concatenate(
                [trajectory_sums(log_prob(q, rows_of(b)).double(), b.lengths).detach().numpy() for b in kept]
            )
            for q in mixture
        ]
    )
    fusion = np.log((np.exp(log_q) * (counts / counts.sum())[:, None]).sum(axis=0))
    np.testing.assert_allclose(player._log_fusion().numpy(), fusion, rtol=1e-6)
    costs = np.concatenate([trajectory_sums(torch.from_numpy(player.costs(b)), b.lengths).numpy() for b in kept])
    weights = np.exp(-costs - fusion)
    assert report.effective_samples == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-4)
    loss = costs[: expert.num_trajectories].mean() + np.log(weights.mean())
    assert report.likelihood_loss == pytest.approx(loss, rel=1e-4)


def test_the_cost_of_the_demonstrations_falls_below_that_of_the_samples():
    expert, acting = episodes([6] * 6, 0, shift=1.0), policy()
    config = GuidedCost(DiscriminatorSettings(hidden=(8,), learning_rate=0.01, steps=60, max_steps=0))
    player = config(SPEC, expert, generator())
    learner = episodes([6] * 6, 1)
    player.update(learner, acting, generator(1))
    assert player.costs(expert).mean() < player.costs(learner).mean() - 0.1
    assert player.reward()(expert.observations, expert.actions) == pytest.approx(-player.costs(expert), abs=1e-6)


def demonstrations(stride=1, keep_next=False):
    full = Demonstrations(episodes([9, 8], 0), Provenance("Toy-v0", "made up"))
    return full if stride == 1 else full.subsample(stride, 0, keep_next=keep_next)


WHOLE = TrainingSettings(whole_episodes=True, policy=Trpo(entropy_weight=1.0))


@pytest.mark.parametrize(
    ("config", "data", "settings", "error", "message"),
    [
        (GanGcl(), (3,), WHOLE, InvalidDemonstrations, r"GAN-GCL compares whole episodes.*1 of 3 was kept.*--stride 1"),
        (GuidedCost(), (3, True), WHOLE, InvalidDemonstrations, "GCL compares whole episodes"),
        (Airl(), (3,), TrainingSettings(), InvalidDemonstrations, "AIRL needs the observation after each demonstrated"),
        (
            GanGcl(),
            (1,),
            TrainingSettings(),
            InvalidSettings,
            "whole_episodes is False: GAN-GCL needs batches of whole",
        ),
        (
            Airl(discount=0.9),
            (1,),
            WHOLE,
            InvalidSettings,
            "cost.discount is 0.9, policy.discount is 0.995: AIRL needs",
        ),
    ],
)
def test_what_an_algorithm_needs_is_asked_for_in_one_sentence(config, data, settings, error, message):
    with pytest.raises(error, match=message):
        check_needs(config, demonstrations(*data), settings)


def test_what_fits_is_let_through():
    check_needs(Airl(), demonstrations(3, keep_next=True), WHOLE)
    check_needs(GanGcl(), demonstrations(), WHOLE)
    check_needs(GanGcl(per_transition=True), demonstrations(3, keep_next=True), TrainingSettings())
    with pytest.raises(InvalidSettings, match="replay is 5: without per_transition"):
        GanGcl(replay=5)
