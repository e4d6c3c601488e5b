from dataclasses import replace

import numpy as np
import pytest
from scipy.special import rel_entr

from gail.exact import causal_entropy, occupancy_of
from gail.experiments.compare import Algorithm, SampledSettings
from gail.experiments.compare.exact_gail import exact_gail_policy, trust_region_step


def test_a_step_uses_the_whole_trust_region_and_makes_the_cost_smaller(problem):
    matching = replace(problem.matching(Algorithm.GAIL), entropy_weight=0.0)
    policy = np.full(problem.expert.shape, 0.25)
    rho = occupancy_of(problem.mdp, policy)
    cost = np.random.default_rng(0).normal(size=rho.shape)
    new = trust_region_step(matching, policy, cost, 0.01)
    share = rho.sum(axis=1) / rho.sum()
    assert share @ rel_entr(policy, new).sum(axis=1) == pytest.approx(0.01, rel=1e-6)
    assert (occupancy_of(problem.mdp, new) * cost).sum() < (rho * cost).sum() - 0.01


def test_more_iterations_come_nearer_to_the_exact_optimum(problem):
    matching, best = problem.matching(Algorithm.GAIL), problem.solve(Algorithm.GAIL).primal_value
    few, many = (SampledSettings(iterations=count, max_kl=0.02, anneal_to=0.001) for count in (5, 20))
    excess = [
        matching.primal(occupancy_of(problem.mdp, exact_gail_policy(matching, one))) - best for one in (few, many)
    ]
    assert 0.0 <= excess[1] < 0.1 * excess[0]


def test_without_cost_a_step_makes_the_policy_more_random(problem):
    """The step adds lambda log pi to the cost: its return is -lambda times the causal entropy (Lemma A.1)."""
    matching = problem.matching(Algorithm.GAIL)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), problem.mdp.num_states)
    new = trust_region_step(matching, policy, np.zeros(policy.shape), 0.01)
    before, after = (causal_entropy(occupancy_of(problem.mdp, one)) for one in (policy, new))
    assert after > before + 0.01
