"""Rates in the batch size: errors of a discriminator at a fixed learner, and of whole trainings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx import DiscriminatorSettings, SpaceSpec, Trajectories
from gail.envs import gridworld
from gail.exact import occupancy_of, regularizers, solve_rl
from gail.experiments.compare import Algorithm, SampledSettings, pose
from gail.experiments.compare.measures import jensen_shannon
from gail.experiments.compare.rates.batch_size import batch_rates, between, fitted_discriminator, sampled_visits
from gail.experiments.compare.rates.whole_training import training_rates
from gail.experiments.compare.sampled.datasets import weighted_pairs
from gail.experiments.compare.sampled.players import cost_player, cost_table
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import Instance

SIZES, SEEDS = (1_000, 8_000, 64_000), tuple(range(8))


def posed(psi=None, observations=None):
    task = gridworld("S.\n.G", discount=0.7)
    expert = solve_rl(task.mdp, task.cost, 0.5).require_optimal()
    instance = Instance("tiny", task.mdp, expert.occupancy, task.cost, task.layout)
    return pose(instance, psi or regularizers.Logistic(), observations=observations)


@pytest.fixture(scope="module")
def rates():
    return batch_rates(posed(), SIZES, SEEDS)


def test_the_estimated_divergence_tends_to_the_exact_one_at_the_rate_of_sampling(rates):
    assert rates.divergence.slope.estimate == pytest.approx(-0.5, abs=0.1)
    assert rates.divergence.root_mean_square[-1] < 0.03 * rates.exact_divergence


def test_the_learned_cost_tends_to_the_exact_one_at_the_rate_of_sampling(rates):
    assert rates.cost.slope.estimate == pytest.approx(-0.5, abs=0.1)
    assert rates.cost.root_mean_square[-1] < 0.03


def test_at_the_exact_optimum_the_learned_cost_tends_to_the_dual_cost():
    problem = posed()
    optimum = problem.solve(Algorithm.GAIL).require_optimal()
    best = problem.psi.conjugate(optimum.occupancy, problem.expert)[1]
    np.testing.assert_allclose(best, optimum.cost, atol=1e-5)
    rates = batch_rates(problem, SIZES, SEEDS, learner=optimum.policy)
    assert rates.cost.slope.estimate == pytest.approx(-0.5, abs=0.1)
    assert rates.cost.root_mean_square[-1] < 0.03


def test_the_fit_adds_less_than_sampling(rates):
    for errors in (rates.divergence, rates.cost):
        assert np.all(abs(errors.unfitted).max(axis=1) < 0.2 * errors.root_mean_square)
    # A suboptimal discriminator underestimates the divergence, up to rounding in float32.
    assert rates.divergence.unfitted.max() < 1e-6


def test_without_the_discount_nothing_converges():
    settings = SampledSettings(restarts=False)
    rates = batch_rates(posed(), SIZES[1:], SEEDS[:2], settings=settings)
    assert rates.divergence.slope.estimate > -0.2
    assert rates.divergence.root_mean_square[-1] > 0.2 * rates.exact_divergence
    assert rates.cost.root_mean_square[-1] > 0.1


def test_the_learner_is_neither_the_expert_nor_uniform(rates):
    problem = posed()
    rho = occupancy_of(problem.mdp, between(problem))
    assert rates.exact_divergence == pytest.approx(jensen_shannon(rho, problem.expert))
    uniform = occupancy_of(problem.mdp, np.full(rho.shape, 0.25))
    assert min(jensen_shannon(rho, problem.expert), jensen_shannon(rho, uniform)) > 1e-3


def test_visits_are_in_proportion_to_the_occupancy():
    problem = posed()
    policy = between(problem)
    visits = sampled_visits(problem, policy, 50_000, 3, SampledSettings())
    rho = occupancy_of(problem.mdp, policy)
    assert 50_000 <= visits.sum() < 51_000
    np.testing.assert_allclose(visits / visits.sum(), rho / rho.sum(), atol=0.012)


def test_the_fit_to_frequencies_is_that_of_the_discriminator_on_the_steps():
    problem = posed()
    visits = np.random.default_rng(0).integers(1, 9, problem.expert.shape)
    player, loss = fitted_discriminator(problem, visits)
    states, actions = np.divmod(np.repeat(np.arange(visits.size), visits.ravel()), visits.shape[1])
    cut, seen = np.ones(len(states), dtype=bool), problem.observations[states]
    steps = Trajectories(seen, actions, None, seen, np.ones(len(states), dtype=int), ~cut, cut)
    settings = DiscriminatorSettings((), learning_rate=0.1, steps=300, gradient_penalty=0.0)
    spec = SpaceSpec(problem.mdp.num_states, problem.mdp.num_actions, None, None)
    expert = weighted_pairs(problem, problem.expert).trajectories
    other = cost_player(problem, Algorithm.GAIL, settings)(spec, expert, torch.Generator().manual_seed(1))
    other.update(steps, None, torch.Generator())
    assert other.update(steps, None, torch.Generator()).loss == pytest.approx(loss, abs=1e-4)
    known = problem.expert > 0.0
    np.testing.assert_allclose(cost_table(problem, other)[known], cost_table(problem, player)[known], atol=0.01)


def test_larger_batches_bring_trainings_nearer_to_the_optimum():
    settings = SampledSettings(iterations=30, copies=20, max_kl=0.02, discriminator_rate=0.3)
    problem = posed()
    rates = training_rates(problem, (40, 1_000), (0, 1), settings=settings)
    for errors in (rates.variation, rates.cost):
        small, large = errors.root_mean_square
        assert large < 0.6 * small
        assert errors.floor < large
        assert errors.slope.estimate < -0.15
    # Without the discount (restarts), a large batch does not help.
    wrong = training_rates(problem, (1_000,), (0,), settings=replace(settings, restarts=False))
    assert wrong.variation.root_mean_square[0] > 2.0 * rates.variation.root_mean_square[-1]


def test_rates_are_of_the_logistic_psi_on_tables():
    with pytest.raises(InvalidRequest, match="psi Hinge"):
        batch_rates(posed(regularizers.Hinge()), SIZES, SEEDS)
    with pytest.raises(InvalidRequest, match="unit vectors"):
        training_rates(posed(observations=np.ones((4, 1))), SIZES, SEEDS)
