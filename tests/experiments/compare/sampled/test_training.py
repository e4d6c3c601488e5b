import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from gail.approx import Policy, PolicySettings, SpaceSpec
from gail.approx.trajectories.sampler import Sampler
from gail.exact import occupancy_of
from gail.experiments.compare import EXACT, Algorithm, SampledSettings
from gail.experiments.compare.measures import jensen_shannon, total_variation
from gail.experiments.compare.sampled.datasets import dataset
from gail.experiments.compare.sampled.players import IdentityMoments
from gail.experiments.compare.sampled.training import environments, policy_table, train


def visits(problem, settings):
    """Frequencies of the state-action pairs that the uniform policy visits after the first rounds."""
    states, actions = problem.expert.shape
    spec = SpaceSpec(states, actions, None, None)
    policy = Policy(spec, PolicySettings(hidden=()), torch.Generator().manual_seed(0))
    policy.moments = IdentityMoments(states)
    torch.nn.init.zeros_(policy.network[-1].weight)
    sampler = Sampler(environments(problem, settings, (0, 1)))
    generator = torch.Generator().manual_seed(0)
    sampler.collect(policy, 50 * settings.copies, generator)
    batch = sampler.collect(policy, 100 * settings.copies, generator).trajectories
    pairs = batch.observations.argmax(axis=1) * actions + batch.actions
    return np.bincount(pairs, minlength=states * actions).reshape(states, actions) / len(pairs)


def test_restarts_make_plain_visits_the_discounted_occupancy(problem):
    uniform = np.full(problem.expert.shape, 0.25)
    rho = occupancy_of(problem.mdp, uniform)
    settings = SampledSettings(copies=500)
    assert total_variation(visits(problem, settings), rho) < 0.02
    assert total_variation(visits(problem, replace(settings, restarts=False)), rho) > 0.2


def test_curves_are_exact_evaluations_beside_the_discriminator_s_estimate(problem, preset):
    data = dataset(problem, 4, 0)
    found = train(problem, Algorithm.GAIL, data, replace(preset.table, iterations=3), 0)
    first = found.curve[0]
    uniform = occupancy_of(problem.mdp, np.full(problem.expert.shape, 0.25))
    assert first.jsd_expert == pytest.approx(jensen_shannon(uniform, problem.expert), abs=1e-3)
    assert first.jsd_demonstrations == pytest.approx(jensen_shannon(uniform, data.measure), abs=1e-3)
    assert abs(first.jsd_demonstrations - first.jsd_expert) > 0.01
    assert first.jsd_estimated == pytest.approx(0.0, abs=0.02)  # the loss of a new discriminator is 2 log 2
    best = problem.solve(Algorithm.GAIL).primal_value
    for point in found.curve:
        assert point.objective > best
        assert point.duality_gap >= point.objective - best  # the duality gap uses a lower bound on J*
    np.testing.assert_allclose(found.policy.sum(axis=1), 1.0)


def test_the_estimate_of_the_divergence_tends_to_the_exact_one(problem, preset):
    """Large batches and a nearly fixed policy: the discriminator's estimate tends to the exact divergence."""
    settings = replace(preset.table, batch=20_000, copies=400, iterations=6, max_kl=1e-8, discriminator_steps=60)
    last = train(problem, Algorithm.GAIL, dataset(problem, EXACT, 0), settings, 0).curve[-1]
    assert last.jsd_estimated == pytest.approx(last.jsd_expert, rel=0.1)
    assert not math.isclose(last.jsd_expert, 0.0, abs_tol=0.01)


def test_the_table_of_a_policy_is_its_softmax(problem):
    spec = SpaceSpec(problem.mdp.num_states, 4, None, None)
    policy = Policy(spec, PolicySettings(hidden=()), torch.Generator().manual_seed(0))
    policy.moments = IdentityMoments(problem.mdp.num_states)
    torch.nn.init.normal_(policy.network[-1].weight, generator=torch.Generator().manual_seed(1))
    logits = (policy.network[-1].weight.T + policy.network[-1].bias).detach().double().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(policy_table(problem, policy), expected, atol=1e-6)
